"""The race of diffusion and its rivals, as a job."""

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
from diffviz.jobs.sheets import save_sheet
from diffviz.jobs.work import SHEETS, UNFINISHED, Ended, Work
from diffviz.rivals.race import Race, Round
from diffviz.rivals.record import describe, encoded, title
from diffviz.rivals.settings import RaceSettings
from diffviz.storage import write_whole
from diffviz.training.needs import PROCESS_BYTES, Needs

if TYPE_CHECKING:
    from diffviz.jobs.store import JobStore

NAME = "race"  # of its state's file
# Measured: seconds of an update beside those of its arithmetic, and operations a second in that.
UPDATE_SECONDS, OPERATIONS = 1.5e-3, 2e10
WEIGHT_BYTES, STATE_BYTES = 28, 32  # of each in memory, and on the disk: a state and the one before
SHEETS_BYTES = 4e6


class RaceKind(Kind[RaceSettings]):
    name = "race"
    plan = RaceSettings

    def fields(self, plan: RaceSettings) -> Mapping[str, Any]:
        return plan.said()

    def read(self, fields: dict[str, Any]) -> RaceSettings:
        return RaceSettings(**fields)

    def title(self, plan: RaceSettings) -> str:
        return title(plan)

    def hours(self, plan: RaceSettings) -> float:
        weights, updates = plan.budget()
        update = UPDATE_SECONDS + 6 * weights * plan.batch / OPERATIONS
        critics = plan.critic_updates if "gan" in plan.rivals else 1
        return lanes(plan) * (plan.seconds or updates * update * critics) / 3600

    def needs(self, plan: RaceSettings) -> Needs:
        weights = lanes(plan) * plan.budget()[0]
        finished = SHEETS_BYTES / 1e6
        memory = PROCESS_BYTES / 1e6 + WEIGHT_BYTES * weights / 1e6
        return Needs(memory, STATE_BYTES * weights / 1e6 + finished, finished)

    def told(self, job: Job, folder: Path) -> dict[str, Any]:
        return {"race": describe(job.plan)}

    def work(self, store: JobStore, job: Job, ended: Ended, device: torch.device) -> Work:
        return RaceWork(store, job, ended)  # such small networks are fastest on the CPU


def lanes(plan: RaceSettings) -> int:
    return len(plan.rivals) * plan.seeds


RACE = RaceKind()


class RaceWork(Work):
    """Of a race's curves there is a point for each round, counted as `images`, with the numbers of
    all places; its sheets are their clouds."""

    def __init__(self, store: JobStore, job: Job, ended: Ended, device: torch.device = CPU) -> None:
        super().__init__(store, job, ended, device)
        self.race = Race(job.plan)
        self.path = self.folder / UNFINISHED / f"{NAME}.safetensors"
        if self.path.exists():
            self.load()
        race = self.race
        store.rewind(job.id, race.round - 1, race.seconds(), race.fraction())
        self.sweep(NAME)

    def load(self) -> None:
        """Take up what `save` wrote; raises ValueError where that cannot be read."""
        try:
            with safe_open(self.path, "pt") as file:
                self.race.load_state({key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118
        except SafetensorError as error:
            raise ValueError(f"the unfinished race cannot be read: {error}") from error

    def steps(self, threads: int) -> Iterator[Round | None]:
        for seen in self.race.run():
            if seen:
                self.write(seen)
            yield seen
        self.store.note_saved(self.job.id, self.race.round - 1)

    def write(self, seen: Round) -> None:
        """What there is to be seen of a round."""
        save_sheet(encoded(seen.clouds), self.folder / SHEETS / str(seen.number))
        self.store.note_sample(self.job.id, seen.number)
        race = self.race
        point = Point(seen.number, round(race.fraction(), 5), seen.numbers)
        self.store.progress(self.job.id, point, race.seconds(), race.fraction(), 0.0)

    def save(self) -> None:
        content = save({name: value.contiguous() for name, value in self.race.state().items()})
        write_whole(self.path, lambda temporary: temporary.write_bytes(content))
        self.store.note_saved(self.job.id, max(0, self.race.round - 1))
