"""The gate: which requests get in at all."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from diffviz.web.answers import RefusedError
from diffviz.web.names import FORMS, check, is_one_range
from diffviz.web.routes import find

MOST_QUERY = 2000  # bytes
QUERY = ("since", "session_hash", "upload_id")  # what the app is told of it; the rest is the page's
QUERY_CLOSED = "deep_link"  # saved states of the page: nothing here makes them


class Gate:
    """Lets in what is in the table of routes, by its method, and no other site's scripts.

    Sets state["route"] for what is inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            return  # none here speaks it
        if scope["type"] == "http":
            method = "GET" if scope["method"] == "HEAD" else scope["method"]
            routes = find(scope["path"])
            query = scope["query_string"]
            if not routes:
                raise RefusedError(404, "closed", "There is nothing at this address.")
            if len(query) > MOST_QUERY:
                raise RefusedError(414, "size", "This address is too long.")
            allowed = [route for route in routes if route.method == method]
            if not allowed:
                methods = {"Allow": ", ".join(route.method for route in routes)}
                raise RefusedError(405, "closed", "This address is asked otherwise.", methods)
            if method != "GET" and not same_site(scope):
                raise RefusedError(403, "origin", "Only this page's own scripts may do that.")
            scope["state"]["route"] = allowed[0]
            # With a slash at its end the app would send it elsewhere, to a host that it names.
            path = scope["path"].rstrip("/") or "/"
            scope = {
                **scope,
                "path": path,
                "raw_path": path.encode(),
                "query_string": checked_query(query),
                "headers": [h for h in scope["headers"] if not is_odd_range(*h)],
            }
        await self.app(scope, receive, send)


def checked_query(query: bytes) -> bytes:
    """What the app is told of a query; refuses one in which something is said twice, or has a form
    that nobody here gives it."""
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    names = [name for name, _ in pairs]
    if QUERY_CLOSED in names:
        raise RefusedError(404, "closed", "There is nothing at this address.")
    told = [pair for pair in pairs if pair[0] in QUERY]
    try:
        if len({name for name, _ in told}) < len(told):
            raise ValueError("something is said twice in this address")
        for name, value in pairs:
            if name in FORMS:
                check(name, value)
    except ValueError as error:
        sentence = str(error)
        raise RefusedError(400, "content", f"{sentence[:1].upper()}{sentence[1:]}.") from error
    return urlencode(told).encode()


def is_odd_range(name: bytes, value: bytes) -> bool:
    return name == b"range" and not is_one_range(value.decode("latin-1"))


def same_site(scope: Scope) -> bool:
    """Whether a request that does something comes from our page, or from no page at all.

    A browser says in Sec-Fetch-Site whose script asks, where the page is encrypted or local, and in
    Origin always; a program says neither.
    """
    headers = Headers(scope=scope)
    if site := headers.get("sec-fetch-site"):
        return site in ("same-origin", "none")
    if (origin := headers.get("origin")) is None:
        return True
    hosts = {headers.get("x-forwarded-host"), headers.get("host")} - {None}
    return origin.partition("://")[2] in hosts
