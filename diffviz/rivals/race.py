"""The race: every rival, with every seed, on the same data, and looked at after each round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from diffviz.rivals.autoencoders import VAE, Autoencoder
from diffviz.rivals.courses import Score
from diffviz.rivals.diffusion import Diffusion
from diffviz.rivals.gan import GAN
from diffviz.rivals.rival import Rival
from diffviz.rivals.settings import RIVALS, RaceSettings

ROUNDS = 16  # ever longer ones, as clouds change ever more slowly
LOOK = 10  # updates between two chances to stop
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


class Race:
    """Raises ValueError, in a sentence, for settings that cannot be."""

    def __init__(self, settings: RaceSettings) -> None:
        settings.check()
        self.settings = settings
        self.course = settings.on()
        self.seeds = range(settings.seed, settings.seed + settings.seeds)
        self.lanes = [
            MADE[name](self.course, settings, seed)
            for name in settings.rivals
            for seed in self.seeds
        ]
        self.round = 0  # the next one to be run

    def fraction(self) -> float:
        """How much of the race is run, 0 to 1."""
        return sum(map(self._run, self.lanes)) / len(self.lanes)

    def seconds(self) -> float:
        """CPU seconds that all have learned for."""
        return sum(lane.seconds for lane in self.lanes)

    def _run(self, lane: Rival) -> float:
        """A lane's part of its budget."""
        if self.settings.seconds:
            return min(1.0, lane.seconds / self.settings.seconds)
        return min(1.0, lane.updates / self.settings.budget()[1])

    def run(self) -> Iterator[Round | None]:
        """From where it stands to the end. Yields what there is to be seen after each round, the
        first of which is before all learning, and None every LOOK updates of a lane, between which
        `state` is whole."""
        while self.round <= ROUNDS:
            mark = (self.round / ROUNDS) ** 2
            for lane in self.lanes:
                while self._run(lane) < mark:
                    for _ in range(LOOK):
                        if self._run(lane) < mark:
                            lane.step()
                    yield None
            seen = self.look()
            self.round += 1
            yield seen

    def look(self) -> Round:
        """What all lanes make, and what it is worth."""
        course, places, clouds = self.course, [], []
        for lane in self.lanes:
            made = lane.sample(course.points, Generator().manual_seed(self.settings.seed))
            places.append(Place(lane.updates, lane.seconds, course.score(made)))
            clouds.append(made[: course.shown])
        shape = len(self.settings.rivals), len(self.seeds), course.shown, *course.info.shape
        return Round(self.round, places, torch.stack(clouds).reshape(shape))

    def state(self) -> dict[str, Tensor]:
        """All that it goes on from, to the last bit."""
        tensors = {"round": torch.tensor(self.round)}
        for i, lane in enumerate(self.lanes):
            tensors |= {f"{i}.{name}": value.clone() for name, value in lane.state().items()}
        return tensors

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from `state()`. Raises ValueError where it is another race's."""
        try:
            for i, lane in enumerate(self.lanes):
                start = f"{i}."
                own = {k.removeprefix(start): v for k, v in tensors.items() if k.startswith(start)}
                lane.load_state(own)
            self.round = int(tensors["round"])
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"this is another race's state: {error}") from error
