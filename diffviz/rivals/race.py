"""The race: every rival, with every seed, on the same data, and looked at after each round."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Generator, Tensor

from diffviz.rivals.autoencoders import VAE, Autoencoder
from diffviz.rivals.contest import Contest
from diffviz.rivals.courses import Score
from diffviz.rivals.diffusion import Diffusion
from diffviz.rivals.gan import GAN
from diffviz.rivals.rival import Rival
from diffviz.rivals.settings import RIVALS, RaceSettings

MADE: dict[str, type[Rival]] = dict(zip(RIVALS, (Autoencoder, VAE, GAN, Diffusion), strict=True))


class Place(NamedTuple):
    """Where one rival with one seed stands after a round."""

    updates: int
    seconds: float
    score: Score


class Round(NamedTuple):
    """places: the first rival's with each seed, then the second's, …. clouds: (rivals, seeds,
    shown, …), made from the same noise after every round."""

    number: int
    places: list[Place]
    clouds: Tensor

    @property
    def numbers(self) -> tuple[float, ...]:
        """All of one place, then of the next."""
        return tuple(
            round(float(n), 4) for p in self.places for n in (p.updates, p.seconds, *p.score)
        )


class Race(Contest[Round]):
    """Raises ValueError, in a sentence, for settings that cannot be."""

    def __init__(self, settings: RaceSettings) -> None:
        settings.check()
        self.settings = settings
        self.course = settings.on()
        self.seeds = range(settings.seed, settings.seed + settings.seeds)
        every = [(MADE[name], seed) for name in settings.rivals for seed in self.seeds]
        self.rivals = [rival(self.course, settings, seed) for rival, seed in every]
        super().__init__(self.rivals, settings.budget()[1], settings.seconds)

    def look(self) -> Round:
        course, places, clouds = self.course, [], []
        for rival in self.rivals:
            made = rival.sample(course.points, Generator().manual_seed(self.settings.seed))
            places.append(Place(rival.updates, rival.seconds, course.score(made)))
            clouds.append(made[: course.shown])
        shape = len(self.settings.rivals), len(self.seeds), course.shown, *course.info.shape
        return Round(self.round, places, torch.stack(clouds).reshape(shape))
