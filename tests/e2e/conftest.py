"""The real server, started as a visitor's host would, and a real browser before it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 60  # far above what a start takes, for busy machines
# No GPU, no calls home: what is left is the page.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Server:
    """A running `python app.py`."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def memory_peak(self) -> int:
        """Bytes that it has held at most since `forget_memory_peak`, or since its start."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024

    def forget_memory_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all browser tests."""
    running = start_server(tmp_path_factory.mktemp("server"))
    try:
        yield running
    finally:
        running.process.terminate()
        try:
            running.process.wait(10)
        except subprocess.TimeoutExpired:  # it waits for connections that clients keep open
            running.process.kill()
            running.process.wait()


def start_server(folder: Path) -> Server:
    """`python app.py` on a free port, with all that it writes in the folder; returns when it
    answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "DIFFVIZ_TRAININGS": str(folder / "trainings"),
        "DIFFVIZ_TRAINING_EACH": "20",
        "PYTHONUNBUFFERED": "1",
    }
    log = folder / "log.txt"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    running = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        _await_health(running)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return running


def _await_health(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{server.url}/healthz", timeout=2):
                return
        except OSError:
            if server.process.poll() is not None:
                break
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{server.log.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium: the system's where there is one, else Playwright's own."""
    system = Path(os.environ.get("DIFFVIZ_CHROMIUM", "/usr/bin/chromium"))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(system) if system.exists() else None, args=CHROMIUM_FLAGS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def page(server: Server, browser: Browser) -> Iterator[Page]:
    """A page of its own for each test, 1280 × 900, not yet on any address. What goes wrong in its
    scripts fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(20_000)
    yield page
    context.close()
    assert not errors, errors
