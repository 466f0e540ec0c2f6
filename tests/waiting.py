"""Waiting for what another thread, process or page does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 90.0  # seconds, far above what anything here takes, for busy machines

T = TypeVar("T")


def eventually(look: Callable[[], T], what: str = "what was waited for") -> T:
    """What `look` returns once it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}"
        time.sleep(0.05)
    return seen
