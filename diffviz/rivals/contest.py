"""A contest: lanes that all learn for as long, and are looked at after each round."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from diffviz.rivals.rival import Lane
from diffviz.training.learner import with_prefix

ROUNDS = 12  # ever longer ones, as clouds change ever more slowly
LOOK = 10  # updates between two chances to stop


class Seen(Protocol):
    """What there is to be seen after a round: clouds, and numbers."""

    @property
    def number(self) -> int: ...

    @property
    def clouds(self) -> Tensor: ...

    @property
    def numbers(self) -> tuple[float, ...]: ...


S = TypeVar("S", bound=Seen, covariant=True)


class Contest(ABC, Generic[S]):
    """updates: of each lane; or where they are not 0 so many CPU seconds."""

    def __init__(self, lanes: Sequence[Lane], updates: int, seconds: float = 0) -> None:
        self.lanes = lanes
        self.updates = updates
        self.limit = seconds
        self.round = 0  # the next one to be run

    @abstractmethod
    def look(self) -> S:
        """What all lanes make, and what it is worth."""

    def fraction(self) -> float:
        """How much of it is run, 0 to 1."""
        return sum(map(self._run, self.lanes)) / len(self.lanes)

    def seconds(self) -> float:
        """CPU seconds that all have learned for."""
        return sum(lane.seconds for lane in self.lanes)

    def _run(self, lane: Lane) -> float:
        """A lane's part of its budget."""
        return min(1.0, lane.seconds / self.limit if self.limit else lane.updates / self.updates)

    def run(self) -> Iterator[S | None]:
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

    def state(self) -> dict[str, Tensor]:
        """All that it goes on from, to the last bit."""
        tensors = {"round": torch.tensor(self.round)}
        for i, lane in enumerate(self.lanes):
            tensors |= {f"{i}.{name}": value.clone() for name, value in lane.state().items()}
        return tensors

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from `state()`. Raises ValueError where it is another contest's."""
        try:
            for i, lane in enumerate(self.lanes):
                lane.load_state(with_prefix(tensors, f"{i}."))
            self.round = int(tensors["round"])
        except (KeyError, RuntimeError) as error:
            raise ValueError(f"this is another contest's state: {error}") from error
