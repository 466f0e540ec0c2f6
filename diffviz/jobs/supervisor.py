"""The supervisor: a thread of the app that gives each job its turn, in a process of its own."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

from filelock import FileLock, Timeout

from diffviz.jobs.grants import Grants, check_granted
from diffviz.jobs.job import FAILED, QUEUED, RUNNING, Job
from diffviz.jobs.store import JobStore
from diffviz.jobs.worker import BUSY, DISK, GOODBYE_SECONDS, LOCK, reason, safe

TICK_SECONDS = 0.3
WORKER = (sys.executable, "-m", "diffviz.jobs.worker")
EVERYTHING = Grants()
MOST_DEATHS = 3  # in a row, without a checkpoint between them
# Threads that wait sleep, instead of spinning on a core that a visitor's sampling could use.
ENVIRONMENT = {"OMP_WAIT_POLICY": "passive"}
LOG = logging.getLogger(__name__)  # unlike print, it survives a log file on a full disk


class Supervisor:
    """Runs up to `at_once` jobs of the store, each with `threads` threads, on the device, that are
    granted: the settings may be others than when a job was begun. nice: by how much they let
    everything else on the machine go first, 0 to 19.

    Of several apps on one folder one supervises, and another when that one ends.
    """

    def __init__(
        self,
        store: JobStore,
        at_once: int = 1,
        threads: int = 2,
        device: str = "auto",
        grants: Grants = EVERYTHING,
        nice: int = 19,
    ) -> None:
        self.store = store
        self.grants = grants
        self.at_once = at_once
        self.threads = threads
        self.device = device
        self.nice = nice
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.unsettled: dict[str, tuple[str, str, bool]] = {}  # what the store could not be told
        self._lock = FileLock(store.root / "supervisor.lock", timeout=0)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._live, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """End the children, which save first; returns when they are gone."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _live(self) -> None:
        try:
            while not self._ending.wait(TICK_SECONDS):
                try:
                    if not self._lock.is_locked:
                        self._lock.acquire()
                    self.tick()
                except (Timeout, sqlite3.Error, OSError):
                    continue  # another app's turn, or a disk that is full for now
                except Exception:  # a thread that ended here would leave all jobs waiting
                    LOG.exception("a tick of the supervisor failed")
        finally:
            self._end_children()
            self._lock.release()

    def tick(self) -> None:
        """Bury the dead, find the orphaned, delete what is to be deleted, start the next."""
        for name, child in list(self.children.items()):
            if child.poll() is not None:
                if job := self.store.find(name):
                    self.unsettled[name] = ending(child.returncode, job)
                bury(self.children.pop(name))
        for name, end in list(self.unsettled.items()):
            self.store.settle(name, *end)
            del self.unsettled[name]
        strangers = 0
        for job in self.store.in_state(RUNNING):
            if job.id not in self.children:
                if self._is_orphaned(job):
                    self.store.settle(job.id, QUEUED)
                else:  # the process of an app that was killed saves; this job goes on first
                    strangers += 1
        for job in self.store.wishing("delete"):
            if job.id in self.children:
                self.children[job.id].kill()
            elif job.state != RUNNING:
                self.store.remove(job.id)
        while len(self.children) + strangers < self.at_once:
            # A process that has settled its job, perhaps queued again since, may not have ended.
            if (claimed := self.store.claim(leave=self.children.keys())) is None:
                break
            try:
                check_granted(claimed.plan, self.grants)
                self.children[claimed.id] = self._spawn(claimed)
            except (OSError, ValueError) as error:
                self.unsettled[claimed.id] = FAILED, reason(error, claimed.saved), False

    def _spawn(self, job: Job) -> subprocess.Popen[bytes]:
        folder = self.store.folder(job.id)
        folder.mkdir(parents=True, exist_ok=True)
        words = [str(self.store.root.resolve()), job.id, str(self.threads), self.device]
        words += [str(self.grants.memory), str(self.nice)]
        with open(folder / "log.txt", "ab") as log:
            return subprocess.Popen(
                [*WORKER, *words],
                stdin=subprocess.PIPE,  # its end tells the child that we are gone
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parent.parent.parent,
                env=os.environ | ENVIRONMENT,
                start_new_session=True,  # a Ctrl-C, or a terminal that closes, is for us alone
            )

    def _is_orphaned(self, job: Job) -> bool:
        """Whether nobody trains it: its process holds a lock as long as it lives."""
        path = self.store.folder(job.id) / LOCK
        try:
            if path.exists():  # or else locking would make the folder
                with FileLock(path, timeout=0):
                    pass
            return True
        except Timeout:
            return False
        except OSError:  # who wants to train it will say what is wrong
            return True

    def _end_children(self) -> None:
        for child in self.children.values():
            close_pipe(child)
        for child in self.children.values():
            try:
                child.wait(GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
            bury(child)


def close_pipe(child: subprocess.Popen[bytes]) -> None:
    if child.stdin:
        child.stdin.close()


def bury(child: subprocess.Popen[bytes]) -> None:
    close_pipe(child)
    child.wait()


def ending(code: int, job: Job) -> tuple[str, str, bool]:
    """(state, message, died) of a job whose process ended with that exit code. A process that ended
    in order has settled its job itself."""
    if code in (0, BUSY):
        return QUEUED, "", False
    if code == DISK:
        return FAILED, "its files cannot be written, the disk may be full" + safe(job.saved), False
    if job.deaths + 1 < MOST_DEATHS:
        return QUEUED, "", True
    if code < 0:
        message = "its process was killed again and again, perhaps for want of memory"
    else:
        message = f"its process ended by a mistake again and again (exit code {code})"
    return FAILED, message, True
