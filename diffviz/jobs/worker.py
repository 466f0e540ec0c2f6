"""The process that works on one job: `python -m diffviz.jobs.worker FOLDER JOB THREADS DEVICE MB
NICE`.

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
from contextlib import closing, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from diffviz.device import choose
from diffviz.jobs.job import FAILED, FINISHED, OBEYED
from diffviz.jobs.kinds import kind_of
from diffviz.jobs.store import JobStore
from diffviz.jobs.work import UNFINISHED, Ended
from diffviz.plugins import load_plugins
from diffviz.training.learner import prepare_threads

LOCK = "lock"
GOODBYE_SECONDS = 20  # for a last save, when the app has ended
# Exit codes: not even the store could be written; another process has the job.
DISK, BUSY = 3, 4


def main() -> int:
    folder, job, threads, device = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
    give_way(int(sys.argv[6]))
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


def give_way(nice: int) -> None:
    """Everything else on the machine goes first, by so much, and is kept alive first."""
    os.nice(nice)
    # Linux weighs sessions against each other before it looks at what is nice within one.
    for file, value in (("autogroup", str(nice)), ("oom_score_adj", "1000")):
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
    """Do the job on the device of that name and settle the state that it ends in."""
    job = store.get(name)
    try:
        state, message = OBEYED.get(job.wish), ""
        if not state:
            state = kind_of(job.plan).work(store, job, ended, choose(device)).run(threads)
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


if __name__ == "__main__":
    sys.exit(main())
