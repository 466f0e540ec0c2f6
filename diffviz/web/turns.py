"""What one address sends at once does not hold up the others."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

from starlette.types import ASGIApp, Receive, Scope, Send

from diffviz.web.clients import neighbourhood


class Turns:
    """Begins one request of an address in a turn of the event loop.

    All that came would otherwise begin in the same turn, during which nobody else is answered.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            client = neighbourhood(scope["client"][0])
            async with self._locks.setdefault(client, asyncio.Lock()):
                await asyncio.sleep(0)
        await self.app(scope, receive, send)
