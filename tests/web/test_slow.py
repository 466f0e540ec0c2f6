"""Clients that send, or take, a byte now and then: their connections end, others' go on."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.running import Server
from tests.web.visitor import SLOW_SECONDS, Visitor

JOIN = "POST /gradio_api/queue/join HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
# (what comes at once, what then comes a byte every fifth of a second)
DRIPPING = {
    "nothing at all": (b"", b""),
    "a request line": (b"", b"GET /config HTTP/1.1\r\n" * 10),
    "headers": (b"GET /config HTTP/1.1\r\nHost: x\r\n", b"X-Slow: " + b"a" * 500),
    "JSON": (
        f"{JOIN}Content-Length: 500\r\n\r\n".encode(),
        b"x" * 500,
    ),
    "JSON in chunks": (
        f"{JOIN}Transfer-Encoding: chunked\r\n\r\n".encode(),
        b"1\r\nx\r\n" * 100,
    ),
    "an upload": (
        b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n",
        b"x" * 500,
    ),
    "the body of what is refused": (
        b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n",
        b"x" * 500,
    ),
    "a second request": (
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /config HTTP/1.1\r\n" * 10,
    ),
}


def dripped(port: int, first: bytes, then: bytes) -> float:
    """For how many seconds a connection could do that."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(first)
        connection.settimeout(0.2)
        started, place = time.monotonic(), 0
        while time.monotonic() - started < 4 * SLOW_SECONDS:
            try:
                if then:
                    connection.sendall(then[place : place + 1])
                    place += 1
                if connection.recv(10_000) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        return time.monotonic() - started


@pytest.mark.alone
def test_who_sends_slowly_is_cut_off(server: Server, visitor: Visitor) -> None:
    """All of them at once."""
    with ThreadPoolExecutor(len(DRIPPING)) as pool:
        begun = {name: pool.submit(dripped, server.port, *what) for name, what in DRIPPING.items()}
        assert visitor.http.get("/healthz").status_code == 200
    seconds = {name: one.result() for name, one in begun.items()}
    assert {name for name, took in seconds.items() if took >= 2 * SLOW_SECONDS} == set(), seconds
    assert visitor.http.get("/healthz").status_code == 200


@pytest.mark.alone
def test_who_takes_slowly_is_cut_off(server: Server, visitor: Visitor) -> None:
    path = visitor.upload(b"x" * 20_000_000, "large.bin").json()[0]
    before = visitor.metric("diffviz_refused_total")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(f"GET /gradio_api/file={path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(2 * SLOW_SECONDS)
        assert visitor.metric("diffviz_refused_total") == before + 1
        got = 0
        while piece := connection.recv(100_000):
            got += len(piece)
        assert got < 20_000_000


def test_a_long_upload_has_more_time(server: Server) -> None:
    """Twice the seconds that a short one has, at a pace that a slow line has."""

    def form() -> bytes:
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        return head + b"a" * 200_000 + b"\r\n--x--\r\n"

    content = form()

    def pieces() -> object:
        for start in range(0, len(content), 20_000):
            time.sleep(0.3)
            yield content[start : start + 20_000]

    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(len(content)),
    }
    answer = httpx.post(f"{server.url}/gradio_api/upload", content=pieces(), headers=headers)
    assert answer.status_code == 200
