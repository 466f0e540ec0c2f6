"""The bodies of requests: how long they may be, how long they may take, and what JSON may hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from diffviz.web.answers import RefusedError
from diffviz.web.routes import Kind, Route

BYTES_A_SECOND = 16 * 1024  # that even a slow line carries
MOST_DEPTH, MOST_VALUES, MOST_TEXT = 12, 16_000, 64 * 1024
SHORT = 16 * 1024  # bytes of JSON that are looked at along with others' in one turn of the loop
MOST_NUMBER = 2**53  # of whole numbers: JavaScript knows no larger ones exactly
TOO_MANY = "These are more values than can be sent at once."
TOO_LONG = "This is more than can be sent at once."

Check = Callable[[Route, str, Any], None]


class Bodies:
    """Bounds each body by its route's kind; JSON is read whole and looked at before anybody acts
    on it.

    limits: bytes by kind; kinds without one have no body. seconds: that one may take, and a second
    more for every BYTES_A_SECOND. check(route, path, value): raises ValueError, in a sentence, for
    JSON that nobody here can use.
    """

    def __init__(
        self, app: ASGIApp, limits: Mapping[Kind, int], seconds: float, check: Check
    ) -> None:
        self.app, self.limits, self.seconds, self.check = app, limits, seconds, check
        self._long = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        route: Route = scope["state"]["route"]
        limit = self.limits.get(route.kind, 0) if scope["method"] == "POST" else 0
        _check_length(Headers(scope=scope), limit)
        if not limit:
            await self.app(scope, receive, send)
        elif route.kind is Kind.UPLOAD:
            await self._pass_on(_Bounded(receive, limit, self.seconds), scope, send)
        else:
            body = await _whole(_Bounded(receive, limit, self.seconds))
            if len(body) <= SHORT:
                self._look(body, route, scope["path"])
            else:  # others are answered between two long ones
                async with self._long:
                    await asyncio.sleep(0)  # before it: a refusal ends this at once
                    self._look(body, route, scope["path"])
            await self.app(scope, _again(body, receive), send)

    def _look(self, body: bytes, route: Route, path: str) -> None:
        """Refuse JSON that nobody here can use: first for what costs least to see."""
        try:
            if body.count(b",") + body.count(b":") > MOST_VALUES:
                raise ValueError(TOO_MANY)
            value = orjson.loads(body)
            _check_values(value)
            self.check(route, path, value)
        except ValueError as error:
            text = "This is no JSON." if isinstance(error, orjson.JSONDecodeError) else str(error)
            raise RefusedError(400, "content", text) from error

    async def _pass_on(self, bounded: _Bounded, scope: Scope, send: Send) -> None:
        """Let the app read a form on its own; its answer is sent once it is known that there is
        nothing wrong."""
        answer: list[Message] = []

        async def hold_back(message: Message) -> None:
            answer.append(message)

        try:
            await self.app(scope, bounded.form, hold_back)
        except (AttributeError, TypeError) as error:  # Gradio's words for a form without files
            raise RefusedError(400, "content", "This form holds no files.") from error
        if bounded.refused:
            raise bounded.refused
        for message in answer:
            await send(message)


class _Bounded:
    """An ASGI `receive` that ends what is too long or too slow."""

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self.receive, self.limit, self.seconds = receive, limit, seconds
        self.start, self.length, self.over = asyncio.get_running_loop().time(), 0, False
        self.refused: RefusedError | None = None

    async def __call__(self) -> Message:
        if self.over:
            return await self.receive()
        try:
            return await self._next()
        except RefusedError as refused:
            self.refused = refused
            raise

    async def form(self) -> Message:
        """The same, ending in the way after which Gradio deletes what it has of an upload."""
        try:
            message = await self()
        except RefusedError as error:
            raise MultiPartException(str(error)) from error
        if message["type"] == "http.disconnect" and not self.over:
            raise MultiPartException("The request was cut off.")
        return message

    async def _next(self) -> Message:
        end = self.start + self.seconds + self.length / BYTES_A_SECOND
        try:
            async with asyncio.timeout_at(end):
                message = await self.receive()
        except TimeoutError as error:
            close = {"Connection": "close"}
            raise RefusedError(408, "slow", "Your request took too long.", close) from error
        self.length += len(message.get("body", b""))
        if self.length > self.limit:
            raise RefusedError(413, "size", TOO_LONG, {"Connection": "close"})
        if message["type"] == "http.disconnect":
            return message
        self.over = not message.get("more_body", False)
        return message


def _check_length(headers: Headers, limit: int) -> None:
    """Refuse at once what says itself that it is too long."""
    said = headers.get("content-length", "0")
    if not said.isdecimal() or int(said) > limit:
        raise RefusedError(413, "size", TOO_LONG, {"Connection": "close"})
    if not limit and "transfer-encoding" in headers:
        raise RefusedError(413, "size", TOO_LONG, {"Connection": "close"})


async def _whole(receive: _Bounded) -> bytes:
    parts: list[bytes] = []
    while not receive.over:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError(400, "content", "The request was cut off.")
        parts.append(message.get("body", b""))
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body, and after it what comes of the connection."""
    left: Iterator[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def read() -> Message:
        return next(left, None) or await receive()

    return read


def _check_values(value: Any) -> None:
    """Raises ValueError for JSON that is deeper, longer or larger than anything the page sends.
    (There is no NaN and no infinity in it: the reader knows none.)"""
    level, seen = [value], 0
    for _ in range(MOST_DEPTH + 1):
        inner: list[Any] = []
        for one in level:
            kind = type(one)
            if kind is dict:
                inner += one
                inner += one.values()
            elif kind is list:
                inner += one
            elif kind is str and len(one) > MOST_TEXT:
                raise ValueError(f"A text has at most {MOST_TEXT:,} letters.")
            elif kind is int and abs(one) > MOST_NUMBER:
                raise ValueError("A whole number here is too large.")
        seen += len(inner)
        if seen > MOST_VALUES:
            break
        if not inner:
            return
        level = inner
    raise ValueError(TOO_MANY)
