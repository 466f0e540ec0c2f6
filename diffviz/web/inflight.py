"""What is being answered just now, streams among it: how much of that one address may have."""

from __future__ import annotations

from collections import Counter

from starlette.types import ASGIApp, Receive, Scope, Send

from diffviz.web.answers import RefusedError
from diffviz.web.clients import neighbourhood
from diffviz.web.routes import Kind

BUSY = (Kind.EVENT, Kind.UPLOAD)  # for which the server works until they are answered


class InFlight:
    """Behind a proxy all connections are the proxy's; so what counts is who asks.

    each: requests at once of one address. busy: those of them that may be events and uploads.
    """

    def __init__(self, app: ASGIApp, each: int, busy: int) -> None:
        self.app, self.each, self.busy = app, each, busy
        self._open: Counter[str] = Counter()
        self._working: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        client = neighbourhood(scope["client"][0])
        works = scope["state"]["route"].kind in BUSY
        if self._open[client] >= self.each or (works and self._working[client] >= self.busy):
            sentence = "This is much at once from your address; please close a page of it."
            raise RefusedError(429, "at once", sentence, {"Retry-After": "5"})
        counts = [self._open, self._working] if works else [self._open]
        for count in counts:
            count[client] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            for count in counts:
                count[client] -= 1
                if not count[client]:
                    del count[client]
