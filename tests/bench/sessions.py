"""Memory of the server after many sessions, those that fetch their answers and those that do not:
`python -m tests.bench.sessions [SESSIONS]`, 10,000 by default, over loopback."""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.running import Server, start_server

CLIENTS = 8
JOIN, DATA = "/gradio_api/queue/join", "/gradio_api/queue/data"


def flood(server: Server, sessions: int, fetch: bool) -> None:
    """One event of each session: a sentence, answered with what was understood of it."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        events = client.get("/config").json()["dependencies"]
        event = next(event["id"] for event in events if event["api_name"] == "_hear")

        def visit(number: int) -> None:
            session = f"{fetch}{number}"
            body = {"fn_index": event, "data": ["a red robe"], "session_hash": session}
            while client.post(JOIN, json=body).status_code == 503:  # the queue is full
                time.sleep(0.05)
            if fetch:
                client.get(f"{DATA}?session_hash={session}")

        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(visit, range(sessions)))


def main(sessions: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(Path(folder))
        try:
            flood(server, 300, fetch=True)  # warm, and as many sessions kept as may be
            print(f"{'at first':>30} {server.memory() / 1e6:7.1f} MB")
            for fetch in (True, False):
                started = time.perf_counter()
                flood(server, sessions, fetch)
                rate = sessions / (time.perf_counter() - started)
                name = f"{sessions:,} that {'fetch' if fetch else 'do not'}"
                print(f"{name:>30} {server.memory() / 1e6:7.1f} MB, {rate:,.0f} a second")
            time.sleep(65)  # two sweeps
            print(f"{'two sweeps later':>30} {server.memory() / 1e6:7.1f} MB")
            metrics = httpx.get(f"{server.url}/metrics").text.splitlines()
            print(*(line for line in metrics if line.startswith("diffviz_sessions")))
        finally:
            server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
