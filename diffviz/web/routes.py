"""The addresses that there are. Whatever else Gradio mounts (monitoring, OpenAPI, a proxy for
outside files, recordings, deep links, its developers' routes) is closed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from diffviz.web.names import FORMS


class Kind(Enum):
    """What it costs to answer, and so how often one address may ask."""

    ASSET = "assets"  # the same for all, cheap, cached by browsers: never counted
    PAGE = "pages"
    EVENT = "events"
    POLL = "polls"
    UPLOAD = "uploads"


@dataclass(frozen=True)
class Route:
    """name: for logs and metrics, which are told no more of an address. stream: whether its answer
    goes on for as long as somebody listens. cache: of what is the same for everyone, the
    Cache-Control that browsers are told."""

    name: str
    kind: Kind
    pattern: re.Pattern[str]
    method: str = "GET"
    stream: bool = False
    cache: str = ""


FOREVER = "public, max-age=31536000, immutable"  # its name changes with what is in it
PART = r"[\w.~@+-]{1,200}"  # of the path of one of our own files
ASK_FIRST = "no-cache"  # whether it is still the same: a new version must not meet old modules


def _route(
    name: str, kind: Kind, method: str = "GET", stream: bool = False, cache: str = ""
) -> Route:
    """{…} in the name is a part of the path, of the form that has its name where there is one;
    {…:path} any rest of it."""

    def form(found: re.Match[str]) -> str:
        if found[2]:
            return f"{PART}(?:/{PART}){{0,9}}"
        return f"(?:{FORMS[found[1]].pattern})" if found[1] in FORMS else PART

    pattern = re.sub(r"\\\{(\w+)(:path)?\\\}", form, re.escape(name))
    return Route(name, kind, re.compile(pattern, re.ASCII), method, stream, cache)


G = "/gradio_api"
ROUTES: Sequence[Route] = (
    _route("/healthz", Kind.ASSET),
    _route("/metrics", Kind.ASSET),
    _route("/", Kind.PAGE, cache=ASK_FIRST),
    _route("/config", Kind.PAGE, cache=ASK_FIRST),
    _route(f"{G}/info", Kind.PAGE, cache=ASK_FIRST),
    _route("/live/{folder}/{file}", Kind.ASSET, cache=ASK_FIRST),
    _route("/live/{folder}/{inner}/{file}", Kind.ASSET, cache=ASK_FIRST),
    _route("/assets/{file:path}", Kind.ASSET, cache=FOREVER),
    _route("/static/{file:path}", Kind.ASSET, cache=ASK_FIRST),
    _route("/theme.css", Kind.ASSET, cache=ASK_FIRST),
    _route("/favicon.ico", Kind.ASSET),
    _route("/manifest.json", Kind.ASSET),
    _route("/pwa_icon", Kind.ASSET),
    _route("/pwa_icon/{size}", Kind.ASSET),
    _route("/robots.txt", Kind.ASSET),
    _route(f"{G}/startup-events", Kind.ASSET),
    _route(f"{G}/app_id", Kind.ASSET),
    _route("/train/{job}", Kind.POLL),
    _route("/train/{job}/sheets/{images}", Kind.POLL),
    _route("/train/{job}/denoiser.zip", Kind.EVENT),
    # A file of Gradio's own folders; not of an outside host, whose address would have "://" in it.
    Route(f"{G}/file={{path}}", Kind.POLL, re.compile(rf"{G}/file=(?!https?:).+")),
    _route(f"{G}/queue/join", Kind.EVENT, "POST"),
    _route(f"{G}/call/{{name}}", Kind.EVENT, "POST"),
    _route(f"{G}/component_server", Kind.EVENT, "POST"),
    _route(f"{G}/cancel", Kind.EVENT, "POST"),
    _route(f"{G}/reset", Kind.EVENT, "POST"),
    _route(f"{G}/upload", Kind.UPLOAD, "POST"),
    _route(f"{G}/upload_progress", Kind.POLL, stream=True),
    _route(f"{G}/queue/data", Kind.POLL, stream=True),
    _route(f"{G}/call/{{name}}/{{event}}", Kind.POLL, stream=True),
    _route(f"{G}/heartbeat/{{session}}", Kind.POLL, stream=True),
)
# Those that others must know
CLOSED = Route("closed", Kind.PAGE, re.compile(""))  # stands for all that is not in the table
HEARTBEAT = f"{G}/heartbeat/{{session}}"  # each open page holds one
JOIN, CALL, SERVER = f"{G}/queue/join", f"{G}/call/{{name}}", f"{G}/component_server"
CANCEL, DATA, RESULT = f"{G}/cancel", f"{G}/queue/data", f"{G}/call/{{name}}/{{event}}"


def find(path: str) -> list[Route]:
    """The routes of that path, which differ in their method; none for what is closed."""
    path = path.rstrip("/") or "/"
    return [route for route in ROUTES if route.pattern.fullmatch(path)]
