"""A ticket: for whom a run is, how long it may take, and whether it is still wanted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StoppedError(ValueError):
    """Whoever wanted the run has gone, or stopped it."""


class TooLateError(ValueError):
    """The run has had its time."""


class Ticket:
    """Every evaluation of a network is for one. May be used from any thread.

    visitor: whom it counts for, where several share. seconds: from now on. quick: for a single
    small evaluation, at which somebody looks while they move a slider. baton: of those runs of
    which only one computes at a time.
    """

    def __init__(
        self,
        visitor: str,
        seconds: float,
        quick: bool = False,
        baton: threading.Lock | None = None,
    ) -> None:
        self.visitor = visitor
        self._baton = baton or threading.Lock()
        self._holding = False
        self.quick = quick
        self.deadline = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._stopped = False
        self._callbacks: list[Callable[[], object]] = []

    @property
    def stopped(self) -> bool:
        return self._stopped

    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    def stop(self) -> None:
        """No more is wanted: whatever waits for this ticket is woken."""
        with self._lock:
            self._stopped = True
            callbacks, self._callbacks = self._callbacks, []
        for call in callbacks:
            call()

    def when_stopped(self, call: Callable[[], object]) -> Callable[[], None]:
        """Have it called at `stop`, at once if that was before; returns what takes this back."""
        with self._lock:
            if not self._stopped:
                self._callbacks.append(call)
                return lambda: self._forget(call)
        call()
        return lambda: None

    def _forget(self, call: Callable[[], object]) -> None:
        with self._lock:
            if call in self._callbacks:
                self._callbacks.remove(call)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """With the baton, once others have put it down."""
        with self._baton:
            self._holding = True
            try:
                yield
            finally:
                self._holding = False

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """For something else than a processor: who is `computing` puts the baton down meanwhile."""
        if not self._holding:
            yield
            return
        self._baton.release()
        try:
            yield
        finally:
            self._baton.acquire()

    def check(self) -> None:
        """Raises StoppedError or TooLateError."""
        if self._stopped:
            raise StoppedError("this run was stopped")
        if self.seconds_left() <= 0:
            raise TooLateError(
                "this took longer than one run may on this server; ask for fewer pictures or steps"
            )
