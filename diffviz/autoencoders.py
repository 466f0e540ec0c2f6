"""Autoencoders: NAME.safetensors (averaged weights, float16) and a card, NAME.json, beside each."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from diffviz.data.base import DataInfo
from diffviz.data.source import DataSource
from diffviz.media.latent import shown_as
from diffviz.media.medium import Medium
from diffviz.media.registry import medium_of
from diffviz.networks.autoencoder import AutoencoderConfig, KLAutoencoder
from diffviz.networks.files import load_weights, read_fields, save_fields, save_weights
from diffviz.storage import bundled_folder

if TYPE_CHECKING:
    from diffviz.samplers import Step

FOLDER = bundled_folder() / "autoencoders"


@dataclass(frozen=True)
class AutoencoderCard:
    """What an autoencoder is, what it was trained on, and how good it was measured to be.

    shift, scale: mean and standard deviation of each latent channel over the data, by which latents
    are brought to zero mean and unit variance. preview: of each channel of a picture, the weights
    of the latent's channels and a constant, fitted to pictures averaged down to a latent's size.
    """

    name: str
    network: AutoencoderConfig
    data: DataInfo  # of the pictures
    shift: tuple[float, ...]
    scale: tuple[float, ...]
    preview: tuple[tuple[float, ...], ...]
    images_seen: int
    cpu_hours: float
    training: dict[str, Any] = field(default_factory=dict)  # settings, and the command that trains
    quality: dict[str, Any] = field(default_factory=dict)  # figures, and the command that measures

    @property
    def latents(self) -> DataInfo:
        """What its latents of that data are."""
        data = self.data
        return DataInfo(
            name=data.name,
            shape=self.network.latent_shape(data.shape),
            sigma_data=1.0,
            slots=data.slots,
            licence=data.licence,
            credit=data.credit,
            medium="latent",
            autoencoder=self.name,
        )


@dataclass(frozen=True)
class Autoencoder:
    """x: pictures (B, C, H, W) in −1..1; z: latents (B, channels, h, w) of unit variance. What
    comes of either is where that was, wherever the network is."""

    card: AutoencoderCard
    network: KLAutoencoder

    def encode(self, x: Tensor) -> Tensor:
        """The means of the latents of pictures."""
        mean = self.network.encode(x.to(self.device))[0].to(x.device)
        return (mean - _column(self.card.shift, x)) / _column(self.card.scale, x)

    def decode(self, z: Tensor) -> Tensor:
        """The pictures of latents."""
        scaled = z * _column(self.card.scale, z) + _column(self.card.shift, z)
        return self.network.decode(scaled.to(self.device)).to(z.device)

    def enlarged_preview(self, z: Tensor) -> Tensor:
        """The same as large as the pictures, (B, C, H, W): bilinear between its pixels."""
        sides = [side * self.card.network.factor for side in z.shape[-2:]]
        large: Tensor = F.interpolate(self.preview(z), sides, mode="bilinear")
        return large

    @torch.no_grad()
    def seen(self, step: Step) -> Step:
        """A step of latents as one of pictures: x̂0 and a result decoded, the rest as previewed."""
        x0 = self.decode(step.x0)
        x = x0 if step.sigma == 0 else self.enlarged_preview(step.x)
        return step._replace(x=x, x0=x0, eps=self.enlarged_preview(step.eps))

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    def preview(self, z: Tensor) -> Tensor:
        """What a linear map makes of latents: (B, C, h, w), as small as they are."""
        table = torch.tensor(self.card.preview, dtype=z.dtype, device=z.device)  # (C, k + 1)
        return F.conv2d(z, table[:, :-1, None, None], table[:, -1])

    @cached_property
    def medium(self) -> Medium:
        """Latents, shown decoded; of a run's frames, which carry them, a page paints previews."""

        @torch.no_grad()
        def picture(z: Tensor) -> Tensor:
            return self.decode(z.float())

        return shown_as(picture, self.card.preview)


def _column(values: tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=like.dtype).to(like.device).reshape(1, -1, 1, 1)


def save_autoencoder(autoencoder: Autoencoder, folder: Path = FOLDER) -> Path:
    """Write both files, the weights first, each whole or not at all. Returns the weights' path."""
    card = autoencoder.card
    path = folder / f"{card.name}.safetensors"
    save_weights(autoencoder.network, path)
    save_fields(asdict(card), folder / f"{card.name}.json")
    return path


def autoencoder_names(folder: Path = FOLDER) -> list[str]:
    """The names of the autoencoders in the folder."""
    return sorted(p.stem for p in folder.glob("*.safetensors") if p.with_suffix(".json").exists())


def is_ready(source: DataSource) -> bool:
    """Whether denoisers of it can be trained: where they need an autoencoder, it is there."""
    return not source.autoencoder or source.autoencoder in autoencoder_names()


def load_autoencoder(name: str, folder: Path = FOLDER) -> Autoencoder:
    """The autoencoder of that name, ready to run: float32, channels_last, no gradients.

    Raises ValueError, naming those that there are, or saying what is wrong with the files.
    """
    if name not in (known := autoencoder_names(folder)):
        there = ", ".join(known) or "none yet: `python -m diffviz autoencode` trains one"
        raise ValueError(f"unknown autoencoder {name!r}; choose from {there}")
    card = read_autoencoder_card(folder / f"{name}.json")
    try:
        network = load_weights(card.network, folder / f"{name}.safetensors")
    except ValueError as error:
        raise ValueError(
            f"the weights of autoencoder {name!r} do not fit its card: {error}"
        ) from error
    return Autoencoder(card, cast(KLAutoencoder, network))


def medium_shown(info: DataInfo) -> Medium:
    """What samples of that data are, and how they are shown: latents, by their autoencoder, which
    is loaded once. Raises ValueError where that is not there, and as `medium_of` does."""
    return autoencoder_of(info).medium if info.autoencoder else medium_of(info)


def autoencoder_of(info: DataInfo) -> Autoencoder:
    """The autoencoder behind latents of that data, loaded once. Raises ValueError for samples that
    are no latents, and where it is not there."""
    if not info.autoencoder:
        raise ValueError(f"this denoiser works on {medium_of(info).plural}, not on their latents")
    return _loaded(info.autoencoder)


def pictures_shape(info: DataInfo) -> tuple[int, ...]:
    """Of what people see of samples of that data: of the pictures behind latents. Raises ValueError
    where their autoencoder is not there."""
    return autoencoder_of(info).card.data.shape if info.autoencoder else info.shape


@lru_cache(4)
def _loaded(name: str) -> Autoencoder:
    return load_autoencoder(name)


def read_autoencoder_card(path: Path) -> AutoencoderCard:
    """A card from its file; raises ValueError where it is not one."""
    try:
        fields = read_fields(path)
        network = AutoencoderConfig.parse(fields.pop("network"))
        data = DataInfo.from_card(fields.pop("data"))
        network.latent_shape(data.shape)
        shift, scale = (tuple(map(float, fields.pop(name))) for name in ("shift", "scale"))
        preview = tuple(tuple(map(float, row)) for row in fields.pop("preview"))
        channels = network.latent_channels
        if (len(shift), len(scale)) != (channels, channels) or not all(
            math.isfinite(a) and 0 < b < math.inf for a, b in zip(shift, scale, strict=True)
        ):
            raise ValueError(f"latents of {channels} channels are scaled by {shift} and {scale}")
        if [len(row) for row in preview] != [channels + 1] * network.image_channels:
            raise ValueError("its preview is not one of such latents")
        return AutoencoderCard(
            network=network, data=data, shift=shift, scale=scale, preview=preview, **fields
        )
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} is not an autoencoder's card: {error}") from error
