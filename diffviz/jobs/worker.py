"""The process that trains one job: `python -m diffviz.jobs.worker FOLDER JOB THREADS DEVICE MB`.

It lives as long as its standard input is open: when the app ends, however it does, it saves what it
has and ends too. What it is asked for it reads in the store, and what it has done it writes there.
"""

from __future__ import annotations

import errno
import math
import os
import resource
import select
import shutil
import signal
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from diffviz.checkpoints import save_checkpoint
from diffviz.data import load_data_set
from diffviz.device import CPU, choose
from diffviz.jobs.job import FAILED, FINISHED, OBEYED, QUEUED, Job, Point
from diffviz.jobs.sheets import draw_sheet, save_sheet
from diffviz.jobs.store import JobStore
from diffviz.plugins import load_plugins
from diffviz.training.files import Order, load_training, save_training, unfinished_names
from diffviz.training.learner import Progress, Trainer, prepare_threads
from diffviz.training.plan import begin, command_of, name_of

UNFINISHED = "unfinished"  # the folder of a job's resumable state, as the command line has one
SHEETS = "sheets"
LOCK = "lock"
SAVE_SECONDS = 15  # at most so much work is repeated after a kill, and what a save takes
LOOK_SECONDS = 0.3  # between looks at what is asked for
GOODBYE_SECONDS = 20  # for a last save, when the app has ended
# Exit codes: not even the store could be written; another process has the job.
DISK, BUSY = 3, 4
# Sheets are drawn ever more rarely, as pictures change ever more slowly.
FIRST_SHEET_SECONDS, SHEET_GROWTH, SHEET_SHARE = 4.0, 1.1, 0.05
MOST_POINTS = 1000

Ended = Callable[[], bool]


def main() -> int:
    folder, job, threads, device = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    give_way()
    bound_memory(float(sys.argv[5]))
    load_plugins()
    prepare_threads()
    ended = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the app, whose end we notice
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    threading.Thread(target=wait_for_end, args=(ended,), daemon=True).start()
    try:
        with closing(JobStore(folder)) as store:
            if store.find(job) is None:  # deleted meanwhile: do not make its folder again
                return 0
            with FileLock(folder / job / LOCK, timeout=GOODBYE_SECONDS):
                # The lock first: if the app ended before, another's process may have this job now.
                if not app_ended():
                    work(store, job, ended.is_set, threads, device)
    except Timeout:
        complain("another process trains this job\n")
        return BUSY
    except (OSError, sqlite3.Error) as error:
        complain(reason(error, 0) + "\n")
        return DISK
    return 0


def give_way() -> None:
    """Everything else on the machine goes first, and is kept alive first."""
    os.nice(19)
    # Linux weighs sessions against each other before it looks at what is nice within one.
    for file, value in (("autogroup", "19"), ("oom_score_adj", "1000")):
        with suppress(OSError):  # another system, or one without autogroups: nothing to tell
            Path("/proc/self", file).write_text(value)


def bound_memory(megabytes: float) -> None:
    """From now on what would make this process larger than that fails for want of memory."""
    status = Path("/proc/self/status")
    if status.exists() and math.isfinite(megabytes):
        text = status.read_text()
        held, data = (int(text.split(f)[1].split()[0]) * 1024 for f in ("VmRSS:", "VmData:"))
        # Private memory is what can be bounded; what is there already is mostly code.
        bound = max(data, int(megabytes * 1e6) - held + data)
        resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))


def app_ended() -> bool:
    """Whether standard input has come to its end, since nothing is ever written to it."""
    return bool(select.select([sys.stdin], [], [], 0)[0])


def wait_for_end(ended: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    ended.set()
    time.sleep(GOODBYE_SECONDS)
    os._exit(1)


def work(store: JobStore, name: str, ended: Ended, threads: int, device: str = "cpu") -> None:
    """Train the job on the device of that name and settle the state that it ends in."""
    job = store.get(name)
    try:
        state, message = OBEYED.get(job.wish), ""
        state = state or Work(store, job, ended, choose(device)).run(threads)
    except Exception as error:
        if not isinstance(error, (ValueError, OSError, sqlite3.Error)):
            complain(traceback.format_exc())
        now = store.find(name)
        state, message = FAILED, reason(error, now.saved if now else 0)
    store.settle(name, state, message)
    if state == FINISHED:  # only now: a kill before this would have lost all
        shutil.rmtree(store.folder(name) / UNFINISHED, ignore_errors=True)


def complain(text: str) -> None:
    """To the log, unless the disk is full: print would fail then, or the exit after it."""
    with suppress(OSError):
        os.write(sys.stderr.fileno(), text.encode())


def reason(error: Exception, saved: int) -> str:
    """What went wrong, for the job's owner."""
    number = getattr(error, "errno", None)
    if number is not None or isinstance(error, sqlite3.Error):
        full = number in (errno.ENOSPC, errno.EDQUOT) or "full" in str(error)
        words = getattr(error, "strerror", None) or error  # without the path: it is the host's
        what = "the disk is full" if full else f"its files cannot be read or written ({words})"
        return what + safe(saved)
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return "there is not enough memory for this: choose fewer channels or a smaller batch"
    if isinstance(error, (ValueError, OSError)):  # written for people to read
        return str(error)
    return f"training broke off by a mistake of ours ({type(error).__name__}: {error})"


def safe(saved: int) -> str:
    """What is left of a training that failed."""
    return f"; the checkpoint after {saved:,} pictures is safe" if saved else ""


class Work:
    """One sitting of training: from the last checkpoint to the end, or to where it is stopped."""

    def __init__(self, store: JobStore, job: Job, ended: Ended, device: torch.device = CPU) -> None:
        self.store = store
        self.job = job
        self.ended = ended
        self.device = device
        self.folder = store.folder(job.id)
        self.order, self.trainer = self.open()
        hours, fraction = self.trainer.hours, self.trainer.fraction()
        store.rewind(job.id, self.trainer.images, 3600 * hours, fraction)
        self.sweep()
        self.point_seconds = max(1.0, 3600 * self.trainer.config.hours / MOST_POINTS)
        self.sheet_cost = 0.0

    def open(self) -> tuple[Order, Trainer]:
        """Where it was left, or the beginning."""
        name, unfinished = name_of(self.job.plan), self.folder / UNFINISHED
        if name in unfinished_names(unfinished):
            return load_training(name, load_data_set, unfinished, self.device)
        command = command_of(self.job.plan)
        return begin(self.job.plan, name, command, device=self.device)

    def sweep(self) -> None:
        """Delete what a killed process left: half-written files, sheets after its checkpoint."""
        name, sheets = name_of(self.job.plan), self.folder / SHEETS
        for folder, leftovers in (
            (self.folder, f".{name}.*"),  # as write_whole names its temporary files
            (self.folder / UNFINISHED, ".*"),
            (sheets, ".*"),
        ):
            for path in folder.glob(leftovers):
                path.unlink(missing_ok=True)
        kept = set(map(str, self.store.samples(self.job.id)))
        for path in sheets.glob("*"):
            if path.name not in kept:
                path.unlink(missing_ok=True)

    def run(self, threads: int = 1) -> str:
        """Train; returns the state that the job is in then."""
        if self.trainer.images == 0:
            self.checkpoint()
        saved = looked = time.monotonic()
        sheet_at = self.next_sheet()
        curve = Curve()
        for progress in self.trainer.steps(threads):
            curve.add(progress)
            now = time.monotonic()
            if now - curve.since >= self.point_seconds or progress.fraction == 1:
                curve = self.write(curve, progress)
            if 3600 * progress.hours >= sheet_at and progress.fraction < 1:
                self.checkpoint()
                sheet_at = self.next_sheet()
            if now - saved >= SAVE_SECONDS:
                self.save()
                saved = now
            if now - looked >= LOOK_SECONDS or self.ended():
                looked = now
                if state := self.asked():
                    return state
        self.checkpoint()
        self.store.note_saved(self.job.id, self.trainer.images)
        return FINISHED

    def asked(self) -> str:
        """The state to end in when its owner or the app's end asks for one, "" otherwise."""
        if self.ended():
            self.save()
            return QUEUED  # first in line when the app is back
        wish = self.store.wish(self.job.id)
        if wish in ("pause", "stop"):
            self.save()
            self.checkpoint()
        return OBEYED.get(wish, "")

    def write(self, curve: Curve, progress: Progress) -> Curve:
        """A point of the curves to the store; returns the beginning of the next."""
        point, speed = curve.point()
        self.store.progress(self.job.id, point, 3600 * progress.hours, progress.fraction, speed)
        return Curve(progress.images)

    def save(self) -> None:
        """All that training goes on from."""
        save_training(self.order, self.trainer, self.folder / UNFINISHED)
        self.store.note_saved(self.job.id, self.trainer.images)

    def checkpoint(self) -> None:
        """The denoiser as it is now, for Sample and for download, and what it draws."""
        started, images = time.monotonic(), self.trainer.images
        checkpoint = self.trainer.checkpoint(self.order.name, self.order.command)
        save_checkpoint(checkpoint, self.folder)
        save_sheet(draw_sheet(checkpoint), self.folder / SHEETS / str(images))
        self.store.note_sample(self.job.id, images)
        self.sheet_cost = time.monotonic() - started

    def next_sheet(self) -> float:
        """After how many seconds of training the next sheet is due."""
        now = 3600 * self.trainer.hours
        pause = max(FIRST_SHEET_SECONDS, self.sheet_cost / SHEET_SHARE)
        return max(now + pause, now * SHEET_GROWTH)


class Curve:
    """The steps since the last point of the curves."""

    def __init__(self, images: int | None = None) -> None:
        self.since = time.monotonic()
        self.begun = images
        self.steps: list[Progress] = []

    def add(self, progress: Progress) -> None:
        self.steps.append(progress)

    def point(self) -> tuple[Point, float]:
        """The point, and pictures a second."""
        steps, last = self.steps, self.steps[-1].images
        loss, *levels = torch.stack([step.means for step in steps]).mean(0).tolist()
        begun = steps[0].images if self.begun is None else self.begun
        speed = (last - begun) / (time.monotonic() - self.since)
        rounded = tuple(round(level, 5) for level in levels)
        return Point(last, round(loss, 5), rounded), round(speed, 1)


if __name__ == "__main__":
    sys.exit(main())
