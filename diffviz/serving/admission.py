"""Who may run now, and who waits for it: a line in which everyone knows their place, and of which
each address has its share."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, cast

from diffviz.serving.ticket import Ticket
from diffviz.web.clients import CLIENT, neighbourhood

Part = TypeVar("Part")
Made = TypeVar("Made")
LOOK_SECONDS = 1.0  # between two looks at one's place in the line
LOOKS_UNTIL_TOLD = 4  # the same number again: only who is told something is known to be there


class BusyError(ValueError):
    """The line is full."""


class InLine(NamedTuple):
    """Not yet: one's number in the line; 1 is next."""

    number: int


@dataclass(eq=False)
class Waiting:
    client: str
    turn: asyncio.Event = field(default_factory=asyncio.Event)


class Admission:
    """So many runs at once, each with a thread that waits for its evaluations; the others wait in
    line, which costs no thread. For one event loop.

    places: runs at once. line: how many may wait. seconds: that a run may take once it is in.
    share: of the places, and of the line, the part that one address may have.
    """

    def __init__(self, places: int, line: int, seconds: float, share: float = 1.0) -> None:
        self.places = places
        self.line = line
        self.seconds = seconds
        self.share = share
        self.each = max(1, int(share * places))
        self.line_each = max(1, int(share * line))
        self._running: Counter[str] = Counter()  # by client
        self._line: list[Waiting] = []
        # Between two evaluations a run needs Python's lock some fifty times, for half a millisecond
        # in all. Fifty runs that wait for it together wake ten thousand times a second to ask.
        self._baton = threading.Lock()
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="run")

    @property
    def running(self) -> int:
        return self._running.total()

    @property
    def waiting(self) -> int:
        return len(self._line)

    async def queue(self) -> AsyncGenerator[int, None]:
        """Wait for a place, to be entered by `ticket`, with nothing awaited between the two.
        Meanwhile yields one's number in the line; 1 is next. Raises BusyError where it is full."""
        client = neighbourhood(CLIENT.get())
        if self._has_place(client):
            self._running[client] += 1
            return
        if len(self._line) >= self.line:
            raise BusyError(
                f"diffviz is busy: {self.running} runs are under way and {len(self._line)} "
                "visitors wait in line; please try again in a minute"
            )
        if sum(waiting.client == client for waiting in self._line) >= self.line_each:
            raise BusyError("many wait in line from your address; please try again in a minute")
        waiting, told, looks = Waiting(client), 0, 0
        turn = waiting.turn
        self._line.append(waiting)
        try:
            while not turn.is_set():
                number = self._line.index(waiting) + 1
                if number != told or looks % LOOKS_UNTIL_TOLD == 0:
                    told = number
                    yield number
                looks += 1
                try:
                    await asyncio.wait_for(turn.wait(), LOOK_SECONDS)
                except TimeoutError:
                    continue
        except BaseException:  # the visitor has gone
            if turn.is_set():
                self._leave(client)
            else:
                self._line.remove(waiting)
            raise

    @contextmanager
    def ticket(self, visitor: str) -> Iterator[Ticket]:
        """The ticket for the place that `queue` has found; it ends with the context."""
        client = neighbourhood(CLIENT.get())
        # Where strangers come, an address with many visits has no more of the networks than others.
        ticket = Ticket(visitor if self.share == 1 else client, self.seconds, baton=self._baton)
        try:
            yield ticket
        finally:
            ticket.stop()
            self._leave(client)

    async def parts(
        self, visitor: str, make: Callable[[Ticket], Iterator[Part]]
    ) -> AsyncGenerator[Part | InLine, None]:
        """What a visitor's run makes, part by part, after their numbers in the line: one run at a
        time, but while it waits for a network. Whoever stops listening is not held up by a part
        that is still being made. Raises BusyError."""
        async with aclosing(self.queue()) as numbers:
            async for number in numbers:
                yield InLine(number)
        with self.ticket(visitor) as ticket:
            made, end = make(ticket), object()

            def another() -> Any:
                with ticket.computing():
                    return next(made, end)

            while (part := await self._in_thread(another)) is not end:
                yield cast(Part, part)

    async def at_once(self, visitor: str, make: Callable[[Ticket], Made]) -> Made:
        """What a visitor's run makes, all at once. Raises BusyError."""
        async with aclosing(self.queue()) as numbers:
            async for _ in numbers:
                pass
        with self.ticket(visitor) as ticket:
            return await self._in_thread(make, ticket)

    async def _in_thread(self, call: Callable[..., Made], *arguments: Any) -> Made:
        return await asyncio.wrap_future(self._threads.submit(call, *arguments))

    def _has_place(self, client: str) -> bool:
        return self.running < self.places and self._running[client] < self.each

    def _leave(self, client: str) -> None:
        """The first in line whose address has not its share already has the place now."""
        self._running[client] -= 1
        self._running += Counter()  # drops the zeros
        for waiting in list(self._line):
            if self._has_place(waiting.client):
                self._line.remove(waiting)
                self._running[waiting.client] += 1
                waiting.turn.set()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
