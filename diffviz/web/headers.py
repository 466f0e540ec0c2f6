"""Headers: what the app is told of a request's, and what browsers are told of an answer."""

from __future__ import annotations

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
# What is no page is never one: not an upload that is opened in a tab of its own either.
NO_PAGE = "default-src 'none'; frame-ancestors 'none'; sandbox"


def page_policy(scripts: list[bytes], ancestors: str) -> str:
    """The content security policy of a page with these inline scripts."""
    hashes = "".join(
        f" 'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
        for script in scripts
    )
    rules = {
        "default-src": "'none'",
        # 'unsafe-eval': Gradio makes functions of the code of our live views and of `js=`, which
        # come as strings in its configuration.
        "script-src": f"'self' 'unsafe-eval'{hashes}",
        # 'unsafe-inline': Gradio puts its theme and our CSS into <style> elements, and its layout
        # into style attributes.
        "style-src": "'self' 'unsafe-inline'",
        # data: small pictures within the page; blob: what the page makes, and previews of uploads.
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": ancestors,
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


# What the app is told, and what it may answer: no name is in both, so that nothing comes back.
TOLD = frozenset(
    b"host x-forwarded-host x-forwarded-proto accept-encoding range if-range if-none-match"
    b" if-modified-since authorization x-owner".split()
)
TOLD_OF_BODIES = frozenset(b"content-type content-length transfer-encoding".split())  # of a POST
ANSWERED = frozenset(
    b"content-type content-length content-encoding content-disposition content-range"
    b" content-security-policy accept-ranges allow cache-control connection etag last-modified"
    b" retry-after vary".split()
)


class PlainRequests:
    """Tells the app of a request's headers those that it has a use for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            told = TOLD | TOLD_OF_BODIES if scope["method"] == "POST" else TOLD
            scope = {**scope, "headers": [h for h in scope["headers"] if h[0] in told]}
        await self.app(scope, receive, send)


class PlainAnswers:
    """Passes on of an answer's headers those that the app has a use for, each once."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def plain(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = {k.lower(): v for k, v in message.get("headers", ())}
                message["headers"] = [(k, v) for k, v in found.items() if k in ANSWERED]
            await send(message)

        await self.app(scope, receive, plain)


class SecurityHeaders:
    """Adds them to every answer; a page's own policy, set further inside, stays."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", NO_PAGE)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "same-origin"  # ?train=ID lets others watch
                headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
            await send(message)

        await self.app(scope, receive, with_headers)


class PagePolicy:
    """Gives each HTML page a policy that allows the inline scripts which it has, and no others.

    Must stand where answers are not yet compressed.
    """

    def __init__(self, app: ASGIApp, ancestors: str) -> None:
        self.app = app
        self.ancestors = ancestors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message | None = None
        parts: list[bytes] = []

        async def hold_back(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                if MutableHeaders(scope=message).get("content-type", "").startswith("text/html"):
                    start = message
                    return
            elif start:
                parts.append(message.get("body", b""))
                if message.get("more_body"):
                    return
                page = b"".join(parts)
                policy = page_policy(INLINE.findall(page), self.ancestors)
                MutableHeaders(scope=start)["Content-Security-Policy"] = policy
                await send(start)
                message = {"type": "http.response.body", "body": page}
            await send(message)

        await self.app(scope, receive, hold_back)
