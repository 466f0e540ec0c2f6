"""Whose turn it is, where visitors share what computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")
MOST_REMEMBERED = 1000
COMPANY = 8


class Waiting(NamedTuple, Generic[Item]):
    """What waits, in the order of its end."""

    end: float
    arrival: int
    start: float
    visitor: str
    item: Item
    cost: int


class FairQueue(Generic[Item]):
    """Weighted fair queueing with the clock of WF²Q+ (Bennett & Zhang 1997, eq. 27), all weights
    equal: each visitor gets the same share of what is computed, whatever the size of what they
    ask for.

    The clock tells how much each visitor would have had by now, were all served at once a little at
    a time. A request starts at its visitor's last one's end, or now for who has not asked lately,
    and ends its cost later; whichever ends first is next. So a small request of a newcomer passes
    large ones that have waited; but the clock goes on, and nobody waits for ever.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self._ends: dict[str, float] = {}
        self._waiting: list[Waiting[Item]] = []
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def cost(self) -> int:
        """Of all that waits."""
        return sum(entry.cost for entry in self._waiting)

    def put(self, visitor: str, item: Item, cost: int) -> None:
        start = max(self._now, self._ends.get(visitor, 0.0))
        self._ends[visitor] = start + cost
        self._arrivals += 1
        self._waiting.append(Waiting(start + cost, self._arrivals, start, visitor, item, cost))
        if len(self._ends) > MOST_REMEMBERED:  # an end that has passed says nothing
            self._ends = {v: end for v, end in self._ends.items() if end > self._now}

    def take(self, most: int, alike: Callable[[Item, Item], bool]) -> list[Item]:
        """The next item and what can go along with it: those after it, in their order, that are
        alike, until the costs exceed `most`, or COMPANY times the first one's, who is not to wait
        for much more than they asked for. The first one goes whatever it costs."""
        taken: list[Waiting[Item]] = []
        rest: list[Waiting[Item]] = []
        room, full = most, False
        for entry in sorted(self._waiting, key=lambda entry: entry[:2]):
            if taken and (full or entry.cost > room or not alike(taken[0].item, entry.item)):
                full = full or alike(taken[0].item, entry.item)  # a smaller one must not pass it
                rest.append(entry)
                continue
            room = (room if taken else min(most, COMPANY * entry.cost)) - entry.cost
            taken.append(entry)
        if taken:
            visitors = len({entry.visitor for entry in self._waiting})
            work = sum(entry.cost for entry in taken)
            earliest = min(entry.start for entry in self._waiting)
            self._now = max(self._now + work / visitors, earliest)
        self._waiting = rest
        return [entry.item for entry in taken]

    def remove(self, unwanted: Callable[[Item], bool]) -> list[Item]:
        """Take out, and return, what is not to be done any more."""
        removed = [entry.item for entry in self._waiting if unwanted(entry.item)]
        self._waiting = [entry for entry in self._waiting if not unwanted(entry.item)]
        return removed
