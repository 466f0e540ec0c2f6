"""The training of a denoiser, as a job."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from diffviz.checkpoints import Card, load_checkpoint, read_card, save_checkpoint
from diffviz.data import DataChoice
from diffviz.device import CPU
from diffviz.jobs.job import Job, Point
from diffviz.jobs.kinds.kind import Kind
from diffviz.jobs.sheets import describe_sheet, draw_sheet, save_sheet
from diffviz.jobs.work import SHEETS, UNFINISHED, Ended, Work
from diffviz.training.files import Order, load_training, save_training, unfinished_names
from diffviz.training.learner import Progress
from diffviz.training.needs import Needs, needs_of
from diffviz.training.plan import Plan, begin, command_of, name_of, title
from diffviz.training.samples import load_samples
from diffviz.training.trainer import Trainer

if TYPE_CHECKING:
    from diffviz.jobs.store import JobStore

LEVELS = 8
# Sheets are drawn ever more rarely, as pictures change ever more slowly.
FIRST_SHEET_SECONDS, SHEET_GROWTH, SHEET_SHARE = 4.0, 1.1, 0.05
MOST_POINTS = 1000


class TrainingKind(Kind[Plan]):
    name = "training"
    plan = Plan

    def fields(self, plan: Plan) -> Mapping[str, Any]:
        return asdict(plan)

    def read(self, fields: dict[str, Any]) -> Plan:
        data = fields.pop("data")
        network = {key: tuple(value) for key, value in fields.pop("network").items()}
        classes: Sequence[str] = data.pop("classes")
        return Plan(data=DataChoice(classes=tuple(classes), **data), network=network, **fields)

    def title(self, plan: Plan) -> str:
        return title(plan)

    def hours(self, plan: Plan) -> float:
        return plan.settings().hours / plan.rounds

    def longer(self, plan: Plan) -> Plan:
        plan = replace(plan, rounds=plan.rounds + 1)
        plan.check()
        return plan

    def needs(self, plan: Plan) -> Needs:
        return needs_of(plan)

    def denoiser(self, plan: Plan) -> str:
        return name_of(plan)

    def told(self, job: Job, folder: Path) -> dict[str, Any]:
        card = card_in(folder, self.denoiser(job.plan))
        settings = job.plan.settings()
        levels = (torch.arange(LEVELS, dtype=torch.float64) + 0.5) / LEVELS
        return {
            "objective": card.parametrization if card else settings.parametrization,
            "ratios": [round(ratio, 5) for ratio in settings.ratio(levels).tolist()],
            "sheet": describe_sheet(card.data) if card else None,
            "credit": f"{card.data.credit} ({card.data.licence})" if card else "",
        }

    def work(self, store: JobStore, job: Job, ended: Ended, device: torch.device) -> Work:
        return TrainingWork(store, job, ended, device)


TRAINING = TrainingKind()


def card_in(folder: Path, name: str) -> Card | None:
    """The card of what a job has learned so far; None before its first checkpoint."""
    path = folder / f"{name}.json"
    try:
        return _card(path, path.stat().st_mtime)
    except FileNotFoundError:
        return None


@lru_cache(64)
def _card(path: Path, _changed: float) -> Card:
    return read_card(path)


class TrainingWork(Work):
    """From the last checkpoint on."""

    def __init__(self, store: JobStore, job: Job, ended: Ended, device: torch.device = CPU) -> None:
        super().__init__(store, job, ended, device)
        self.order, self.trainer = self.open()
        hours, fraction = self.trainer.hours, self.trainer.fraction()
        store.rewind(job.id, self.trainer.images, 3600 * hours, fraction)
        self.sweep(self.order.name)
        self.point_seconds = max(1.0, 3600 * self.trainer.config.hours / MOST_POINTS)
        self.sheet_cost = 0.0

    def open(self) -> tuple[Order, Trainer]:
        """Where it was left, or the beginning."""
        name, unfinished = name_of(self.job.plan), self.folder / UNFINISHED
        if name in unfinished_names(unfinished):
            load = partial(load_samples, device=self.device)
            return load_training(name, load, unfinished, self.device)
        command = command_of(self.job.plan)
        order, trainer = begin(self.job.plan, name, command, device=self.device)
        if self.job.plan.rounds > 1:
            trainer.take_up(load_checkpoint(name, self.folder))
        return order, trainer

    def steps(self, threads: int) -> Iterator[Progress]:
        if self.trainer.images == 0:
            self.checkpoint()
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
            yield progress
        self.checkpoint()
        self.store.note_saved(self.job.id, self.trainer.images)

    def rest(self) -> None:
        self.save()
        self.checkpoint()

    def write(self, curve: Curve, progress: Progress) -> Curve:
        """A point of the curves to the store; returns the beginning of the next."""
        point, speed = curve.point()
        self.store.progress(self.job.id, point, 3600 * progress.hours, progress.fraction, speed)
        return Curve(progress.images)

    def save(self) -> None:
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
