"""How well many visitors share one server: prints JSON.

    python tests/bench/serving.py [VISITORS …]

Starts the app on loopback, then lets 1, 10 and 50 visitors each make 4 pictures in 20 steps at
once, while a light visitor asks for small things; and measures before and after each of these what
bare batched forward passes of the same network reach on this machine, at the threads and the batch
that are best for them. Nothing else should be running.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from itertools import pairwise
from operator import truediv
from pathlib import Path
from statistics import median
from typing import Any

import httpx
from visitor import generate

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))
PORT = 7977
VISITORS = (1, 10, 50)
COUNT, STEPS, RUNS = 4, 20, 3
ASKED = {
    "sample-count": COUNT,
    "sample-steps": STEPS,
    "sample-sampler": "ddim",
    "sample-guidance": 1.5,
}
MOST_SECONDS = 300.0
BATCHES = (8, 16, 32, 64)

# In a process of its own, as the server is: the number of threads is a process's.
BARE = """
import json, sys, threading, time, torch
import diffviz

threads, workers, batch, seconds = map(int, sys.argv[1:])
torch.set_num_threads(threads)
checkpoint = diffviz.load_checkpoint("fashion")
denoiser, shape = checkpoint.denoiser(), checkpoint.card.data.shape
x, condition = torch.randn(batch, *shape), torch.ones(batch, 1, dtype=torch.int64)
rows = [0] * workers

def work(worker):
    denoiser(x, 0.6, 0.8, condition)
    started.wait()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        denoiser(x, 0.6, 0.8, condition)
        rows[worker] += batch

started = threading.Barrier(workers)
all_threads = [threading.Thread(target=work, args=(i,)) for i in range(workers)]
[thread.start() for thread in all_threads], [thread.join() for thread in all_threads]
print(sum(rows) / seconds)
"""


def bare(threads: int, workers: int, batch: int, seconds: int = 3) -> float:
    """Rows a second of forward passes and nothing else."""
    words = [sys.executable, "-c", BARE, *map(str, (threads, workers, batch, seconds))]
    return float(subprocess.run(words, cwd=ROOT, check=True, capture_output=True).stdout)


class Page:
    """What an open page says to the server, over HTTP."""

    def __init__(self, client: httpx.AsyncClient, config: dict[str, Any]) -> None:
        self.client = client
        self.session = uuid.uuid4().hex
        self.config = config
        self.by_name = {c["props"].get("elem_id"): c["id"] for c in config["components"]}

    async def sample(self, values: dict[str, Any]) -> dict[str, Any]:
        """Press Generate: seconds to the first frame and to the last, and how many came."""
        started = time.perf_counter()
        body = generate(self.config, values, self.session)
        (await self.client.post("/gradio_api/queue/join", json=body)).raise_for_status()
        first, frames, waited = 0.0, 0, 0
        query = {"session_hash": self.session}
        async with self.client.stream("GET", "/gradio_api/queue/data", params=query) as answer:
            async for line in answer.aiter_lines():
                if not line.startswith("data:"):
                    continue
                # Not parsed: a visitor's own machine does that; here it would be the server's time.
                if '"process_completed"' in line:
                    message = json.loads(line[5:])
                    assert message["success"], message["output"]
                    break
                if '"process_generating"' in line:
                    if "waiting" in line:
                        waited += 1
                    else:
                        frames += line.count('\\"kind\\": \\"frame\\"')
                        first = first or time.perf_counter() - started
        return {
            "first": first,
            "all": time.perf_counter() - started,
            "frames": frames,
            "waited": waited,
        }

    async def ask(self, view: str, function: str, request: dict[str, Any]) -> Any:
        """Call a live view's server function."""
        body = {
            "data": request,
            "component_id": self.by_name[view],
            "fn_name": function,
            "session_hash": self.session,
        }
        answer = await self.client.post("/gradio_api/component_server", json=body)
        answer.raise_for_status()
        told = answer.json()
        assert "error" not in told, told
        return told


async def light(page: Page, stop: asyncio.Event, times: dict[str, list[float]]) -> None:
    """A visitor of the Forward tab: a picture, then other noise, and the server's health."""

    async def timed(name: str, work: Any) -> Any:
        started = time.perf_counter()
        answer = await work
        times.setdefault(name, []).append(time.perf_counter() - started)
        return answer

    while not stop.is_set():
        await timed("/healthz", page.client.get("/healthz"))
        asked = {"example": "boot", "seed": 1, "denoiser": "fashion"}
        picture = await timed("Forward: a picture", page.ask("forward-view", "load", asked))
        asked = {"id": 1, "seed": 1, "alpha": 0.7, "sigma": 0.7}
        # The clothes' denoiser sees this very picture.
        asked["small"] = picture["small"]["fashion"].get("x0", picture["x0"])
        asked["denoiser"] = "fashion"
        await timed("Forward: what the denoiser sees", page.ask("forward-view", "denoise", asked))
        await asyncio.sleep(0.3)  # it has quick answers, and no quick fingers


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def together(url: str, visitors: int) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=MOST_SECONDS, limits=limits) as client:
        config = (await client.get("/config")).json()
        pages = [Page(client, config) for _ in range(visitors)]
        stop, times = asyncio.Event(), dict[str, list[float]]()
        other = asyncio.create_task(light(Page(client, config), stop, times))
        started = time.perf_counter()
        made = await asyncio.gather(
            *(page.sample({**ASKED, "sample-seed": seed}) for seed, page in enumerate(pages))
        )
        seconds = time.perf_counter() - started
        stop.set()
        await other
    firsts = [run["first"] for run in made]
    return {
        "pictures_per_second": visitors * COUNT / seconds,
        "first_frame_p95": percentile(firsts, 0.95),
        "first_frame_median": median(firsts),
        "frames_lost": sum(STEPS + 1 - run["frames"] for run in made),
        "waited_in_line": sum(run["waited"] > 0 for run in made),
        "light": times,
    }


def summary(runs: list[dict[str, Any]], bares: list[float]) -> dict[str, Any]:
    """Medians of several runs; of the light visitor, all of them together. bares: pictures a second
    of bare forward passes before the first run, between the runs, and after the last."""
    speeds = [run["pictures_per_second"] for run in runs]
    beside = [(before + after) / 2 for before, after in pairwise(bares)]
    light: dict[str, list[float]] = {}
    for run in runs:
        for name, times in run["light"].items():
            light.setdefault(name, []).extend(times)
    return {
        "pictures_per_second": [round(speed, 2) for speed in speeds],
        "bare": [round(bare, 2) for bare in bares],
        "of_bare": round(median(map(truediv, speeds, beside)), 3),
        "first_frame_p95_s": round(median(run["first_frame_p95"] for run in runs), 3),
        "first_frame_median_s": round(median(run["first_frame_median"] for run in runs), 3),
        "frames_lost": sum(run["frames_lost"] for run in runs),
        "waited_in_line": [run["waited_in_line"] for run in runs],
        "light_visitor_p95_ms": {
            name: round(1e3 * percentile(times, 0.95), 1) for name, times in light.items()
        },
        "light_visitor_median_ms": {
            name: round(1e3 * median(times), 1) for name, times in light.items()
        },
    }


def main(visitors: list[int]) -> None:
    shapes = [(1, os.cpu_count() or 1), (os.cpu_count() or 1, 1)]
    rows = {(t, w, b): bare(t, w, b) for t, w in shapes for b in BATCHES}
    best = max(rows, key=rows.__getitem__)

    def most() -> float:
        return bare(*best, seconds=8) / (2 * STEPS)  # guided, a step is two rows a picture

    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "GRADIO_SERVER_PORT": str(PORT),
            "GRADIO_TEMP_DIR": folder,
            "DIFFVIZ_TRAININGS": f"{folder}/trainings",
        }
        server = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=sys.stderr
        )
        url = f"http://127.0.0.1:{PORT}"
        end = threading.Timer(MOST_SECONDS * 2, server.kill)
        end.start()
        try:
            while True:
                try:
                    httpx.get(f"{url}/healthz")
                    break
                except httpx.TransportError:
                    time.sleep(0.2)
            asyncio.run(together(url, 1))  # warm
            made = {}
            for n in visitors:
                runs, bares = [], [most()]
                for _ in range(RUNS):
                    runs.append(asyncio.run(together(url, n)))
                    bares.append(most())
                made[f"{n} visitors"] = summary(runs, bares)
        finally:
            end.cancel()
            server.terminate()
            server.wait(20)
    threads, workers, batch = best
    figures = {
        "bare": {
            "batch": batch,
            "threads_each": threads,
            "at_once": workers,
            "rows_per_second": {
                f"{t} threads × {w}, batch {b}": round(r) for (t, w, b), r in rows.items()
            },
        },
        **made,
    }
    print(json.dumps(figures, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or list(VISITORS))
