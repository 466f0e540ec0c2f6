"""How long the event loop does nothing for anybody but one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LOOK_SECONDS = 0.01


async def watch_pauses(observe: Callable[[float], object]) -> None:
    """Have each of the loop's turns that is late told, in seconds, for ever."""
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + LOOK_SECONDS
        await asyncio.sleep(LOOK_SECONDS)
        observe(max(0.0, clock() - due))
