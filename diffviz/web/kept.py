"""Answers that are the same for everyone, kept as they were first made: for each visitor Gradio
would write its page out anew, and read and compress a hundred modules, for half a second."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import brotli  # type: ignore[import-untyped]
from cachetools import LRUCache
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from diffviz.web.answers import RefusedError
from diffviz.web.clients import neighbourhood
from diffviz.web.limits import Buckets
from diffviz.web.routes import Kind, Route

MOST_BYTES = 16 * 2**20
TEXT = ("text/", "application/javascript", "application/json")
CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda body: bytes(brotli.compress(body, quality=5)),
    "gzip": gzip.compress,
}
ADDRESS = ("host", "x-forwarded-host", "x-forwarded-proto")  # of which a page writes its own
Key = tuple[str, str, tuple[tuple[bytes, bytes], ...]]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Kept:
    """Keeps the answers of routes that say how browsers are to cache them.

    What the app is told of such a request is the key under which its answer is kept, and nothing
    else, so that no visitor's headers find their way into what others get.
    """

    def __init__(
        self, app: ASGIApp, most_bytes: int = MOST_BYTES, makes: Buckets | None = None
    ) -> None:
        self.app = app
        self.makes = makes
        self._answers: LRUCache[Key, Answer] = LRUCache(most_bytes, lambda a: len(a.body))
        self._making: dict[Key, asyncio.Task[Answer]] = {}
        # One by one: many threads that make pages would keep the event loop from its turns.
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route: Route | None = scope.get("state", {}).get("route")
        if (
            scope["type"] != "http"
            or scope["method"] not in ("GET", "HEAD")
            or not (route and route.cache)
        ):
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        told = _told(asked, ADDRESS if route.kind is Kind.PAGE else ())
        key = scope["path"], scope["scheme"], told
        answer = self._answers.get(key)
        if answer is None:
            if route.kind is Kind.PAGE:
                self._count(scope)
            answer = await self._made(key, scope, told, route.cache)
        headers = list(answer.headers)  # others will add to them
        tag = Headers(raw=headers).get("etag", "none")
        has_it = asked.get("if-none-match", "").removeprefix("W/") == tag
        status, body = (304, b"") if has_it else (answer.status, answer.body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _count(self, scope: Scope) -> None:
        """A page is made for each name by which the server is asked, of which there are few."""
        wait = self.makes.take(neighbourhood(scope["client"][0])) if self.makes else 0
        if wait:
            sentence = "That were many names for one server; please try again in a minute."
            raise RefusedError(429, "rate", sentence, {"Retry-After": str(math.ceil(wait))})

    async def _made(
        self, key: Key, scope: Scope, told: tuple[tuple[bytes, bytes], ...], cache: str
    ) -> Answer:
        """Made once, for all who ask meanwhile, whoever of them goes away."""
        if key not in self._making:
            plain = {**scope, "method": "GET", "headers": list(told), "query_string": b""}
            making = self._making[key] = asyncio.create_task(self._make(plain, cache))
            making.add_done_callback(partial(self._end, key))
        return await asyncio.shield(self._making[key])

    def _end(self, key: Key, making: asyncio.Task[Answer]) -> None:
        del self._making[key]
        if making.cancelled() or making.exception() or making.result().status != 200:
            return
        if len(making.result().body) <= self._answers.maxsize:
            self._answers[key] = making.result()

    async def _make(self, scope: Scope, cache: str) -> Answer:
        start: Message = {}
        parts: list[bytes] = []

        async def take(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        async with self._turn:
            await self.app(scope, _no_body(), take)
        headers, body = MutableHeaders(raw=list(start["headers"])), b"".join(parts)
        if start["status"] == 200:
            coding = Headers(scope=scope)["accept-encoding"]
            plain = "content-encoding" not in headers
            if coding and plain and headers.get("content-type", "").startswith(TEXT):
                body = await asyncio.to_thread(CODINGS[coding], body)
                headers["Content-Encoding"] = coding
            headers["Content-Length"] = str(len(body))
            headers["ETag"] = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
            headers["Cache-Control"] = cache
            headers.add_vary_header("Accept-Encoding")
        return Answer(start["status"], tuple(headers.raw), body)


def _no_body() -> Receive:
    """A `receive` of somebody who says nothing, and stays."""
    left: Iterator[Message] = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        return next(left, None) or await asyncio.get_running_loop().create_future()

    return receive


def _told(asked: Headers, names: Iterable[str]) -> tuple[tuple[bytes, bytes], ...]:
    """Of a request's headers those of these names, and the best coding that it accepts."""
    told = [(name.encode(), asked[name].encode("latin-1")) for name in names if name in asked]
    wishes = asked.get("accept-encoding", "").split(",")
    accepted = {wish.partition(";")[0].strip() for wish in wishes}
    coding = next((coding for coding in CODINGS if coding in accepted), "")
    return (*told, (b"accept-encoding", coding.encode()))
