"""Who may run now, and who waits for it: a line in which everyone knows their place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import TypeVar

from diffviz.serving.ticket import Ticket

Part = TypeVar("Part")
LOOK_SECONDS = 1.0  # between two looks at one's place in the line


class BusyError(ValueError):
    """The line is full."""


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
        turn, told = asyncio.Event(), 0
        self._line.append(turn)
        try:
            while not turn.is_set():
                number = self._line.index(turn) + 1
                if number != told:
                    told = number
                    yield number
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
        ticket = Ticket(visitor, self.seconds)
        try:
            yield ticket
        finally:
            ticket.stop()
            self._leave()

    @asynccontextmanager
    async def admitted(self, visitor: str) -> AsyncIterator[Ticket]:
        """Both at once, for who need not know their number."""
        async with aclosing(self.queue()) as numbers:
            async for _ in numbers:
                pass
        with self.ticket(visitor) as ticket:
            yield ticket

    def _leave(self) -> None:
        """The first in line has the place now."""
        if self._line:
            self._line.pop(0).set()
        else:
            self.running -= 1

    async def each(self, parts: Iterator[Part]) -> AsyncGenerator[Part, None]:
        """The parts as they are made, in threads for those who were admitted. Whoever stops
        listening is not held up by a part that is still being made."""
        end = object()
        while True:
            part = await asyncio.wrap_future(self._threads.submit(next, parts, end))
            if part is end:
                return
            yield part  # type: ignore[misc]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
