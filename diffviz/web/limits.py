"""How often one client may ask: a bucket of tokens for each kind of route, refilled evenly."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping

from cachetools import TTLCache
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from diffviz.web.answers import RefusedError
from diffviz.web.clients import neighbourhood
from diffviz.web.routes import Kind

TOKEN_BYTES = 16 * 1024  # of an event, for each of which it costs one token more
CLIENTS = 10_000  # remembered; of more the one that was silent longest is forgotten


class Buckets:
    """A bucket for each client, full at first. size: tokens that it holds; seconds: in which an
    empty one is full again."""

    def __init__(
        self, size: int, seconds: float = 60, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.size, self.rate, self.clock = size, size / seconds, clock
        self._lock = threading.Lock()
        # Who was silent for so long has a full bucket again, and need not be remembered.
        self._buckets: TTLCache[str, tuple[float, float]] = TTLCache(CLIENTS, seconds, clock)

    def take(self, client: str, cost: float = 1) -> float:
        """0 when so many tokens were taken; else the seconds until there are as many. (What costs
        more than a bucket holds has to wait for a full one.)"""
        now = self.clock()
        with self._lock:
            left, then = self._buckets.get(client, (float(self.size), now))
            left = min(self.size, left + (now - then) * self.rate)
            cost = min(cost, self.size)
            wait = 0.0 if left >= cost else (cost - left) / self.rate
            self._buckets[client] = (left if wait else left - cost, now)
        return wait


class RateLimit:
    """Answers 429 to whoever asks too often. Kinds without buckets are not counted."""

    def __init__(self, app: ASGIApp, buckets: Mapping[Kind, Buckets]) -> None:
        self.app = app
        self.buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            kind = scope["state"]["route"].kind
            buckets = self.buckets.get(kind)
            cost = _cost(scope) if kind is Kind.EVENT else 1
            if buckets and (wait := buckets.take(neighbourhood(scope["client"][0]), cost)):
                seconds = math.ceil(wait)
                raise RefusedError(
                    429,
                    "rate",
                    f"That were many {kind.value} in a short time from your address; "
                    f"please try again in {seconds} s.",
                    {"Retry-After": str(seconds)},
                )
        await self.app(scope, receive, send)


def _cost(scope: Scope) -> float:
    """In tokens: what is long takes longer to look at."""
    said = Headers(scope=scope).get("content-length", "")
    return 1 + (int(said) // TOKEN_BYTES if said.isdecimal() else 0)
