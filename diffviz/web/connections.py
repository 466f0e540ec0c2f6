"""Connections: how many there may be, and how slow they may be before a request has arrived."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from diffviz.metrics import Metrics
from diffviz.web.clients import neighbourhood

# For which a connection may be idle between two requests. Longer than the page's polls are apart,
# which a connection that closes at that moment would lose; and a proxy, which keeps its own for a
# minute (nginx's keepalive_timeout), must be the one that closes them.
VISITOR_SECONDS, PROXY_SECONDS = 20, 65


@dataclass
class Bounds:
    """all, each: connections at once, of everybody and of one address. seconds: for a request's
    headers to arrive, and for a client to take some of what it is sent."""

    all: int
    each: int
    seconds: float
    open: Counter[str] = field(default_factory=Counter)


class Deadline:
    """Calls `late` some seconds after its start, unless it is stopped; a second start is none."""

    def __init__(self, seconds: float, late: Callable[[], None]) -> None:
        self.seconds, self.late = seconds, late
        self.timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        if self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(self.seconds, self.late)

    def stop(self) -> None:
        if self.timer:
            self.timer.cancel()
            self.timer = None


def protocol(bounds: Bounds, metrics: Metrics) -> type[asyncio.Protocol]:
    """uvicorn's HTTP protocol within these bounds. (Bodies have a middleware of their own, and the
    wait between two requests uvicorn's `timeout_keep_alive`.)"""

    class Bounded(H11Protocol):
        reading: Deadline
        writing: Deadline
        peer: str | None = None  # None: not counted

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.reading = Deadline(bounds.seconds, self.give_up)
            self.writing = Deadline(bounds.seconds, self.give_up)
            peer = neighbourhood(self.client[0]) if self.client else ""
            if bounds.open.total() >= bounds.all or bounds.open[peer] >= bounds.each:
                metrics.refused.labels("connections").inc()
                transport.abort()
                return
            self.peer = peer
            bounds.open[peer] += 1
            metrics.connections.inc()
            self.reading.start()

        def connection_lost(self, exc: Exception | None) -> None:
            self.reading.stop()
            self.writing.stop()
            if self.peer is not None:
                bounds.open[self.peer] -= 1
                bounds.open += Counter()  # drops the zeros
                metrics.connections.dec()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            state = self.conn.their_state
            answered = self.cycle is not None and self.cycle.response_complete
            if state is h11.IDLE or (state is h11.SEND_BODY and answered):
                self.reading.start()
            else:
                self.reading.stop()

        def pause_writing(self) -> None:
            super().pause_writing()
            self.writing.start()

        def resume_writing(self) -> None:
            self.writing.stop()
            super().resume_writing()

        def give_up(self) -> None:
            metrics.refused.labels("slow").inc()
            self.transport.abort()

    return Bounded


def options(bounds: Bounds, metrics: Metrics, behind_proxy: bool) -> dict[str, Any]:
    """For `uvicorn.run`: this protocol, and nothing that it would believe or tell unasked."""
    return {
        "timeout_keep_alive": PROXY_SECONDS if behind_proxy else VISITOR_SECONDS,
        "http": protocol(bounds, metrics),
        "ws": "none",
        "proxy_headers": False,  # clients.Forwarded knows whom to believe
        "server_header": False,
        "access_log": False,  # observe.Observe has a better one
        "log_config": None,
        "h11_max_incomplete_event_size": 32 * 1024,
    }
