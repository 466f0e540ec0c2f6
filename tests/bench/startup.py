"""Times the start of diffviz, and weighs it idle, beside a bare Gradio app with torch; prints JSON.

    python tests/bench/startup.py [TIMES]

Both start in turn, TIMES times each (5), and serve on loopback alone. Nothing else should run.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from tests.running import ROOT, free_port

BARE = """
import os
import gradio as gr
import torch
import uvicorn
from fastapi import FastAPI

with gr.Blocks(analytics_enabled=False) as page:
    gr.Button("Go").click(lambda: None)
app = gr.mount_gradio_app(FastAPI(), page, path="", ssr_mode=False)
port = int(os.environ["GRADIO_SERVER_PORT"])
uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
"""
APPS = {"diffviz": (["app.py"], "/healthz"), "bare": (["-c", BARE], "/")}
PATIENCE = 60  # seconds
IDLE_SECONDS = 3  # after the page was asked for
MEGABYTE = 2**20


def ask(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            answer.read()
            return bool(answer.status == 200)
    except OSError:
        return False


def memory(pid: int) -> dict[str, float]:
    """Megabytes: resident, and with what is shared counted in parts."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {
        f"{name.lower()}_mb": int(rollup.split(f"\n{name}:")[1].split()[0]) * 1024 / MEGABYTE
        for name in ("Rss", "Pss")
    }


def cpu(pid: int) -> float:
    """Seconds that a process has computed; what else the machine does changes them little."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(words: list[str], path: str) -> dict[str, float]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "GRADIO_SERVER_NAME": "127.0.0.1",
            "GRADIO_SERVER_PORT": str(port),
            "GRADIO_TEMP_DIR": f"{folder}/uploads",
            "GRADIO_ANALYTICS_ENABLED": "False",
            "DIFFVIZ_TRAININGS": f"{folder}/trainings",
        }
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not ask(url + path):
                if process.poll() is not None or time.perf_counter() - started > PATIENCE:
                    sys.exit("it does not start")
                time.sleep(0.02)
            told = {"seconds": time.perf_counter() - started, "cpu_seconds": cpu(process.pid)}
            ask(url)
            time.sleep(IDLE_SECONDS)
            return {**told, **memory(process.pid)}
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found: dict[str, list[dict[str, float]]] = {name: [] for name in APPS}
    for _ in range(times):
        for name, app in APPS.items():
            found[name].append(measure(*app))
    medians = {
        name: {key: round(statistics.median(run[key] for run in runs), 2) for key in runs[0]}
        for name, runs in found.items()
    }
    ratios = {
        key: round(value / medians["bare"][key], 2) for key, value in medians["diffviz"].items()
    }
    print(json.dumps({"times": times, **medians, "ratios": ratios}, indent=2))


if __name__ == "__main__":
    main()
