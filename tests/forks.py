"""Processes that fork from one that has the app imported, instead of importing PyTorch and Gradio
for six seconds."""

from __future__ import annotations

import json
import multiprocessing
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from diffviz.jobs import work, worker
from diffviz.jobs.kinds import training
from diffviz.jobs.supervisor import WORKER

# There is one such server in a process, and one list of what it imports.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["diffviz.ui.app", "tests.forks"])
MESSAGE = 2**20  # bytes at most


class Worker:
    """A job's worker that is forked, with what its supervisor asks of a subprocess.Popen. It saves
    every second, and draws sheets however long these take: no test has to wait for long."""

    def __init__(
        self,
        address: Path,
        words: Sequence[str],
        *,
        stdin: int,
        stdout: IO[bytes],
        stderr: IO[bytes],
        cwd: Path,
        env: Mapping[str, str],
        start_new_session: bool,
    ) -> None:
        assert (stdin, start_new_session) == (subprocess.PIPE, True)
        self.returncode: int | None = None
        reading, writing = os.pipe()
        self.stdin = os.fdopen(writing, "wb", buffering=0)
        self._keeper = _socket()
        self._keeper.connect(str(address))
        request = json.dumps([words[len(WORKER) :], str(cwd), dict(env)]).encode()
        socket.send_fds(self._keeper, [request], [reading, stdout.fileno(), stderr.fileno()])
        os.close(reading)
        self.pid = int(self._keeper.recv(MESSAGE))

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._keeper], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._keeper.settimeout(timeout)
            try:
                self.returncode = int(self._keeper.recv(MESSAGE))
            except TimeoutError:
                raise subprocess.TimeoutExpired("a worker", timeout or 0) from None
            self._keeper.close()
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def forking(address: Path) -> Any:
    """What stands for the module `subprocess` in a supervisor whose workers are forked there; other
    commands are started as ever."""

    def popen(words: Sequence[str], **settings: Any) -> Worker | subprocess.Popen[bytes]:
        if tuple(words[: len(WORKER)]) == WORKER:
            return Worker(address, words, **settings)
        return subprocess.Popen(words, **settings)

    return SimpleNamespace(
        Popen=popen, PIPE=subprocess.PIPE, TimeoutExpired=subprocess.TimeoutExpired
    )


def as_they_are() -> None:
    pass


@contextmanager
def forked_workers(folder: Path, prepare: Callable[[], None] = as_they_are) -> Iterator[Path]:
    """The address at which workers are forked. prepare: what the process that forks them does
    before."""
    address = folder / "forks"
    ready, told = FORKS.Pipe(duplex=False)
    process = FORKS.Process(target=_serve, args=(address, told, prepare), daemon=True)
    process.start()
    ready.recv()
    yield address
    process.terminate()
    process.join()


def _socket() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _serve(address: Path, told: Any, prepare: Callable[[], None]) -> None:
    """One thread, or a fork would have locks that nobody opens."""
    prepare()
    tests = multiprocessing.parent_process()
    assert tests
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    with _socket() as server:
        server.bind(str(address))
        server.listen(16)
        told.send("ready")
        while tests.sentinel not in wait([server, tests.sentinel]):
            keeper, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _keep(keeper)
            keeper.close()


def _keep(keeper: socket.socket) -> None:
    """Fork one worker, tell its process id, and when it has ended its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, files, _, _ = socket.recv_fds(keeper, MESSAGE, 3)
    pid = os.fork()
    if pid == 0:
        keeper.close()
        words, folder, environment = json.loads(request)
        _work(words, folder, environment, files)
    for file in files:
        os.close(file)
    with suppress(OSError):  # an app that was killed meanwhile
        keeper.send(str(pid).encode())
    _, status = os.waitpid(pid, 0)
    with suppress(OSError):
        keeper.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _work(words: list[str], folder: str, environment: dict[str, str], files: list[int]) -> None:
    """As `python -m diffviz.jobs.worker` with these words would."""
    code = 1
    try:
        os.setsid()
        for place, file in enumerate(files):
            os.dup2(file, place)
            os.close(file)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.stdin = os.fdopen(0)
        sys.argv = [WORKER[-1], *words]
        work.SAVE_SECONDS = 1
        training.FIRST_SHEET_SECONDS, training.SHEET_SHARE = 1, 1
        code = worker.main()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)
