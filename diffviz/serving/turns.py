"""Turns: so many at once of what takes a moment, for which the others wait a moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """seconds: that one waits for a turn at most."""

    def __init__(self, at_once: int, seconds: float) -> None:
        self.seconds = seconds
        self._free = threading.BoundedSemaphore(at_once)

    @contextmanager
    def turn(self, busy: str) -> Iterator[None]:
        """Raises ValueError with the sentence `busy` where none comes."""
        if not self._free.acquire(timeout=self.seconds):
            raise ValueError(busy)
        try:
            yield
        finally:
            self._free.release()
