"""Training an autoencoder, in whose latents denoisers then work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, cast

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from diffviz.autoencoders import Autoencoder, AutoencoderCard
from diffviz.data.base import DataSet
from diffviz.device import CPU, autocast, send
from diffviz.networks.autoencoder import AutoencoderConfig, KLAutoencoder
from diffviz.settings import Setting, Settings, declared
from diffviz.training.config import TrainConfig
from diffviz.training.learner import Learner

_OF_TRAINING = declared(TrainConfig)
MEASURED = 256  # pictures, for the scale of latents and the preview; of those held out at most
AT_ONCE = 16


class Autoencoding(Settings):
    """How an autoencoder is built and trained. Training ends at `images` or `hours`, whichever
    comes first; the learning rate falls to zero over it, along a cosine.

    The loss is the mean absolute error of pictures, `edges` times that of their differences from
    pixel to pixel, `squares` times the mean squared error, and `divergence` times the mean of
    KL(q(z|x) ‖ N(0, 1)) over a latent's numbers.
    """

    channels: Annotated[
        tuple[int, ...], Setting(help="The network's channels at each resolution, the finest first")
    ] = (48, 96)
    blocks: Annotated[
        tuple[int, ...], Setting(help="Residual blocks at each resolution, one more on the way up")
    ] = (1, 1)
    patch: Annotated[
        int, Setting(help="Side of the square folded into channels", minimum=1, maximum=8, step=1)
    ] = 4
    latent_channels: Annotated[
        int, Setting(help="Channels of a latent", minimum=1, maximum=64, step=1)
    ] = 8
    divergence: Annotated[
        float, Setting(help="Weight of the divergence from N(0, 1)", minimum=0, maximum=1)
    ] = 1e-4
    edges: Annotated[float, Setting(help="Weight of the error of edges", minimum=0, maximum=10)] = (
        1.0
    )
    squares: Annotated[
        float, Setting(help="Weight of the squared error", minimum=0, maximum=100)
    ] = 0.0
    batch: Annotated[int, _OF_TRAINING["batch"]] = 16
    images: Annotated[int, _OF_TRAINING["images"]] = 1_000_000
    hours: Annotated[float, _OF_TRAINING["hours"]] = 6.0
    learning_rate: Annotated[float, _OF_TRAINING["learning_rate"]] = 2e-3
    warmup_images: Annotated[int, _OF_TRAINING["warmup_images"]] = 2000
    ema_length: Annotated[float, _OF_TRAINING["ema_length"]] = 0.05
    seed: Annotated[int, _OF_TRAINING["seed"]] = 0

    def network(self, shape: tuple[int, ...]) -> AutoencoderConfig:
        """For pictures of a shape; raises ValueError, in a sentence, where there can be none."""
        config = AutoencoderConfig.parse(
            {
                "image_channels": shape[0],
                "latent_channels": self.latent_channels,
                "channels": self.channels,
                "blocks": self.blocks,
                "patch": self.patch,
            }
        )
        config.latent_shape(shape)
        return config


class AutoencoderLearner(Learner):
    """A learner of an autoencoder. held_out: pictures that it is measured on, and never learns."""

    def __init__(
        self,
        data: DataSet,
        settings: Autoencoding,
        held_out: Sequence[Tensor] = (),
        dtype: torch.dtype | None = None,
        device: torch.device = CPU,
    ) -> None:
        self.settings = settings
        self.shape = settings.network(data.info.shape)
        self.latent_shape = self.shape.latent_shape(data.info.shape)
        self.held_out = held_out
        super().__init__(data, self.shape.build, settings, dtype=dtype, device=device)

    def prepared(self, x0: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        eps = torch.randn(len(x0), *self.latent_shape, generator=self.generator)
        return send(x0, self.device), send(eps, self.device)

    def losses(self, *batch: Tensor) -> Tensor:
        x, eps = batch
        with autocast(self.device, self.dtype):
            decoded, mean, log_variance = self.twin(x, eps)
        return misfit(x, decoded.float(), self.settings) + (
            self.settings.divergence * divergence(mean.float(), log_variance.float())
        )

    @torch.no_grad()
    def autoencoder(self, name: str, command: str) -> Autoencoder:
        """The averaged network so far, measured, and its card. command: the one that trains it."""
        info = replace(self.data.info, slots=())
        network = cast(KLAutoencoder, self.ema.network)
        some = self.data.batch(MEASURED, Generator().manual_seed(self.settings.seed))[0]
        means = torch.cat(
            [network.encode(send(x, self.device))[0] for x in torch.split(some, AT_ONCE)]
        ).cpu()
        # A channel that is the same everywhere is left as it is.
        shift, scale = means.mean((0, 2, 3)), means.std((0, 2, 3)).clamp(min=1e-3)
        card = AutoencoderCard(
            name=name,
            network=self.shape,
            data=info,
            shift=tuple(shift.tolist()),
            scale=tuple(scale.tolist()),
            preview=((0.0,) * (len(shift) + 1),) * info.shape[0],
            images_seen=self.images,
            cpu_hours=round(self.cpu_hours, 6),
            training={
                **self.settings.model_dump(mode="json"),
                "wall_hours": round(self.hours, 4),
                "command": command,
            },
        )
        z = (means - shift[:, None, None]) / scale[:, None, None]
        card = replace(card, preview=fitted_preview(z, some))
        if self.held_out:
            card = replace(card, quality=measured(Autoencoder(card, network), self.held_out))
        return Autoencoder(card, network)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) ‖ N(0, 1)) of each sample, the mean over its numbers, (B,)."""
    each = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)
    return each.flatten(1).mean(1)


def misfit(x: Tensor, decoded: Tensor, settings: Autoencoding) -> Tensor:
    """The mean absolute error of each picture, (B,), and as much as the settings say of that of its
    differences from pixel to pixel, which are what makes an edge crisp, and of its square."""
    error = decoded - x

    def size(e: Tensor) -> Tensor:
        return e.abs().flatten(1).mean(1)

    edges = size(error.diff(dim=-1)) + size(error.diff(dim=-2))
    squares = error.square().flatten(1).mean(1)
    return size(error) + settings.edges * edges + settings.squares * squares


def psnr(x: Tensor, other: Tensor) -> Tensor:
    """Of each picture in −1..1, 10·log10(2² / mean squared error), in dB; (B,)."""
    return 10 * torch.log10(4 / F.mse_loss(other, x, reduction="none").flatten(1).mean(1))


def fitted_preview(z: Tensor, x: Tensor) -> tuple[tuple[float, ...], ...]:
    """The linear map from latents (B, k, h, w) to pictures (B, C, H, W) averaged down to h × w, by
    least squares: C rows of k weights and a constant."""
    small = F.adaptive_avg_pool2d(x, (z.shape[2], z.shape[3]))
    rows = F.pad(z.movedim(1, -1).flatten(0, -2), (0, 1), value=1.0)  # (Bhw, k + 1)
    weights = torch.linalg.lstsq(rows.double(), small.movedim(1, -1).flatten(0, -2).double())
    return tuple(tuple(row) for row in weights.solution.T.tolist())


@torch.no_grad()
def measured(autoencoder: Autoencoder, pictures: Sequence[Tensor]) -> dict[str, float]:
    """How near to pictures (C, H, W) those come that were encoded and decoded: PSNR in dB, the mean
    and the worst, of levels clipped to −1..1."""
    found = []
    for some in torch.split(torch.stack(list(pictures)), AT_ONCE):
        x = send(some, next(autoencoder.network.parameters()).device)
        found.append(psnr(x, autoencoder.decode(autoencoder.encode(x)).clamp(-1, 1)))
    values = torch.cat(found)
    return {
        "pictures": len(values),
        "psnr": round(values.mean().item(), 2),
        "psnr_worst": round(values.min().item(), 2),
    }
