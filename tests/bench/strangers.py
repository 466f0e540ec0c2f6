"""What a stranger with small requests can take from the others, on a public server of its own here;
prints JSON, a line for each way that was tried once.

python -m tests.bench.strangers          # all, or those of some numbers: 8 9

Strangers' addresses are told by a proxy's header. `another_waits`: seconds that somebody of another
address then waits for a noised picture. About two minutes; loopback alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from diffviz.web.kept import Kept
from diffviz.web.uploads import tidy
from tests.bombs import scan_bomb
from tests.running import Server, running_server
from tests.test_web import asking
from tests.web.test_disk import long_turns
from tests.web.visitor import Visitor

Figures = dict[str, Any]
TOKEN = "let-me-see"


class Strangers:
    """The server, and who comes to it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.other = Visitor(server.url, "9.9.9.9")

    def come(self, address: str) -> Visitor:
        return Visitor(self.server.url, address)

    def another_waits(self) -> float:
        event = self.other.named("noise")
        started = time.monotonic()
        joined = self.other.join(event, self.other.initial(event), session_hash="another")
        assert joined.status_code == 200, joined.text
        assert self.other.outcome("another")[0]
        return round(time.monotonic() - started, 2)

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.server.process.pid}/fd").iterdir()))

    def lying(self) -> int:
        """Files and folders of what was uploaded."""
        walked = os.walk(self.folder / "uploads")
        return sum(len(folders) + len(files) for _, folders, files in walked)


def queue(here: Strangers) -> Figures:
    """Three sessions that once ended the queue's only task."""
    stranger = here.come("8.1.0.1")
    event = stranger.named("noise")
    values = stranger.initial(event)
    answers = [stranger.join(event, values, session_hash=s).status_code for s in ("a", "b", "")]
    waits = here.another_waits()
    health = stranger.http.get("/healthz").status_code
    return {"answers": answers, "another_waits": waits, "healthz": health}


def decoding(here: Strangers) -> Figures:
    """A small progressive JPEG with 400 scans of 25 megapixels."""
    stranger = here.come("8.2.0.1")
    path = stranger.upload(scan_bomb(5000, 5000, 400), "scans.jpg").json()[0]
    event = stranger.named("noise")
    values = stranger.initial(event)
    values[0] = {"path": path, "meta": {"_type": "gradio.FileData"}}
    started = time.monotonic()
    stranger.join(event, values, session_hash="scans")
    success, output = stranger.outcome("scans")
    seconds = round(time.monotonic() - started, 2)
    return {"decoded": success, "told": output["error"][:80], "seconds": seconds}


def headers(here: Strangers) -> Figures:
    """Those of a request that once came back in the answer."""
    stranger = here.come("8.3.0.1")
    file = stranger.upload(b"hello there").json()[0]
    sent = {
        "X-Accel-Redirect": "/protected/x",
        "Set-Cookie": "a=b",
        "Location": "http://x",
        "Content-Security-Policy": "x",
        "Access-Control-Allow-Origin": "*",
    }
    answer = stranger.http.get(f"/gradio_api/file={file}", headers={"Range": "bytes=0-4", **sent})
    back = [name for name, value in sent.items() if answer.headers.get(name) == value]
    return {"status": answer.status_code, "sent": len(sent), "came_back": back}


def resets(here: Strangers) -> Figures:
    """30 forms of 6,600 paths, which were each looked for on the loop."""
    stranger = here.come("8.4.0.1")
    body = {"event_id": "a" * 32, "x": [{"path": "/x"}] * 6600}
    turns = long_turns(here.other)
    started = time.monotonic()
    answers = [stranger.http.post("/gradio_api/reset", json=body).status_code for _ in range(30)]
    seconds = round(time.monotonic() - started, 2)
    return {
        "answers": Counter(answers),
        "seconds": seconds,
        "another_waits": here.another_waits(),
        "turns_of_the_loop_over_50_ms": long_turns(here.other) - turns,
    }


def unread(here: Strangers) -> Figures:
    """270 runs that nobody listens to."""
    stranger = here.come("8.5.0.1")
    values = stranger.initial(stranger.named("sample"))
    answers = [
        stranger.http.post("/gradio_api/call/sample", json={"data": values}).status_code
        for _ in range(270)
    ]
    return {"answers": Counter(answers), "another_waits": here.another_waits()}


def streams(here: Strangers) -> Figures:
    """800 heartbeats of one address, behind a proxy."""

    before = here.descriptors()
    answers: Counter[int] = Counter()
    with ExitStack() as open_ones:
        for number in range(800):
            http = open_ones.enter_context(httpx.Client(base_url=here.server.url, timeout=30))
            told = {"X-Forwarded-For": f"2001:db8:5:5::{number + 1:x}"}
            stream = http.stream("GET", f"/gradio_api/heartbeat/h{number}", headers=told)
            status = open_ones.enter_context(stream).status_code
            answers[status] += 1
            if status != 200:
                http.close()
        held = here.descriptors() - before
        waits = here.another_waits()
    return {"answers": answers, "descriptors_held": held, "another_waits": waits}


def small_files(here: Strangers) -> Figures:
    """999 files of a byte in one form: what they count for, and what of them stays."""
    stranger = here.come("8.6.0.1")
    uploads = here.folder / "uploads"
    lay, counted = here.lying(), tidy(uploads)
    files = [("files", (f"{i}.png", f"{i}".encode())) for i in range(999)]
    answer = stranger.http.post("/gradio_api/upload", files=files)
    megabytes = round((tidy(uploads) - counted) / 1e6, 2)
    entries = here.lying() - lay
    return {"answer": answer.status_code, "entries": entries, "counted_mb": megabytes}


def stalled(here: Strangers) -> Figures:
    """Two uploads of 494 parts each that never end: descriptors that they hold."""
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n1\r\n'
    lines = (
        "POST /gradio_api/upload HTTP/1.1",
        "Host: x",
        "X-Forwarded-For: 8.7.0.1",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 1000000",
        "\r\n",
    )
    before = here.descriptors()
    with ExitStack() as open_ones:
        for _ in range(2):
            connection = socket.create_connection(("127.0.0.1", here.server.port), 30)
            open_ones.enter_context(closing(connection))
            connection.sendall("\r\n".join(lines).encode() + part * 494)
        time.sleep(3)
        held = here.descriptors() - before
        waits = here.another_waits()
    return {"descriptors_held": held, "another_waits": waits}


def training(here: Strangers) -> Figures:
    """One with 256, 256, 256 channels at a batch of 4,096."""
    stranger = here.come("8.8.0.1")
    event = stranger.named("train_start")
    values = stranger.owned(event, "q" * 16)
    labels = [stranger.components[i]["props"].get("label") or "" for i in event["inputs"]]
    for wanted, value in (("channels", "256, 256, 256"), ("batch", 4096)):
        place = next(i for i, label in enumerate(labels) if label.lower().startswith(wanted))
        values[place] = value
    stranger.join(event, values, session_hash="large")
    return {"told": str(stranger.outcome("large")[1])[:160]}


def newcomers(here: Strangers) -> Figures:
    """205 sessions of one address, each with a call of a server function: is somebody's run still
    there to be taken home?"""
    victim, stranger = here.come("8.9.0.1"), here.come("8.9.1.1")
    event = victim.named("_sample")
    victim.join(event, victim.run(steps=2, count=1, seed=424_242), session_hash="keeps")
    assert victim.outcome("keeps")[0]
    calls = Counter(
        stranger.call_view("hear", {"text": "a robe"}, session=f"newcomer{n}").status_code
        for n in range(205)
    )
    export = next(e for e in victim.events() if any(t[1] == "export" for t in e["targets"]))
    wish = {"format": "code", "view": "x"}
    victim.join(export, [None], session_hash="keeps", event_data=wish)
    success, output = victim.outcome("keeps")
    return {"calls": calls, "export_is_the_victims": success and "424242" in json.dumps(output)}


def joins(here: Strangers) -> Figures:
    """2,200 joins of two addresses while somebody's run streams."""
    victim = here.come("8.10.0.1")
    event = victim.named("_sample")
    victim.join(event, victim.run(steps=60, count=4), session_hash="streams")

    def pushed(name: str) -> Counter[int]:
        stranger = here.come("8.10.1.1" if name == "one" else "8.10.2.1")
        noise = stranger.named("noise")
        begins = stranger.initial(noise)
        return Counter(
            stranger.join(noise, begins, session_hash=f"{name}{n}").status_code for n in range(1100)
        )

    with ThreadPoolExecutor(2) as pool:
        pending = [pool.submit(pushed, name) for name in ("one", "two")]
        success, _ = victim.outcome("streams")
        answers = sum((each.result() for each in pending), Counter[int]())
    return {"answers": answers, "stream_ended_whole": success}


def growing(here: Strangers) -> Figures:
    """What once left something behind for each call: progress of uploads and streams of sessions
    that nobody knows."""
    calls = 500
    # Over kept connections, of which the server remembers nothing new either.
    bounds = httpx.Limits(max_connections=50, max_keepalive_connections=50)
    headers = here.come("8.11.0.1").http.headers
    http = httpx.Client(base_url=here.server.url, headers=headers, limits=bounds, timeout=60)

    def asked(path: str) -> int:
        return http.get(path).status_code

    def many(path: str, count: int) -> Counter[int]:
        with ThreadPoolExecutor(50) as pool:  # each is let wait for a while
            return Counter(pool.map(asked, (f"{path}{n}" for n in range(count))))

    def kilobytes(path: str) -> tuple[Counter[int], float]:
        memory = here.server.memory()
        answers = many(path, calls)
        return answers, round((here.server.memory() - memory) / 1024 / calls, 3)

    many("/gradio_api/upload_progress?upload_id=first", 200)  # what a first few keep for good
    rounds = [kilobytes(f"/gradio_api/upload_progress?upload_id=u{n}-") for n in range(4)]
    nothing = kilobytes("/healthz?n=")
    log = here.server.log.stat().st_size
    known = many("/gradio_api/queue/data?session_hash=unknown", 20)
    return {
        "progress": sum((answers for answers, _ in rounds), Counter[int]()),
        "kb_a_call_by_rounds": [kept for _, kept in rounds],
        "kb_a_call_of_healthz": nothing[1],
        "streams": known,
        "log_bytes_a_stream": (here.server.log.stat().st_size - log) / 20,
        "tracebacks": here.server.log.read_text().lower().count("traceback"),
    }


def addresses(here: Strangers) -> Figures:
    """Names and numbers that come by URL."""
    stranger = here.come("8.12.0.1")
    odd = ("train=../gradio_api/file=x", "since=9223372036854775808", "since=1e308")
    return {query: stranger.http.get(f"/?{query}").status_code for query in odd}


def kept(here: Strangers) -> Figures:
    """The cache of the page, inside: misses of one key by many at once, over and over. Once they
    counted as often as they came, until there was no room for anything."""
    inside = 0

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal inside
        inside += 1
        await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 1000})

    async def many() -> None:
        app = Kept(slow, most_bytes=10_000)
        for path in ("/assets/a.js", "/assets/b.js", "/assets/a.js", "/assets/b.js"):
            await asyncio.gather(*(asking(app, path) for _ in range(300)))

    asyncio.run(many())
    return {"asked": 1200, "files": 2, "made": inside}


WAYS = {
    "1 queue": queue,
    "2 decoding": decoding,
    "3 headers": headers,
    "4 resets": resets,
    "5 unread": unread,
    "5 streams": streams,
    "6 small files": small_files,
    "6 stalled uploads": stalled,
    "7 training": training,
    "8 newcomers": newcomers,
    "8 joins": joins,
    "9 growing": growing,
    "10 addresses": addresses,
    "11 kept": kept,
}


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(
            Path(folder),
            DIFFVIZ_PUBLIC="on",
            DIFFVIZ_TRUSTED_PROXIES="1",
            DIFFVIZ_METRICS_TOKEN=TOKEN,
        ) as server,
    ):
        here = Strangers(server, Path(folder))
        for name, way in WAYS.items():
            if sys.argv[1:] and name.split()[0] not in sys.argv[1:]:
                continue
            print(json.dumps({name: way(here)}), flush=True)


if __name__ == "__main__":
    main()
