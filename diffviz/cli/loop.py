"""A training in the foreground: to its end, or to a stop, after which it can go on."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

from diffviz.cli.parser import note
from diffviz.cli.progress import Report
from diffviz.training import distributed as parallel
from diffviz.training.learner import Learner


def keep_training(
    learner: Learner,
    name: str,
    save: Callable[[], None],
    goes_on: str,
    threads: int,
    save_minutes: float,
) -> None:
    """Train, and save every so many minutes and at the end.

    goes_on: the command that goes on after a stop (Ctrl-C is one), which raises KeyboardInterrupt.
    """
    first = parallel.rank() == 0
    # A step is never left half done: both ways of being stopped wait for its end.
    stop = threading.Event()
    for code in (signal.SIGINT, signal.SIGTERM):
        signal.signal(code, lambda *_: stop.set())
    parallel.wait_for_all()
    if first:
        note(f"training {name}; Ctrl-C saves and stops")
    saved = time.monotonic()
    with Report(learner.images, learner.fraction(), quiet=not first) as report:
        for progress in learner.steps(threads):
            report.show(progress)
            due = time.monotonic() - saved >= 60 * save_minutes
            stopping, saving = parallel.any_of(stop.is_set(), due)
            if stopping or saving:
                parallel.first_does(save)
                saved = time.monotonic()
            if stopping:
                break
    if learner.fraction() < 1:
        if first:
            note(f"stopped; `{goes_on}` goes on")
        raise KeyboardInterrupt
    parallel.first_does(save)
    if first:
        print(f"{name}: {learner.images:,} pictures, {learner.cpu_hours:.2f} CPU hours")
