"""How long the event loop pauses at what one address may send: prints JSON.

    python tests/bench/pauses.py [SECONDS]

Starts the app on loopback as strangers find it, and sends it for some seconds each, on 20
connections, as much as the rates allow of: events, long events, resets,
uploads of many files, the page by other names. The sender keeps to one core, as it would be
another machine's.
The longest pause of each, and the longest work of the loop's thread, are told by the upper ends of
their buckets. Nothing else should be running; on a busy machine only the work says something.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))
from tests.running import Server, running_server  # noqa: E402

CONNECTIONS = 20
BUCKET = r'diffviz_loop_{}_seconds_bucket\{{le="(.+)"\}} (.+)'
KINDS = ("pause", "work")


def buckets(server: Server) -> dict[str, dict[str, float]]:
    text = httpx.get(f"{server.url}/metrics", timeout=60).text
    found = {kind: re.findall(BUCKET.format(kind), text) for kind in KINDS}
    return {kind: {end: float(n) for end, n in pairs} for kind, pairs in found.items()}


def longest(before: dict[str, float], after: dict[str, float]) -> str:
    """The smallest bucket in which all turns were that came since."""
    turns = after["+Inf"] - before["+Inf"]
    return next(end for end in after if after[end] - before[end] == turns)


def floods(page: dict[str, Any]) -> dict[str, Callable[[httpx.Client, int], httpx.Response]]:
    (noise,) = (d for d in page["dependencies"] if d["api_name"] == "noise")
    components = {c["id"]: c["props"] for c in page["components"]}
    values = [components[i].get("value") for i in noise["inputs"]]

    def joined(http: httpx.Client, number: int, more: Any) -> httpx.Response:
        body = {"data": [*values[:-1], more], "fn_index": noise["id"]}
        return http.post(
            "/gradio_api/queue/join", json=body | {"session_hash": f"session{number % 50}"}
        )

    return {
        "nothing": lambda http, _: http.get("/healthz"),
        "events": lambda http, number: joined(http, number, values[-1]),
        "long events": lambda http, number: joined(http, number, [[1]] * 7000),
        "resets": lambda http, _: http.post(
            "/gradio_api/reset", json={"event_id": "a" * 32, "x": [{"path": "/x"}] * 5000}
        ),
        "uploads of many files": lambda http, number: http.post(
            "/gradio_api/upload",
            files=[("files", (f"{i}.png", f"{number} {i}".encode())) for i in range(500)],
        ),
        "pages by other names": lambda http, number: http.get(
            "/config", headers={"Host": f"host{number}"}
        ),
    }


def flood(server: Server, seconds: float) -> dict[str, Any]:
    page = httpx.get(f"{server.url}/config", timeout=60).json()
    told: dict[str, Any] = {}
    for name, send in floods(page).items():
        before, end, sent = buckets(server), time.monotonic() + seconds, []

        def work(worker: int, send: Any = send, end: float = end, sent: Any = sent) -> None:
            with httpx.Client(base_url=server.url, timeout=60) as http:
                while time.monotonic() < end:
                    number = worker + CONNECTIONS * len(sent)
                    sent.append(send(http, number).status_code)

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            list(pool.map(work, range(CONNECTIONS)))
        after = buckets(server)
        told[name] = {
            **{f"longest_{k}_at_most_s": longest(before[k], after[k]) for k in KINDS},
            "answers": {status: sent.count(status) for status in sorted(set(sent))},
        }
    return told


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder), DIFFVIZ_PUBLIC="on") as running,
    ):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        each = float(sys.argv[1]) if len(sys.argv) > 1 else 10
        print(json.dumps(flood(running, each), indent=2))
