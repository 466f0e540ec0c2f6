"""Times a training that is watched, and Sample beside it, and prints JSON.

    python tests/bench/train_page.py http://127.0.0.1:7860 PID-OF-APP.PY

The server has to run; nothing else should. It trains for four minutes at most, on loopback alone.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from chromium import opened
from gradio_client import Client
from sample_page import timed_runs

VIEWERS, WATCHED_SECONDS, UNWATCHED_SECONDS = 50, 60, 30
TICKS = 100  # of a CPU's clock a second, on Linux


def status(url: str, job: str, since: int = 0) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/train/{job}?since={since}", timeout=30) as answer:
        return json.load(answer)


def cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / TICKS


def throughput(url: str, job: str, seconds: float) -> float:
    """Pictures a second that the training has seen meanwhile."""
    before, started = status(url, job), time.monotonic()
    time.sleep(seconds)
    return (status(url, job)["images"] - before["images"]) / (time.monotonic() - started)


class Viewers:
    """Watch as the page does: poll when told to, and fetch each new sheet."""

    def __init__(self, url: str, job: str) -> None:
        self.url, self.job = url, job
        self.polls = self.sheets = 0
        self.end = threading.Event()
        self.threads = [threading.Thread(target=self.watch) for _ in range(VIEWERS)]
        for thread in self.threads:
            thread.start()

    def watch(self) -> None:
        newest, seen = 0, 0
        while not self.end.is_set():
            found = status(self.url, self.job, newest)
            newest, self.polls = found["newest"], self.polls + 1
            if found["sheets"] and found["sheets"][-1] > seen:
                seen, self.sheets = found["sheets"][-1], self.sheets + 1
                sheet = f"{self.url}/train/{self.job}/sheets/{seen}"
                with urllib.request.urlopen(sheet, timeout=30) as answer:
                    answer.read()
            self.end.wait(found["again"])

    def stop(self) -> None:
        self.end.set()
        for thread in self.threads:
            thread.join()


def main(url: str, pid: int) -> None:
    client = Client(url, verbose=False)
    started = client.predict(minutes=4, api_name="/train_start")
    job, owner = started["id"], started["owner"]
    try:
        while status(url, job)["images"] < 2000:
            time.sleep(1)
        idle = cpu_seconds(pid)
        unwatched = throughput(url, job, UNWATCHED_SECONDS)
        idle = (cpu_seconds(pid) - idle) / UNWATCHED_SECONDS
        viewers, cpu = Viewers(url, job), cpu_seconds(pid)
        watched = throughput(url, job, WATCHED_SECONDS)
        cpu = cpu_seconds(pid) - cpu - idle * WATCHED_SECONDS
        viewers.stop()
        with opened(url) as page:
            page.get_by_role("tab", name="Sample").click()
            page.wait_for_selector("#sample-canvas")
            sampling = timed_runs(page, 1)
        state = status(url, job)["state"]
    finally:
        client.predict(job, owner, api_name="/train_stop")
        while client.predict(job, 0, api_name="/train_status")["state"] == "running":
            time.sleep(0.5)
        client.predict(job, owner, api_name="/train_delete")
    figures = {
        "viewers": VIEWERS,
        "pictures_per_second_unwatched": round(unwatched),
        "pictures_per_second_watched": round(watched),
        "ratio": round(watched / unwatched, 3),
        "polls": viewers.polls,
        "sheets_fetched": viewers.sheets,
        "server_cpu_ms_per_second_unwatched": round(1e3 * idle, 1),
        "server_cpu_ms_per_poll": round(1e3 * cpu / viewers.polls, 2),
        "sample_while_training": {**sampling, "training": state},
    }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
