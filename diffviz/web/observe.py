"""Each request gets an id, a line in the log, its place in the metrics, and an answer whatever
happens to it."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from diffviz.metrics import METRICS, Metrics
from diffviz.web.answers import RefusedError
from diffviz.web.clients import neighbourhood
from diffviz.web.logs import LOG, REQUEST_ID
from diffviz.web.routes import CLOSED, HEARTBEAT, Kind, Route

ID = re.compile(r"[\w-]{8,64}", re.ASCII)
# A client is known in the log by a hash with a key that is gone when the server ends: lines of one
# client can be told from others', and not be traced to anybody.
_KEY = secrets.token_bytes(16)


class Observe:
    """proxies: in front of the server; where there are, their X-Request-ID is kept. home: the
    page's path."""

    def __init__(self, app: ASGIApp, proxies: int, metrics: Metrics, home: str = "/") -> None:
        self.app = app
        self.home = home
        self.proxies = proxies
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        request = state["request_id"] = self._id(scope)
        REQUEST_ID.set(request)
        METRICS.set(self.metrics)
        started, status, length = time.perf_counter(), 0, 0

        async def counted(message: Message) -> None:
            nonlocal status, length
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request
                if _route(scope).name == HEARTBEAT:
                    self.metrics.pages_open.inc()
            length += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, counted)
        except RefusedError as refused:
            if not status:
                self.metrics.refused.labels(refused.reason).inc()
                await refused.response(scope, self.home)(scope, receive, counted)
        except ClientDisconnect:
            pass
        except Exception:
            self.metrics.errors.inc()
            LOG.exception("request failed")
            if status:
                raise  # half an answer is out: the connection must end
            text = f"Something went wrong here; its number is {request}."
            await JSONResponse({"detail": text}, 500)(scope, receive, counted)
        finally:
            seconds = time.perf_counter() - started
            route = _route(scope)
            if route.name == HEARTBEAT and status:
                self.metrics.pages_open.dec()
            self.metrics.requests.labels(route.name, str(status)).inc()
            if not route.stream:
                self.metrics.seconds.labels(route.name).observe(seconds)
            facts = {
                "method": scope["method"][:8],
                "route": route.name,
                "status": status,
                "ms": round(1000 * seconds, 1),
                "bytes": length,
                "client": _alias(state.get("client", "")),
            }
            # A page has a hundred parts, which say nothing while they are found.
            level = logging.DEBUG if route.kind is Kind.ASSET and status < 400 else logging.INFO
            LOG.log(level, "request", extra={"facts": facts})

    def _id(self, scope: Scope) -> str:
        told = Headers(scope=scope).get("x-request-id", "") if self.proxies else ""
        return told if ID.fullmatch(told) else secrets.token_hex(8)


def _route(scope: Scope) -> Route:
    route: Route | None = scope["state"].get("route")
    return route or CLOSED


def _alias(client: str) -> str:
    return hashlib.blake2b(neighbourhood(client).encode(), key=_KEY, digest_size=4).hexdigest()
