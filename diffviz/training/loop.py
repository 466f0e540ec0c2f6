"""The training loop: a generator that trains one denoiser and yields its progress."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import torch
from torch import Generator, Tensor

from diffviz.checkpoints import Card, Checkpoint
from diffviz.data.base import DataInfo, DataSet
from diffviz.denoisers import LearnedDenoiser
from diffviz.networks import UNet, UNetConfig
from diffviz.parametrization import PARAMETRIZATIONS, per_image
from diffviz.training.ema import PowerEMA

BOUNDS = {
    "batch": (1, 4096),
    "images": (1, 10**9),
    "hours": (1e-6, 1000),
    "learning_rate": (1e-6, 0.1),
    "warmup_images": (1, 10**7),
    "p_mean": (-5, 5),
    "p_std": (0.1, 5),
    "condition_dropout": (0, 1),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True)
class TrainConfig:
    """How to train. Training ends at `images` or `hours`, whichever comes first; the learning rate
    falls to zero over it, along a cosine."""

    parametrization: str = "edm"
    batch: int = 128
    images: int = 3_000_000
    hours: float = 3.0
    learning_rate: float = 2e-3
    warmup_images: int = 20_000
    # log(σ/α) ~ N(p_mean, p_std²), as in Karras et al. 2022, table 1, but wider: pixels of grey
    # clothes are far apart, and some schedules start from far more noise than EDM's.
    p_mean: float = -0.8
    p_std: float = 1.4
    condition_dropout: float = 0.1
    seed: int = 0

    def check(self) -> None:
        """Raises ValueError, in a sentence, for what is unknown or out of bounds."""
        if self.parametrization not in PARAMETRIZATIONS:
            raise ValueError(
                f"unknown parametrization {self.parametrization!r}; "
                f"choose from {', '.join(PARAMETRIZATIONS)}"
            )
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            if not low <= value <= high:  # NaN fails this too
                raise ValueError(f"{name} must be from {low:g} to {high:g}, not {value:g}")

    @property
    def ratio_range(self) -> tuple[float, float]:
        """Between which values of σ/α 99.8 % of training lies."""
        return math.exp(self.p_mean - 3.1 * self.p_std), math.exp(self.p_mean + 3.1 * self.p_std)


@dataclass(frozen=True)
class Progress:
    """Where training stands: what was seen in this run and before it, and the last step's loss."""

    images: int
    hours: float
    fraction: float
    loss: float


def network_for(info: DataInfo) -> UNetConfig:
    """The shape of the network that suits a data set."""
    return UNetConfig(
        image_size=info.image_size,
        image_channels=info.image_channels,
        slots=tuple(len(slot.values) for slot in info.slots),
    )


class Trainer:
    """A network, its optimiser and its average; `state` and `load_state` carry it over a stop.

    weights: those to start from, instead of random ones; a conditioning slot whose vocabulary has
    another size starts anew. Raises ValueError where they are another network's.
    """

    def __init__(
        self,
        data: DataSet,
        network: UNetConfig,
        config: TrainConfig,
        weights: Mapping[str, Tensor] | None = None,
    ) -> None:
        config.check()
        torch.manual_seed(config.seed)  # nn.Module's initialisation knows no other generator
        self.data = data
        self.config = config
        self.network = UNet(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if weights is not None:
            fine_tune(self.network, weights)
        self.ema = PowerEMA(self.network)
        self.denoiser = LearnedDenoiser(
            self.network,
            PARAMETRIZATIONS[config.parametrization],
            data.info.sigma_data,
        )
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), config.learning_rate, betas=(0.9, 0.99), fused=True
        )
        self.generator = Generator().manual_seed(config.seed)
        self.images = 0
        self.hours = 0.0
        self.cpu_hours = 0.0

    def loss(self, x0: Tensor, condition: Tensor) -> Tensor:
        """The mean squared error of the network's output, at one random noise level a picture.

        The levels are stratified: picture i of n draws from the i-th n-th of the distribution,
        which lowers the variance of the gradient (Kingma et al. 2021, appendix I.1).
        """
        n = len(x0)
        quantile = (
            torch.arange(n) + torch.rand(n, generator=self.generator, dtype=torch.float64)
        ) / n
        normal = math.sqrt(2) * torch.erfinv(2 * quantile - 1)
        sigma = torch.exp(self.config.p_mean + self.config.p_std * normal)
        alpha = torch.ones_like(sigma)
        eps = torch.randn(x0.shape, generator=self.generator)
        x = x0 + per_image(sigma, x0) * eps
        keep = torch.rand(n, 1, generator=self.generator) >= self.config.condition_dropout
        with torch.autocast("cpu", torch.bfloat16):
            output = self.denoiser.output(x, alpha, sigma, condition * keep)
        target = self.denoiser.parametrization.target(
            x0, eps, alpha, sigma, self.denoiser.sigma_data
        )
        return (output.float() - target).square().mean()

    def fraction(self) -> float:
        """How much of the training is done, 0 to 1."""
        return min(1.0, max(self.images / self.config.images, self.hours / self.config.hours))

    def learning_rate(self) -> float:
        warmup = min(1.0, (self.images + 1) / self.config.warmup_images)
        return self.config.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * self.fraction()))

    def steps(self) -> Iterator[Progress]:
        """Train to the end, one optimiser step at a time."""
        while self.fraction() < 1:
            started, cpu = time.monotonic(), time.process_time()
            x0, condition = self.data.batch(self.config.batch, self.generator)
            for group in self.optimizer.param_groups:
                group["lr"] = self.learning_rate()
            loss = self.loss(x0, condition)
            if not torch.isfinite(loss):
                raise ValueError("training has diverged: lower the learning rate")
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimizer.step()
            self.ema.update(self.network)
            self.images += len(x0)
            self.hours += (time.monotonic() - started) / 3600
            self.cpu_hours += (time.process_time() - cpu) / 3600
            yield Progress(self.images, self.hours, self.fraction(), loss.item())

    def state(self) -> dict[str, Tensor]:
        """All that training goes on from, as named tensors; with one thread, to the last bit."""
        tensors = {"generator": self.generator.get_state()}
        for part, network in (("network", self.network), ("ema", self.ema.network)):
            tensors |= {f"{part}.{name}": value for name, value in network.state_dict().items()}
        for name, parameter in self.network.named_parameters():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"optimizer.{key}.{name}"] = value
        for name, number in (("updates", self.ema.updates), ("images", self.images)):
            tensors[name] = torch.tensor(number)
        for name, hours in (("hours", self.hours), ("cpu_hours", self.cpu_hours)):
            tensors[name] = torch.tensor(hours, dtype=torch.float64)
        return tensors

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from `state()`. Raises ValueError where it is not this network's."""
        try:
            for part, network in (("network.", self.network), ("ema.", self.ema.network)):
                network.load_state_dict(with_prefix(tensors, part))
            for key in ("step", "exp_avg", "exp_avg_sq"):
                for name, value in with_prefix(tensors, f"optimizer.{key}.").items():
                    parameter = self.network.get_parameter(name)
                    like = parameter if value.dim() else value  # of the same memory format
                    copied = torch.empty_like(like, requires_grad=False).copy_(value)
                    self.optimizer.state[parameter][key] = copied
            self.generator.set_state(tensors["generator"])
            self.ema.updates, self.images = int(tensors["updates"]), int(tensors["images"])
            self.hours, self.cpu_hours = float(tensors["hours"]), float(tensors["cpu_hours"])
        except (KeyError, AttributeError, RuntimeError) as error:
            raise ValueError(f"this is another training's state: {error}") from error

    def checkpoint(self, name: str, command: str) -> Checkpoint:
        """The averaged network so far and its card. command: the one that trains it."""
        config = self.config
        card = Card(
            name=name,
            network=self.network.config,
            parametrization=config.parametrization,
            data=self.data.info,
            ratio_range=config.ratio_range,
            images_seen=self.images,
            cpu_hours=round(self.cpu_hours, 6),
            training={**asdict(config), "wall_hours": round(self.hours, 4), "command": command},
        )
        return Checkpoint(card, self.ema.network)


def with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those whose names begin so, by the rest of their names."""
    return {n.removeprefix(prefix): value for n, value in tensors.items() if n.startswith(prefix)}


def fine_tune(network: UNet, weights: Mapping[str, Tensor]) -> None:
    """Give the network another one's weights, except those of slots of another size."""
    own = network.state_dict()
    fitting = {
        name: weights[name]
        for name, value in own.items()
        if name in weights and weights[name].shape == value.shape
    }
    if other := [name for name in own if name not in fitting and not name.startswith("slots.")]:
        raise ValueError(f"those weights are of a network of another shape, in {other[0]}")
    network.load_state_dict(fitting, strict=False)
