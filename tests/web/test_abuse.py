"""What strangers try: closed doors, outside addresses, forged headers, floods and bombs."""

from __future__ import annotations

import io
import json
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.running import Server
from tests.waiting import eventually
from tests.web.visitor import SESSIONS, Visitor

FILE = {"meta": {"_type": "gradio.FileData"}, "orig_name": "x.png"}
CLOSED = (
    "/monitoring",
    "/monitoring/summary",
    "/openapi.json",
    "/docs",
    "/login",
    "/logout",
    "/svelte/x.js",
    "/gradio_api/openapi.json",
    "/gradio_api/deep_link",
    "/gradio_api/dev/reload",
    "/gradio_api/runs",
    "/gradio_api/user",
    "/gradio_api/token",
    "/gradio_api/custom_component/a/client/component/index.js",
    "/gradio_api/proxy=https://example.com/",
    "/gradio_api/file=https://example.com/x.png",
    "/gradio_api/file=http:/example.com/x.png",
    "/gradio_api/file/etc/passwd",
    "/gradio_api/stream/a/b/c/playlist.m3u8",
    "/gradio_api/queue/status",
    "/gradio_api/vibe-code",
    "/?deep_link=abc",
    "/config?deep_link=abc",
    "/.env",
    "/nowhere",
)
CLOSED_POSTS = (
    "/gradio_api/run/sample",
    "/gradio_api/api/sample",
    "/gradio_api/call/v2/sample",
    "/gradio_api/process_recording",
    "/gradio_api/vibe-edit",
    "/gradio_api/run-history/connect",
    "/gradio_api/stream/abc",
    "/login",
)


def png(width: int, height: int) -> bytes:
    """A grey picture, all black, in a file of a thousandth of its size."""
    rows = zlib.compressobj(9)
    lines = b"".join(rows.compress(bytes(width + 1)) for _ in range(height)) + rows.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", lines), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def small_png() -> bytes:
    file = io.BytesIO()
    Image.new("L", (28, 28), 90).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("address", CLOSED)
def test_closed_addresses(visitor: Visitor, address: str) -> None:
    assert visitor.http.get(address).status_code == 404


@pytest.mark.parametrize("address", CLOSED_POSTS)
def test_closed_posts(visitor: Visitor, address: str) -> None:
    answer = visitor.http.post(address, json={"data": ["dress"], "fn_index": 0})
    assert answer.status_code in (404, 405)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
def test_other_methods(visitor: Visitor, method: str) -> None:
    assert visitor.http.request(method, "/config").status_code == 405


@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", "app.py", "//etc/passwd"])
def test_files_of_the_server_are_not_served(visitor: Visitor, path: str) -> None:
    assert visitor.http.get(f"/gradio_api/file={path}").status_code in (403, 404)


@pytest.mark.parametrize("path", ["..%2f..%2fserver.py", "%2fetc%2fpasswd", "../server.py"])
def test_static_folders_have_no_way_out(visitor: Visitor, path: str) -> None:
    for folder in ("live", "assets", "static"):
        assert visitor.http.get(f"/{folder}/{path}").status_code in (403, 404)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_scripts_can_do_nothing(visitor: Visitor, headers: dict[str, str]) -> None:
    for address in ("queue/join", "call/noise", "component_server", "upload", "cancel"):
        answer = visitor.http.post(f"/gradio_api/{address}", json={}, headers=headers)
        assert answer.status_code == 403
    answer = visitor.http.get("/config", headers=headers)
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_our_own_page_and_programs_may(visitor: Visitor, server: Server) -> None:
    for headers in ({"Origin": server.url}, {"Sec-Fetch-Site": "same-origin"}, {}):
        answer = visitor.http.post("/gradio_api/reset", json={"event_id": "x"}, headers=headers)
        assert answer.status_code == 200


def test_forged_forwarding_headers_are_not_believed(visitor: Visitor, server: Server) -> None:
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Gradio-Server": "https://evil.example",
        "X-Forwarded-For": "8.8.8.8",
        "X-Request-ID": "forged-request-id",
    }
    for address in ("/", "/config"):
        answer = visitor.http.get(address, headers=forged)
        assert "evil" not in answer.text
        assert answer.headers["x-request-id"] != forged["X-Request-ID"]
    assert visitor.http.get("/config", headers=forged).json()["root"] == server.url
    # They came through something: that is not this machine.
    assert visitor.http.get("/metrics", headers=forged).status_code == 404


def test_a_page_is_not_made_for_any_number_of_names(visitor: Visitor) -> None:
    """Each would be made anew, and push out what is kept."""
    hosts = [{"Host": f"name{number}"} for number in range(60)]
    answers = [visitor.http.get("/config", headers=headers).status_code for headers in hosts]
    assert set(answers) == {200, 429}
    assert visitor.http.get("/config").status_code == 200


@pytest.fixture
def outside() -> Iterator[tuple[str, list[bytes]]]:
    """(address, requests) of a server that nobody should ask."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)

        def listen() -> None:
            while listener.fileno() >= 0:
                try:
                    with listener.accept()[0] as connection:
                        asked.append(connection.recv(100))
                except OSError:
                    continue

        threading.Thread(target=listen, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x.png", asked


@pytest.mark.parametrize("name", ["noise", "denoise", "nearest"])
def test_a_file_is_only_what_was_uploaded(
    visitor: Visitor, outside: tuple[str, list[bytes]], name: str
) -> None:
    address, asked = outside
    event = visitor.named(name)
    paths = [address, "/etc/passwd", "../../app.py", "app.py", "", None, "file:///etc/passwd"]
    for path in paths:
        for more in ({}, {"url": address}, {"is_stream": True}):
            values = [{**FILE, "path": path, **more}, *visitor.initial(event)[1:]]
            assert visitor.join(event, values).status_code == 400
            answer = visitor.http.post(f"/gradio_api/call/{name}", json={"data": values})
            assert answer.status_code == 400
    assert asked == []


def test_the_page_of_another_visitors_upload_cannot_be_guessed(visitor: Visitor) -> None:
    path = Path(visitor.upload(small_png()).json()[0])
    assert len(path.parent.name) == 64  # a hash of what is in it

    def load(path: object) -> httpx.Response:
        return visitor.call_view("load", {"path": str(path), "seed": 0, "denoiser": "fashion"})

    for elsewhere in ("/etc/passwd", path.parent.parent, path.parent):
        assert load(elsewhere).status_code == 400
    assert "error" in load(path.parent / "no.png").json()
    assert "x0" in load(path).json()


@pytest.mark.parametrize("name", ["noise", "nearest"])
def test_a_picture_bomb_costs_nothing(visitor: Visitor, server: Server, name: str) -> None:
    path = visitor.upload(png(13_300, 13_300), "bomb.png").json()[0]
    event = visitor.named(name)
    before = server.memory()
    server.forget_memory_peak()
    values = [{**FILE, "path": path}, *visitor.initial(event)[1:]]
    assert visitor.join(event, values).status_code == 200
    success, output = visitor.outcome()
    assert not success
    assert "too many" in output["error"]
    assert server.memory_peak() - before < 60e6


def test_bodies_have_a_length(visitor: Visitor, server: Server) -> None:
    too_long = visitor.http.post("/gradio_api/queue/join", content=b"x" * 300_000)
    assert too_long.status_code == 413
    huge = {"Content-Length": str(10**10), "Content-Type": "multipart/form-data; boundary=x"}
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        lines = [f"{name}: {value}" for name, value in huge.items()]
        head = ["POST /gradio_api/upload HTTP/1.1", "Host: x", *lines, "", ""]
        connection.sendall("\r\n".join(head).encode())
        assert b" 413 " in connection.recv(1000)
    chunks = visitor.http.post("/gradio_api/upload", content=iter([b"x" * 1000]))
    assert chunks.status_code == 411
    assert visitor.http.request("GET", "/config", content=b"x").status_code == 413


def test_many_sessions_leave_no_more_than_are_kept(visitor: Visitor, server: Server) -> None:
    event = visitor.named("train_status")
    for number in range(4 * SESSIONS):
        session = f"flood{number}"
        body = {"fn_index": event["id"], "data": ["a" * 16, 0], "session_hash": session}
        assert visitor.http.post("/gradio_api/queue/join", json=body).status_code == 200
        visitor.outcome(session)
    assert visitor.metric("diffviz_sessions") <= SESSIONS + 1


def test_an_address_has_no_more_connections_than_it_may(visitor: Visitor, server: Server) -> None:
    sockets = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    try:
        ended = 0
        for connection in sockets:
            connection.settimeout(0.01)
            try:
                ended += connection.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionResetError:
                ended += 1
        assert ended >= 40
    finally:
        for connection in sockets:
            connection.close()
    assert visitor.http.get("/healthz").status_code == 200


def test_what_the_log_is_told(visitor: Visitor, server: Server) -> None:
    secrets = ["a very secret prompt", "secrettoken0123456789"]
    visitor.join(visitor.named("_hear"), [secrets[0], "heroes"])
    visitor.outcome()
    visitor.join(visitor.named("train_stop"), ["a" * 16, secrets[1]])
    visitor.outcome()
    visitor.http.get(f"/train/recorded?secret={secrets[1]}", headers={"X-Owner": secrets[1]})
    answer = visitor.http.get(f"/nowhere/{secrets[1]}")
    request = answer.headers["x-request-id"]
    # Its line is written once its answer has gone out.
    eventually(lambda: f'"{request}"' in server.log.read_text(), f"a line for {request}")
    text = server.log.read_text()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    line = next(line for line in lines if line.get("request") == request)
    assert line["method"] == "GET"
    assert (line["route"], line["status"], line["level"]) == ("closed", 404, "info")
    assert {"time", "ms", "bytes", "client"} <= set(line)
    for secret in (*secrets, "127.0.0.1:"):
        assert secret not in text.replace(server.url, "")


def test_answers_say_what_browsers_may_do(visitor: Visitor) -> None:
    for address in ("/", "/config", "/live/sample/view.js", "/nowhere"):
        headers = visitor.http.get(address).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers
    page = visitor.http.get("/").headers["content-security-policy"]
    scripts = next(rule for rule in page.split("; ") if rule.startswith("script-src"))
    assert "'unsafe-inline'" not in scripts
    assert "frame-ancestors 'self'" in page
    path = visitor.upload(b"<script>alert(1)</script>", "page.html").json()[0]
    upload = visitor.http.get(f"/gradio_api/file={path}").headers
    assert "sandbox" in upload["content-security-policy"]
    assert upload["content-disposition"].startswith("attachment")


def test_an_unfinished_upload_leaves_no_file(visitor: Visitor, server: Server) -> None:
    folder = server.log.parent / "uploads"
    before = sum(1 for path in folder.rglob("*") if path.is_file())
    boundary = '--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
    head = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    for slow in (True, False, False):
        with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
            connection.sendall((head + boundary + "x" * 1000).encode())
            if slow:
                assert b" 408 " in connection.recv(1000)
    eventually(lambda: sum(1 for path in folder.rglob("*") if path.is_file()) == before)


@pytest.mark.parametrize(
    "form",
    [
        {"data": {"files": "no file"}},
        {"data": {"other": "x"}},
        {"files": {"other": ("../../x.png", b"x")}},
        {"files": {"files": ("../../../x.png", b"x")}},
        {"files": {"files": ("a" * 3000, b"x")}},
        {"content": b"--x--", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"junk", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        {"content": b"junk", "headers": {"Content-Type": "multipart/form-data"}},
        {"content": b"junk"},
    ],
)
def test_odd_forms_are_no_failures(visitor: Visitor, server: Server, form: dict[str, Any]) -> None:
    before = visitor.metric("diffviz_errors_total")
    for query in ("", "?upload_id=abc"):
        answer = visitor.http.post(f"/gradio_api/upload{query}", **form)
        assert answer.status_code < 500
    assert visitor.metric("diffviz_errors_total") == before
    uploads = server.log.parent / "uploads"
    assert all(path.is_relative_to(uploads) for path in server.log.parent.rglob("x.png"))
