"""The real server, for tests in a browser and without."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

import pytest

from tests.forks import FORKS

ROOT = Path(__file__).parent.parent
START_SECONDS = 180  # far above what a start takes, for busy machines


class Process(Protocol):
    """What tests ask of a process, as subprocess.Popen has it."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Fork:
    """A forked `python app.py`. (tests/test_space.py starts one as a host would.)"""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._process = FORKS.Process(target=_app, args=(dict(environment), log), daemon=False)
        self._process.start()
        self.terminate, self.kill = self._process.terminate, self._process.kill

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            assert timeout
            raise subprocess.TimeoutExpired("app.py", timeout)
        return self._process.exitcode


def _app(environment: Mapping[str, str], log: Path) -> None:
    tests = multiprocessing.parent_process()
    assert tests
    threading.Thread(target=_end_with, args=(tests,), daemon=True).start()
    with log.open("ab") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    sys.argv = ["app.py"]
    runpy.run_path("app.py", run_name="__main__")


def _end_with(tests: BaseProcess) -> None:
    """Tests that are broken off leave no server behind."""
    tests.join()
    os._exit(1)


@dataclass(frozen=True)
class Server:
    """A running `python app.py`."""

    url: str
    process: Process
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def memory_peak(self) -> int:
        """Bytes that it has held at most since `forget_memory_peak`, or since its start."""
        return self._memory("VmHWM:")

    def memory(self) -> int:
        """Bytes that it holds now."""
        return self._memory("VmRSS:")

    def _memory(self, field: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split(field)[1].split()[0]) * 1024

    def forget_memory_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:  # it waits for connections that clients keep open
            self.process.kill()
            self.process.wait()


def start_server(folder: Path, **settings: str) -> Server:
    """`python app.py` on a free port, with all that it writes in the folder; returns when it
    answers. settings: further environment variables."""
    environment = {
        **os.environ,
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(free_port()),
        "GRADIO_TEMP_DIR": str(folder / "uploads"),
        "DIFFVIZ_TRAININGS": str(folder / "trainings"),
        "DIFFVIZ_TRAINING_EACH": "20",
        "DIFFVIZ_TRAINING_NICE": "0",  # or they would wait for the tests that run beside them
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    log = folder / "log.txt"
    return answering(Fork(environment, log), environment, log)


@contextmanager
def running_server(folder: Path, **settings: str) -> Iterator[Server]:
    """A server that `start_server` starts, and that ends here."""
    running = start_server(folder, **settings)
    try:
        yield running
    finally:
        running.stop()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def launch(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path
) -> Server:
    """The server that a command starts on the port that the environment names."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=output
        )
    return answering(process, environment, log)


def answering(process: Process, environment: Mapping[str, str], log: Path) -> Server:
    """The server that a process is, once it answers on the port that the environment names."""
    running = Server(f"http://127.0.0.1:{environment['GRADIO_SERVER_PORT']}", process, log)
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
