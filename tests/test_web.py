"""The parts of what stands before the page, one by one."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import json
import logging
import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from diffviz.metrics import Metrics
from diffviz.web.answers import RefusedError
from diffviz.web.bodies import Bodies
from diffviz.web.clients import Forwarded, neighbourhood
from diffviz.web.gate import Gate, same_site
from diffviz.web.headers import INLINE, page_policy
from diffviz.web.kept import Kept
from diffviz.web.limits import CLIENTS, Buckets
from diffviz.web.logs import REQUEST_ID, Line
from diffviz.web.observe import Observe
from diffviz.web.prefix import Prefix
from diffviz.web.routes import ROUTES, Kind, Route, find
from diffviz.web.turns import Turns
from diffviz.web.uploads import tidy


class Told:
    """An app whose answer is what it was told, and which counts how often it was asked."""

    asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        status = 404 if "missing" in scope["path"] else 200
        kind = b"application/zip" if scope["path"].endswith(".zip") else b"text/html; charset=utf-8"
        headers = [(b"content-type", kind), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        told = scope["path"].encode() + b"|" + b",".join(k + b"=" + v for k, v in scope["headers"])
        await send({"type": "http.response.body", "body": told[:5], "more_body": True})
        await send({"type": "http.response.body", "body": told[5:]})


class Inside:
    """An app that remembers the scope it was called with."""

    scope: Scope

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope


NOBODY: Any = (None, None)  # receives and sends


def ask(app: Any, *path: str, **more: Any) -> list[Message]:
    return asyncio.run(asking(app, *path, **more))


async def asking(
    app: Any,
    path: str = "/",
    headers: dict[str, str] | None = None,
    peer: str = "5.5.5.5",
    method: str = "GET",
) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(k.lower().encode(), v.encode()) for k, v in (headers or {}).items()],
        "client": (peer, 1234),
        "scheme": "http",
        "server": ("localhost", 80),
        "state": {"route": next(iter(find(path)), None)},
    }
    await app(scope, receive, send)
    return sent


def answer(app: Any, path: str, **headers: str) -> tuple[int, Headers, bytes]:
    """Status, headers and body; of the arguments' names, _ is -."""
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    start, *parts = ask(app, path, headers=named)
    body = b"".join(part["body"] for part in parts)
    return start["status"], Headers(raw=start["headers"]), body


def test_what_is_the_same_for_everyone_is_made_once() -> None:
    app = Kept(inside := Told())
    for path in ("/", "/assets/a.js", "/live/sample/view.js", "/theme.css"):
        first, again = (answer(app, path, host="here") for _ in "ab")
        assert first == again
        assert first[1]["cache-control"]
        assert int(first[1]["content-length"]) == len(first[2])
        status, _, body = answer(app, path, host="here", if_none_match=first[1]["etag"])
        assert (status, body) == (304, b"")
    assert inside.asked == 4
    for path in ("/healthz", "/assets/missing.js"):
        for _ in "ab":
            answer(app, path)
    assert inside.asked == 8
    ask(app, "/", headers={"host": "here"}, method="HEAD")
    assert inside.asked == 8


def test_nobodys_headers_get_into_what_others_are_answered() -> None:
    app = Kept(Told())
    forged = {"x_gradio_server": "http://evil", "cookie": "a=b", "origin": "http://evil"}
    assert answer(app, "/", host="here", **forged)[2] == b"/|host=here,accept-encoding="
    assert answer(app, "/", host="evil")[2] == b"/|host=evil,accept-encoding="
    assert answer(app, "/", host="here")[2] == b"/|host=here,accept-encoding="
    assert answer(app, "/assets/a.js", host="evil")[2] == b"/assets/a.js|accept-encoding="


@pytest.mark.parametrize(
    ("accepted", "coding", "decode"),
    [
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("gzip;q=0.8", "gzip", gzip.decompress),
        ("identity", None, bytes),
        ("", None, bytes),
    ],
)
def test_kept_text_is_compressed_as_the_browser_likes(
    accepted: str, coding: str | None, decode: Callable[[bytes], bytes]
) -> None:
    app = Kept(Told())
    _, headers, body = answer(app, "/", accept_encoding=accepted)
    assert headers.get("content-encoding") == coding
    assert decode(body) == f"/|accept-encoding={coding or ''}".encode()
    assert "accept-encoding" in headers["vary"].lower()
    assert "content-encoding" not in answer(app, "/assets/a.zip", accept_encoding=accepted)[1]


def test_what_is_kept_has_a_bound() -> None:
    app = Kept(inside := Told(), most_bytes=100)
    for number in range(20):
        answer(app, f"/assets/{number}.js")
    answer(app, "/assets/19.js")
    assert inside.asked == 20
    answer(app, "/assets/0.js")
    assert inside.asked == 21


def test_what_many_ask_for_at_once_is_made_once() -> None:
    """And counted once, though the first of them goes away."""

    class Slow(Told):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            with suppress(TimeoutError):  # nobody leaves, and nobody says more
                await asyncio.wait_for(receive(), 0.02)
            await super().__call__(scope, receive, send)

    app = Kept(inside := Slow(), most_bytes=100)

    async def at_once() -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/assets/a.js",
            "scheme": "http",
            "headers": [],
            "state": {"route": find("/assets/a.js")[0]},
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        async def send(message: Message) -> None:
            sent.append(message)

        first, *others = (asyncio.create_task(app(scope, receive, send)) for _ in range(9))
        await asyncio.sleep(0.005)
        first.cancel()
        await asyncio.gather(*others)
        assert len(sent) == 16

    asyncio.run(at_once())
    assert inside.asked == 1
    for _ in "ab":
        answer(app, "/assets/b.js")
        answer(app, "/assets/a.js")
    assert inside.asked == 2


def test_pages_are_made_one_by_one() -> None:
    """Each is made in a thread that computes, and many would keep the event loop from its turns."""

    class Working(Told):
        now, most = 0, 0

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.01)
            await super().__call__(scope, receive, send)
            self.now -= 1

    app = Kept(inside := Working())

    async def at_once() -> None:
        await asyncio.gather(*(asking(app, headers={"host": f"{i}"}) for i in range(5)))

    asyncio.run(at_once())
    assert (inside.asked, inside.most) == (5, 1)


@pytest.mark.parametrize(
    ("proxies", "told", "client"),
    [
        (0, "1.1.1.1", "5.5.5.5"),
        (1, "1.1.1.1", "1.1.1.1"),
        (1, "9.9.9.9, 1.1.1.1", "1.1.1.1"),
        (2, "9.9.9.9, 1.1.1.1, 2.2.2.2", "1.1.1.1"),
        (2, "1.1.1.1", "5.5.5.5"),
        (1, "1.1.1.1:4321", "1.1.1.1"),
        (1, "[2001:db8::1]:4321", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "unknown", "5.5.5.5"),
        (1, "<script>", "5.5.5.5"),
        (1, "", "5.5.5.5"),
    ],
)
def test_who_asks(proxies: int, told: str, client: str) -> None:
    inside = Inside()
    ask(Forwarded(inside, proxies), headers={"X-Forwarded-For": told})
    assert inside.scope["client"][0] == client


@pytest.mark.parametrize("proxies", [0, 1])
def test_only_what_is_vouched_for_stays(proxies: int) -> None:
    told = {
        "Host": "here",
        "X-Forwarded-Host": "example.org",
        "X-Forwarded-Proto": "https",
        "X-Gradio-Server": "https://evil",
        "X-Real-IP": "1.1.1.1",
        "Forwarded": "for=1.1.1.1",
    }
    inside = Inside()
    ask(Forwarded(inside, proxies), headers=told)
    kept = {name.decode() for name, _ in inside.scope["headers"]}
    assert kept == ({"host", "x-forwarded-host", "x-forwarded-proto"} if proxies else {"host"})
    assert inside.scope["scheme"] == ("https" if proxies else "http")
    ask(
        Forwarded(inside, proxies),
        headers={**told, "X-Forwarded-Host": "a/b?c", "X-Forwarded-Proto": "javascript"},
    )
    assert {name for name, _ in inside.scope["headers"]} == {b"host"}


def test_neighbourhoods() -> None:
    assert neighbourhood("1.2.3.4") == "1.2.3.4"
    assert neighbourhood("::ffff:1.2.3.4") == "1.2.3.4"
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1") == "2001:db8::/64"
    assert neighbourhood("x" * 1000) == "x" * 45


@given(st.lists(st.floats(0, 20), max_size=60))
def test_a_bucket_gives_no_more_than_its_rate(pauses: list[float]) -> None:
    now = 0.0
    buckets = Buckets(5, 60, clock=lambda: now)
    given_out = 0
    for pause in pauses:
        now += pause
        wait = buckets.take("somebody")
        given_out += not wait
        assert 0 <= wait <= 12
    assert given_out <= 5 + now * 5 / 60 + 1e-6


def test_who_waits_as_long_as_told_gets_in() -> None:
    now = 0.0
    buckets = Buckets(2, 60, clock=lambda: now)
    assert [buckets.take("a") for _ in range(2)] == [0, 0]
    now += buckets.take("a") + 1e-9
    assert buckets.take("a") == 0
    assert buckets.take("b") == 0


def test_only_so_many_clients_are_remembered() -> None:
    buckets = Buckets(1)
    for number in range(CLIENTS + 500):
        buckets.take(str(number))
    assert len(buckets._buckets) == CLIENTS
    assert buckets.take(str(CLIENTS + 499)) > 0


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({}, True),
        ({"Host": "a.org", "Origin": "https://a.org"}, True),
        ({"Host": "a.org:80", "Origin": "http://a.org"}, False),
        ({"Host": "a.org", "Origin": "https://b.org"}, False),
        ({"Host": "inner", "X-Forwarded-Host": "a.org", "Origin": "https://a.org"}, True),
        ({"Origin": "null"}, False),
        ({"Host": "a.org", "Origin": "http://["}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://proxy", "Host": "inner"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Host": "a.org", "Origin": "https://a.org"}, False),
    ],
)
def test_whose_scripts_may(headers: dict[str, str], same: bool) -> None:
    raw = [(k.lower().encode(), v.encode()) for k, v in headers.items()]
    assert same_site({"type": "http", "headers": raw}) is same


@pytest.mark.parametrize(
    ("path", "inner"),
    [("/dv/x", "/x"), ("/x", "/x"), ("/dv/", "/"), ("/dvx", "/dvx"), ("/dv/dv/x", "/dv/x")],
)
def test_a_path_is_taken_off_once(path: str, inner: str) -> None:
    inside = Inside()
    ask(Prefix(inside, "/dv"), path)
    assert inside.scope["path"] == inner


def test_the_path_alone_leads_to_its_folder() -> None:
    sent = ask(Prefix(Inside(), "/dv"), "/dv")
    assert sent[0]["status"] == 307
    assert (b"location", b"/dv/") in sent[0]["headers"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", Kind.PAGE),
        ("/live/sample/view.js", Kind.ASSET),
        ("/live/lib/renderers/picture.js", Kind.ASSET),
        ("/live/a/b/c.js", Kind.ASSET),
        ("/live/a/b/c/d.js", None),
        ("/gradio_api/queue/join", Kind.EVENT),
        ("/gradio_api/queue/join/", Kind.EVENT),
        ("/gradio_api/call/noise", Kind.EVENT),
        ("/gradio_api/call/v2/noise", Kind.POLL),
        ("/gradio_api/file=/tmp/x", Kind.POLL),
        ("/gradio_api/file=http://x", None),
        ("/gradio_api/run/noise", None),
        ("/train/" + "a" * 300, None),
    ],
)
def test_the_table_of_routes(path: str, kind: Kind | None) -> None:
    assert [route.kind for route in find(path)] == ([kind] if kind else [])


def test_a_page_may_run_the_scripts_that_it_has() -> None:
    page = (
        b'<script>one()</script><script type="module" src="x"></script><script a="b">two\n</script>'
    )
    scripts = INLINE.findall(page)
    assert scripts == [b"one()", b"two\n"]
    policy = page_policy(scripts, "'self'")
    assert policy.count("sha256-") == 2
    assert "'sha256-" not in page_policy([], "'self'")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_line_of_the_log(as_json: bool) -> None:
    REQUEST_ID.set("abc")
    secret = "what the visitor wrote"
    try:
        raise ValueError(secret)
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "it failed", None, sys.exc_info())
    record.facts = {"ms": 1.5}
    line = Line(as_json).format(record)
    REQUEST_ID.set("")
    assert secret not in line
    assert "builtins.ValueError" in line
    if as_json:
        facts = json.loads(line)
        assert (facts["request"], facts["ms"], facts["level"]) == ("abc", 1.5, "error")
        assert "\n" not in line
    else:
        assert "request=abc" in line


def test_old_uploads_are_deleted(tmp_path: Path) -> None:
    old, new = tmp_path / "a" / "old", tmp_path / "b" / "new"
    for path in (old, new):
        path.parent.mkdir()
        path.write_bytes(b"x" * 100)
    os.utime(old, (time.time() - 5000,) * 2)
    (tmp_path / "link").symlink_to("/etc")
    assert tidy(tmp_path) > 100
    assert new.exists()
    assert not old.exists()
    assert tidy(tmp_path / "nowhere") == 0


def test_long_bodies_are_looked_at_in_turns_of_their_own() -> None:
    """Those that are refused too: twenty at once would hold everybody else up."""
    turn, looked = 0, []

    def check(route: Route, path: str, value: Any) -> None:
        looked.append(turn)
        raise ValueError("nobody can use this")

    async def nobody(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("it was refused")

    async def send_long(app: Any) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b'["' + b"x" * 20_000 + b'"]'}

        route = next(route for route in ROUTES if route.kind is Kind.EVENT)
        scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
        with pytest.raises(RefusedError, match="nobody can use this"):
            await app(scope | {"state": {"route": route}}, receive, nobody)

    async def count() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def all_at_once() -> None:
        app = Bodies(nobody, {Kind.EVENT: 2**18}, 5, check)
        counting = asyncio.create_task(count())
        await asyncio.gather(*(send_long(app) for _ in range(8)))
        counting.cancel()

    asyncio.run(all_at_once())
    assert len(set(looked)) == 8


def test_others_are_answered_between_what_one_sends_at_once() -> None:
    begun: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun.append(scope["client"][0])

    async def all_at_once() -> None:
        turns = Turns(app)
        senders = ["192.0.2.1"] * 20 + ["192.0.2.2"]
        scopes = [{"type": "http", "client": (sender, 1)} for sender in senders]
        await asyncio.gather(*(turns(scope, *NOBODY) for scope in scopes))
        assert not turns._locks  # nobody who left is remembered

    asyncio.run(all_at_once())
    assert sorted(set(begun)) == ["192.0.2.1", "192.0.2.2"]
    assert begun.index("192.0.2.2") <= 1
    assert len(begun) == 21


@pytest.mark.parametrize("home", ["/", "/dv/"])
def test_who_is_lost_gets_a_page_with_a_way_home_and_a_program_json(home: str) -> None:
    app = Observe(Gate(Told()), 0, Metrics(), home)

    async def asked() -> list[httpx.Response]:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://localhost"
        ) as http:
            browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
            lost, wrong = "/no/<script>alert(1)</script>", "/?since=%22%3Cscript"
            return [
                await http.get(lost, headers=browser),
                await http.get(wrong, headers=browser),
                await http.get(lost),
                await http.post(lost, headers=browser),
            ]

    page, also, *plain = asyncio.run(asked())
    for answer, status in ((page, 404), (also, 400)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert f'<a href="{home}">' in answer.text
        assert "script" not in answer.text
        policy = answer.headers["content-security-policy"]
        (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert policy.startswith("default-src 'none'")
        assert f"'sha256-{digest}'" in policy
    assert "There is nothing at this address." in page.text
    for answer in plain:
        assert (answer.status_code, answer.json()) == (
            404,
            {"detail": "There is nothing at this address."},
        )
