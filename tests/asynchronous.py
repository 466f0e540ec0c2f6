"""Async code in tests; browser tests leave an event loop running in the thread of all tests."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Made = TypeVar("Made")
PATIENCE = 60.0


def awaited(work: Coroutine[Any, Any, Made]) -> Made:
    """What it returns, or raises, in a thread and a loop of its own."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result(PATIENCE)
