"""Who may run now, and who waits for it: a line in which everyone knows their place."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager
from typing import Any, NamedTuple, TypeVar, cast

from diffviz.serving.ticket import Ticket

Part = TypeVar("Part")
Made = TypeVar("Made")
LOOK_SECONDS = 1.0  # between two looks at one's place in the line
LOOKS_UNTIL_TOLD = 4  # the same number again: only who is told something is known to be there


class BusyError(ValueError):
    """The line is full."""


class InLine(NamedTuple):
    """Not yet: one's number in the line; 1 is next."""

    number: int


class Admission:
    """So many runs at once, each with a thread that waits for its evaluations; the others wait in
    line, which costs no thread. For one event loop.

    places: runs at once. line: how many may wait. seconds: that a run may take once it is in.
    """

    def __init__(self, places: int, line: int, seconds: float) -> None:
        self.places = places
        self.line = line
        self.seconds = seconds
        self.running = 0
        self._line: list[asyncio.Event] = []
        # Between two evaluations a run needs Python's lock some fifty times, for half a millisecond
        # in all. Fifty runs that wait for it together wake ten thousand times a second to ask.
        self._baton = threading.Lock()
        self._threads = ThreadPoolExecutor(places, thread_name_prefix="run")

    @property
    def waiting(self) -> int:
        return len(self._line)

    async def queue(self) -> AsyncGenerator[int, None]:
        """Wait for a place, to be entered by `ticket`, with nothing awaited between the two.
        Meanwhile yields one's number in the line; 1 is next. Raises BusyError where it is full."""
        if self.running < self.places:
            self.running += 1
            return
        if len(self._line) >= self.line:
            raise BusyError(
                f"diffviz is busy: {self.running} runs are under way and {len(self._line)} "
                "visitors wait in line; please try again in a minute"
            )
        turn, told, looks = asyncio.Event(), 0, 0
        self._line.append(turn)
        try:
            while not turn.is_set():
                number = self._line.index(turn) + 1
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
                self._leave()
            else:
                self._line.remove(turn)
            raise

    @contextmanager
    def ticket(self, visitor: str) -> Iterator[Ticket]:
        """The ticket for the place that `queue` has found; it ends with the context."""
        ticket = Ticket(visitor, self.seconds, baton=self._baton)
        try:
            yield ticket
        finally:
            ticket.stop()
            self._leave()

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

    async def whole(self, visitor: str, make: Callable[[Ticket], Made]) -> Made:
        """What a visitor's run makes, all at once. Raises BusyError."""
        async with aclosing(self.queue()) as numbers:
            async for _ in numbers:
                pass
        with self.ticket(visitor) as ticket:
            return await self._in_thread(make, ticket)

    async def _in_thread(self, call: Callable[..., Made], *arguments: Any) -> Made:
        return await asyncio.wrap_future(self._threads.submit(call, *arguments))

    def _leave(self) -> None:
        """The first in line has the place now."""
        if self._line:
            self._line.pop(0).set()
        else:
            self.running -= 1

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
