"""Many visitors at once for some minutes, and whether the server bears them; prints JSON.

    python tests/bench/load.py [--visitors 200] [--seconds 300]

Starts the server itself, with a training that visitors watch, and asks it on loopback alone. Each
visitor opens the page, uploads, samples and watches, with pauses between; each says by
X-Forwarded-For that it comes from an address of its own, as a proxy would. At the end each finishes
what it has begun, which takes a line of visitors some minutes more. Exits with 1 where a
request failed (a "busy" that says when to come again, or why, is no failure), somebody waited a
minute for nothing, or the server's memory grew by more than a tenth after the first minute.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from gradio_client import Client
from visitor import Record, Visitor

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from tests.running import Server, running_server

MOST_VISITORS, MOST_SECONDS = 500, 900
LOOK_SECONDS = 5
WARM_SECONDS = 60
MOST_GROWTH = 0.1
MEGABYTE = 2**20
PERCENTILES = (50, 95, 99)


class Gauge:
    """The server's memory and its temporary files, every few seconds."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.started = time.monotonic()
        self.memory: list[tuple[float, float]] = []
        self.files: list[tuple[int, int]] = []

    async def look(self) -> None:
        while True:
            self.memory.append((time.monotonic() - self.started, self.server.memory() / MEGABYTE))
            sizes = []
            for path in self.folder.rglob("*"):
                try:
                    sizes += [path.stat().st_size] if path.is_file() else []
                except FileNotFoundError:
                    continue
            self.files.append((len(sizes), sum(sizes)))
            await asyncio.sleep(LOOK_SECONDS)

    def told(self) -> dict[str, Any]:
        warm = [mb for at, mb in self.memory if at >= WARM_SECONDS]
        growth = statistics.median(warm[-6:]) / statistics.median(warm[:3]) - 1 if warm else None
        return {
            "memory_mb": [round(mb) for _, mb in self.memory],
            "memory_growth_after_a_minute": growth if growth is None else round(growth, 3),
            "temporary_files_most": max(number for number, _ in self.files),
            "temporary_files_last": self.files[-1][0],
            "temporary_mb_most": round(max(size for _, size in self.files) / MEGABYTE, 1),
        }


def times(record: Record) -> dict[str, Any]:
    """Milliseconds."""
    told = {}
    for name, seconds in sorted(record.seconds.items()):
        ordered = sorted(1000 * s for s in seconds)
        at = {
            f"p{p}": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)])
            for p in PERCENTILES
        }
        told[name] = {"n": len(ordered), **at, "most": round(ordered[-1])}
    return told


async def begin_training(url: str, seconds: float) -> str:
    """One that lasts for as long as there are visitors."""

    def start() -> str:
        client = Client(url, verbose=False)
        minutes = round(seconds / 60 + 1)
        return str(client.predict(minutes=minutes, api_name="/train_start")["id"])

    return await asyncio.to_thread(start)


async def visits(server: Server, folder: Path, visitors: int, seconds: float) -> dict[str, Any]:
    record = Record()
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as client:
        config = (await client.get("/config")).json()
    job = await begin_training(server.url, seconds)
    gauge = Gauge(server, folder)
    looking = asyncio.create_task(gauge.look())
    until = time.monotonic() + seconds
    crowd = [Visitor(server.url, n, config, job, record).live(until) for n in range(visitors)]
    await asyncio.gather(*crowd)
    took = seconds + time.monotonic() - until
    looking.cancel()
    told = gauge.told()
    growth = told["memory_growth_after_a_minute"]
    return {
        "visitors": visitors,
        "seconds": round(took, 1),
        "requests": record.statuses.total(),
        "statuses": dict(sorted(record.statuses.items())),
        "samples_a_minute": round(60 * len(record.seconds["sample"]) / took, 1),
        "frames_a_second": round(record.frames / took, 1),
        "longest_line": record.longest_line,
        "milliseconds": times(record),
        "busy": dict(record.busy),
        "busy_without_retry_after": dict(record.rude),
        "server_errors": dict(record.server_errors),
        "errors": dict(record.errors),
        "stuck": dict(record.stuck),
        **told,
        "passed": not (record.server_errors or record.rude or record.errors or record.stuck)
        and (growth is None or growth <= MOST_GROWTH),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--visitors", type=int, default=200, help=f"at most {MOST_VISITORS}")
    parser.add_argument("--seconds", type=float, default=300, help=f"at most {MOST_SECONDS}")
    parser.add_argument("--log", type=Path, help="where the server's log goes at the end")
    asked = parser.parse_args()
    visitors, seconds = min(asked.visitors, MOST_VISITORS), min(asked.seconds, MOST_SECONDS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_server(folder, DIFFVIZ_TRUSTED_PROXIES="1") as server:
            told = asyncio.run(visits(server, folder / "uploads", visitors, seconds))
        if asked.log:
            asked.log.write_text(server.log.read_text())
    print(json.dumps(told, indent=2))
    sys.exit(not told["passed"])


if __name__ == "__main__":
    main()
