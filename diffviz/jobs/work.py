"""One sitting of a job's work, whatever its kind: from where it was left to the end, or to where it
is stopped."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch

from diffviz.device import CPU
from diffviz.jobs.job import FINISHED, OBEYED, QUEUED, Job

if TYPE_CHECKING:
    from diffviz.jobs.store import JobStore

UNFINISHED = "unfinished"  # the folder of a job's resumable state, as the command line has one
SHEETS = "sheets"
SAVE_SECONDS = 15  # at most so much work is repeated after a kill, and what a save takes
LOOK_SECONDS = 0.3  # between looks at what is asked for

Ended = Callable[[], bool]


class Work(ABC):
    """ended: whether the app has. The work itself is `steps`, between two of which it can be
    saved."""

    def __init__(self, store: JobStore, job: Job, ended: Ended, device: torch.device = CPU) -> None:
        self.store = store
        self.job = job
        self.ended = ended
        self.device = device
        self.folder = store.folder(job.id)

    @abstractmethod
    def steps(self, threads: int) -> Iterator[object]:
        """The work, from where it was left to the end."""

    @abstractmethod
    def save(self) -> None:
        """Write all that it goes on from, and tell the store."""

    def rest(self) -> None:
        """What there is to be done when its owner pauses or stops it."""
        self.save()

    def run(self, threads: int = 1) -> str:
        """Do it; returns the state that the job is in then."""
        saved = looked = time.monotonic()
        for _ in self.steps(threads):
            now = time.monotonic()
            if now - saved >= SAVE_SECONDS:
                self.save()
                saved = now
            if now - looked >= LOOK_SECONDS or self.ended():
                looked = now
                if state := self.asked():
                    return state
        return FINISHED

    def asked(self) -> str:
        """The state to end in when its owner or the app's end asks for one, "" otherwise."""
        if self.ended():
            self.save()
            return QUEUED  # first in line when the app is back
        wish = self.store.wish(self.job.id)
        if wish in ("pause", "stop"):
            self.rest()
        return OBEYED.get(wish, "")

    def sweep(self, name: str) -> None:
        """Delete what a killed process left: half-written files, sheets after its last save."""
        sheets = self.folder / SHEETS
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
