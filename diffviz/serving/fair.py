"""Whose turn it is, where visitors share what computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")
MOST_REMEMBERED = 1000


class FairQueue(Generic[Item]):
    """Self-clocked fair queueing (Golestani 1994): each visitor gets the same share of what is
    computed, whatever the size of what they ask for.

    A request is to end its cost after its visitor's last one, or after the clock's present time for
    who has not asked lately; whichever is to end first is next, and sets the clock. So a small
    request of a newcomer passes a large one, but the clock goes on with everything that is served,
    and in the end passes what waits, so that nobody waits for ever.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._ends: dict[str, float] = {}
        self._waiting: list[tuple[float, int, Item, int]] = []  # end, arrival, item, cost
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Item]:
        """What waits, the next one first."""
        return (item for _, _, item, _ in sorted(self._waiting, key=lambda entry: entry[:2]))

    def put(self, visitor: str, item: Item, cost: int) -> None:
        end = max(self._now, self._ends.get(visitor, 0.0)) + cost
        self._ends[visitor] = end
        self._arrivals += 1
        self._waiting.append((end, self._arrivals, item, cost))
        if len(self._ends) > MOST_REMEMBERED:  # an end that has passed says nothing
            self._ends = {v: end for v, end in self._ends.items() if end > self._now}

    def take(self, most: int, alike: Callable[[Item, Item], bool]) -> list[Item]:
        """The next item and what can go along with it: those after it, in their order, that are
        alike, until the costs exceed `most`. The first one goes whatever it costs."""
        taken: list[Item] = []
        rest: list[tuple[float, int, Item, int]] = []
        room, full = most, False
        for entry in sorted(self._waiting, key=lambda entry: entry[:2]):
            end, _, item, cost = entry
            if not taken:
                self._now = max(self._now, end)
            elif full or not alike(taken[0], item) or cost > room:
                full = full or alike(taken[0], item)  # a smaller one must not pass it
                rest.append(entry)
                continue
            taken.append(item)
            room -= cost
        self._waiting = rest
        return taken

    def remove(self, unwanted: Callable[[Item], bool]) -> list[Item]:
        """Take out, and return, what is not to be done any more."""
        removed = [item for _, _, item, _ in self._waiting if unwanted(item)]
        self._waiting = [entry for entry in self._waiting if not unwanted(entry[2])]
        return removed
