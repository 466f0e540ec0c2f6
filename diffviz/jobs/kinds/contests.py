"""Contests as jobs: the race of diffusion and its rivals, and translation without pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from diffviz.device import CPU
from diffviz.jobs.job import Job, Point
from diffviz.jobs.kinds.kind import Kind
from diffviz.jobs.work import SHEETS, UNFINISHED, Ended, Work
from diffviz.rivals.contest import Seen
from diffviz.rivals.kinds import CONTESTS, ContestKind, kind_of
from diffviz.rivals.record import sheet
from diffviz.settings import Settings
from diffviz.storage import write_whole
from diffviz.training.needs import PROCESS_BYTES, Needs

if TYPE_CHECKING:
    from diffviz.jobs.store import JobStore

STATE = "contest"  # the name of its state's file
# Measured: seconds of an update beside those of its arithmetic, and operations a second in that.
UPDATE_SECONDS, OPERATIONS = 1.5e-3, 2e10
WEIGHT_BYTES, STATE_BYTES = 28, 32  # of each in memory, and on the disk: a state and the one before
FINISHED_BYTES = 4e6


class ContestJob(Kind[Settings]):
    """A contest of a kind."""

    def __init__(self, kind: ContestKind) -> None:
        self.kind = kind
        self.name, self.plan = kind.name, kind.settings

    def fields(self, plan: Settings) -> Mapping[str, Any]:
        return plan.said()

    def read(self, fields: dict[str, Any]) -> Settings:
        return self.plan(**fields)

    def title(self, plan: Settings) -> str:
        return self.kind.title(plan)

    def hours(self, plan: Settings) -> float:
        weights, updates, batch, lanes = self.kind.size(plan)
        update = UPDATE_SECONDS + 6 * weights * batch / OPERATIONS
        return lanes * (getattr(plan, "seconds", 0) or updates * update) / 3600

    def needs(self, plan: Settings) -> Needs:
        weights, _, _, lanes = self.kind.size(plan)
        finished = FINISHED_BYTES / 1e6
        memory = PROCESS_BYTES / 1e6 + WEIGHT_BYTES * lanes * weights / 1e6
        return Needs(memory, STATE_BYTES * lanes * weights / 1e6 + finished, finished)

    def told(self, job: Job, folder: Path) -> dict[str, Any]:
        return {"contest": self.kind.describe(job.plan)}

    def work(self, store: JobStore, job: Job, ended: Ended, device: torch.device) -> Work:
        return ContestWork(store, job, ended)  # such small networks are fastest on the CPU


RACE, TRANSLATION = map(ContestJob, CONTESTS.values())


class ContestWork(Work):
    """Of a contest's curves there is a point for each round, counted as `images`, with its numbers;
    its sheets are the clouds."""

    def __init__(self, store: JobStore, job: Job, ended: Ended, device: torch.device = CPU) -> None:
        super().__init__(store, job, ended, device)
        self.contest = kind_of(job.plan).begin(job.plan)
        self.path = self.folder / UNFINISHED / f"{STATE}.safetensors"
        if self.path.exists():
            self.load()
        contest = self.contest
        store.rewind(job.id, contest.round - 1, contest.seconds(), contest.fraction())
        self.sweep(STATE)

    def load(self) -> None:
        """Take up what `save` wrote; raises ValueError where that cannot be read."""
        try:
            with safe_open(self.path, "pt") as file:
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except SafetensorError as error:
            raise ValueError(f"what was unfinished cannot be read: {error}") from error
        self.contest.load_state(tensors)

    def steps(self, threads: int) -> Iterator[Seen | None]:
        for seen in self.contest.run():
            if seen:
                self.write(seen)
            yield seen
        self.store.note_saved(self.job.id, self.contest.round - 1)

    def write(self, seen: Seen) -> None:
        """What there is to be seen of a round."""
        path, contest = self.folder / SHEETS / str(seen.number), self.contest
        write_whole(path, lambda temporary: temporary.write_bytes(sheet(seen.clouds)))
        self.store.note_sample(self.job.id, seen.number)
        fraction = contest.fraction()
        point = Point(seen.number, round(fraction, 5), seen.numbers)
        self.store.progress(self.job.id, point, contest.seconds(), fraction, 0.0)

    def save(self) -> None:
        content = save({name: value.contiguous() for name, value in self.contest.state().items()})
        write_whole(self.path, lambda temporary: temporary.write_bytes(content))
        self.store.note_saved(self.job.id, max(0, self.contest.round - 1))
