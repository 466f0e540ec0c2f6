"""How long the event loop does nothing for anybody but one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LOOK_SECONDS = 0.02  # a wakeup costs those whose run is at work, too


async def watch_pauses(
    observe: Callable[[float], object], observe_work: Callable[[float], object]
) -> None:
    """Have told, for ever, by how many seconds each turn of the loop is late, and how many seconds
    of its processor's time it took: on a busy machine it is late without having done anything."""
    clock = asyncio.get_running_loop().time
    while True:
        due, worked = clock() + LOOK_SECONDS, time.thread_time()
        await asyncio.sleep(LOOK_SECONDS)
        observe(max(0.0, clock() - due))
        observe_work(time.thread_time() - worked)
