"""Diffusion among its rivals: the project's own training and sampler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn

from diffviz.denoisers.base import Denoiser
from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.networks.mlp import MLPConfig
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.rivals.courses import Course
from diffviz.rivals.rival import ALONE, Learner, Rival, width_for
from diffviz.rivals.settings import RaceSettings
from diffviz.samplers import sample
from diffviz.schedules import make_schedule
from diffviz.training.config import TrainConfig
from diffviz.training.learner import with_prefix
from diffviz.training.trainer import Trainer

SCHEDULE = "linear"  # Ho et al. 2020
ENDLESS = {"images": 10**9, "hours": 1000.0}


class Diffusion(Rival):
    """Predicts ε, levels drawn from the linear schedule, weights averaged (Ho et al. 2020), and
    sampled by DDIM (Song et al. 2021)."""

    title = "Diffusion"
    source = "Ho et al. 2020, sampled by DDIM (Song et al. 2021)"

    def __init__(self, course: Course, settings: RaceSettings, seed: int) -> None:
        super().__init__(course, settings, seed)
        weights, updates = settings.budget()

        def shape(width: int) -> MLPConfig:
            return MLPConfig(shape=course.info.shape, width=width)

        network = shape(width_for(weights, lambda width: shape(width).build()))
        ends = {"images": updates * settings.batch} if not settings.seconds else {}
        hours = {"hours": settings.seconds / 3600} if settings.seconds else {}
        config: dict[str, Any] = {**ENDLESS, **ends, **hours}
        self.config = TrainConfig(
            parametrization=settings.objective,
            levels=SCHEDULE,
            batch=settings.batch,
            learning_rate=settings.rate,
            warmup_images=1,
            seed=seed,
            **config,
        )
        self.trainer = Trainer(Batches(self), network, self.config, dtype=torch.float32)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return (self.trainer.network,)

    def learners(self) -> dict[str, Learner]:
        return {}

    def learn(self) -> dict[str, float]:
        self.trainer.hours = self.seconds / 3600  # by the race's clock
        return {"loss": self.trainer.step(ALONE).loss}

    def denoiser(self) -> Denoiser:
        return LearnedDenoiser(
            self.trainer.ema.network,
            PARAMETRIZATIONS[self.config.parametrization],
            self.course.info.sigma_data,
            *self.config.ratio_range,
        )

    def sample(self, count: int, generator: Generator) -> Tensor:
        schedule = make_schedule(SCHEDULE)

        def noise() -> Tensor:
            return torch.randn(count, *self.course.info.shape, generator=generator)

        *_, last = sample(self.denoiser(), schedule, schedule.grid(self.settings.steps), noise)
        return last.x

    def state(self) -> dict[str, Tensor]:
        trainer = {f"trainer.{name}": value for name, value in self.trainer.state().items()}
        return super().state() | trainer

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        super().load_state(tensors)
        self.trainer.load_state(with_prefix(tensors, "trainer."))


class Batches:
    """The rival's batches, as training asks for them: from the same stream as the others'."""

    def __init__(self, rival: Diffusion) -> None:
        self.rival = rival
        self.info = rival.course.info

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        return self.rival.data(), torch.zeros(size, 0, dtype=torch.int64)
