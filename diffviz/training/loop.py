"""The training loop: a generator that trains one denoiser and yields its progress."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor

from diffviz.data.base import DataSet
from diffviz.denoisers import LearnedDenoiser
from diffviz.networks import UNet, UNetConfig
from diffviz.parametrization import PARAMETRIZATIONS, per_image
from diffviz.training.ema import PowerEMA


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


class Trainer:
    """A network, its optimiser and its average; `state` and `load_state` carry all of it over a stop."""

    def __init__(self, data: DataSet, network: UNetConfig, config: TrainConfig) -> None:
        torch.manual_seed(config.seed)  # nn.Module's initialisation knows no other generator
        self.data = data
        self.config = config
        self.network = UNet(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
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

    def loss(self, x0: Tensor, condition: Tensor) -> Tensor:
        """The mean squared error of the network's output, at one random noise level a picture.

        The levels are stratified: picture i of n draws from the i-th n-th of the distribution,
        which lowers the variance of the gradient (Kingma et al. 2021, appendix I.1).
        """
        n = len(x0)
        quantile = (torch.arange(n) + torch.rand(n, generator=self.generator).double()) / n
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
            started = time.monotonic()
            x0, condition = self.data.batch(self.config.batch, self.generator)
            for group in self.optimizer.param_groups:
                group["lr"] = self.learning_rate()
            loss = self.loss(x0, condition)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimizer.step()
            self.ema.update(self.network)
            self.images += len(x0)
            self.hours += (time.monotonic() - started) / 3600
            yield Progress(self.images, self.hours, self.fraction(), loss.item())
