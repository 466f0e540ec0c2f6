"""No header of an answer comes from the request, whatever made the answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from diffviz.web.headers import ANSWERED, TOLD, TOLD_OF_BODIES
from tests.e2e.nginx import nginx
from tests.running import Server, running_server
from tests.web.visitor import Visitor

SAID = "canary"
ECHOES = (
    "Set-Cookie",
    "Location",
    "Refresh",
    "Link",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "Content-Security-Policy",
    "Content-Type",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Clear-Site-Data",
    "Cache-Control",
    "Expires",
    "ETag",
    "Service-Worker-Allowed",
    "X-Accel-Redirect",
    "X-Accel-Buffering",
    "X-Sendfile",
    "X-Canary",
    "Referrer-Policy",
    "Permissions-Policy",
    "Host",
    "Origin",
    "If-None-Match",
    "User-Agent",
    "Cookie",
)
ADDRESSES = (
    "/",
    "/config",
    "/healthz",
    "/healthz/",
    "/metrics",
    "/live/sample/view.js",
    "/static/img/logo.svg",
    "/theme.css",
    "/robots.txt",
    "/favicon.ico",
    "/manifest.json",
    "/train/recorded",
    "/train/recorded/",
    "/gradio_api/info",
    "/gradio_api/app_id/",
    "/gradio_api/queue/data?session_hash=nobodys",
    "/nowhere",
)
RANGES = ("bytes=0-4", "bytes=2-", "bytes=0-999999", None)


def test_what_gets_in_does_not_get_out() -> None:
    assert not TOLD & ANSWERED
    assert {b"content-type", b"content-length"} == TOLD_OF_BODIES & ANSWERED


@pytest.fixture(scope="module")
def upload(visitor: Visitor) -> str:
    path: str = visitor.upload(b"0123456789" * 10, "text.txt").json()[0]
    return f"/gradio_api/file={path}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("of_range", RANGES, ids=str)
def test_nothing_is_echoed(visitor: Visitor, upload: str, method: str, of_range: str) -> None:
    more = {"Range": of_range} if of_range else {}
    alone = {"Host", "Origin"}  # for which a request may be refused before anything is made
    together = dict.fromkeys(set(ECHOES) - alone, SAID)
    for said in (together, *({name: SAID} for name in sorted(alone))):
        for address in (*ADDRESSES, upload):
            answer = visitor.http.request(method, address, headers=said | more)
            told = [h for h in answer.headers.multi_items() if SAID in h[1]]
            assert told == [], address
            assert said != together or address != "/" or answer.status_code == 200


def test_a_part_of_a_file_is_what_was_asked_for(visitor: Visitor, upload: str) -> None:
    whole = visitor.http.get(upload)
    part = visitor.http.get(upload, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.text) == (206, "2345")
    assert part.headers["content-range"] == "bytes 2-5/100"
    for name in ("content-type", "content-disposition", "content-security-policy"):
        assert part.headers[name] == whole.headers[name]
    assert visitor.http.get(upload, headers={"Range": "bytes=500-600"}).status_code == 416


@pytest.mark.parametrize("config", ["prefix.conf", "replicas.conf"])
def test_nginx_serves_its_own_files_to_nobody(
    tmp_path: Path, config: str, behind: Server, visitor_behind: Visitor
) -> None:
    path = visitor_behind.upload(b"0123456789" * 10, "text.txt").json()[0]
    secret = tmp_path / "protected"
    secret.mkdir()
    (secret / "x").write_text("the host's own")
    internal = f"location /protected/ {{ internal; alias {secret}/; }}\n"
    address = behind.url.removeprefix("http://")
    places = {
        "prefix.conf": {"127.0.0.1:7860": address},
        "replicas.conf": {"127.0.0.1:7861": address, "127.0.0.1:7862": address},
    }
    add = {"    location ": f"    {internal}    location "}
    folder = tmp_path / config
    folder.mkdir()
    with nginx(config, folder, {**places[config], **add}) as url:
        root = f"{url}/diffviz" if config == "prefix.conf" else url
        headers = {"Range": "bytes=0-4", "X-Accel-Redirect": "/protected/x"}
        answer = httpx.get(f"{root}/gradio_api/file={path}", headers=headers)
        assert answer.text == "01234"


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("behind")
    with running_server(folder, DIFFVIZ_TRUSTED_PROXIES="1", DIFFVIZ_ROOT_PATH="/diffviz") as app:
        yield app


@pytest.fixture(scope="module")
def visitor_behind(behind: Server) -> Iterator[Visitor]:
    someone = Visitor(f"{behind.url}/diffviz")
    yield someone
    someone.http.close()
