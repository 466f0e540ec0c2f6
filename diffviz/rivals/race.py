"""The race: every rival, with every seed, on the same data."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor

from diffviz.rivals.autoencoders import VAE, Autoencoder
from diffviz.rivals.contest import ROUNDS, Contest
from diffviz.rivals.courses import Score
from diffviz.rivals.diffusion import Diffusion
from diffviz.rivals.gan import GAN
from diffviz.rivals.rival import Rival
from diffviz.rivals.settings import RIVALS, RaceSettings

FIELDS = ("updates", "seconds", *Score._fields)  # of a place
RULE = (
    "A run has collapsed when at its end fewer than half of the modes get a fifth of the samples "
    "that are their due, each sample counted for the mode nearest to it. A blur over all modes has "
    "not collapsed: it is astray."
)
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


def title(settings: RaceSettings) -> str:
    """What it is, in a few words."""
    return f"{settings.on().label} · {', '.join(RIVALS[name] for name in settings.rivals)}"


def describe(settings: RaceSettings) -> dict[str, Any]:
    """What a page must know of a race in order to draw it."""
    course = settings.on()
    weights, updates = settings.budget()
    return {
        "course": course.name,
        "label": course.label,
        "medium": course.info.medium,
        "rivals": [
            {"name": name, "label": RIVALS[name], "source": MADE[name].source}
            for name in settings.rivals
        ],
        "seeds": [*range(settings.seed, settings.seed + settings.seeds)],
        "weights": weights,
        "updates": updates,
        "seconds": settings.seconds,
        "said": settings.said(),
        "rounds": ROUNDS,
        "fields": FIELDS,
        "shape": (len(settings.rivals), settings.seeds, course.shown, *course.info.shape),
        "data": course.held_out[: course.shown].flatten().tolist()
        if course.info.medium == "points"
        else [],
        "modes": len(course.modes.shares),
        "fresh": course.score(course.fresh)._asdict(),
        "rule": RULE,
        "credit": f"{course.info.credit} ({course.info.licence})" if course.info.credit else "",
    }


def size(settings: RaceSettings) -> tuple[int, float, int, int]:
    """Weights of a lane, updates, samples of each, and lanes."""
    weights, updates = settings.budget()
    share = settings.critic_updates if "gan" in settings.rivals else 1
    return weights, updates * share, settings.batch, len(settings.rivals) * settings.seeds
