"""Recorded jobs, which the page shows to whoever has none: races, and a training, which `python -m
diffviz make recording` makes with the tiny preset, as a visitor would."""

from __future__ import annotations

import json
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from diffviz.config import Config
from diffviz.data import DataChoice
from diffviz.jobs.job import FINISHED, QUEUED, RUNNING
from diffviz.jobs.kinds.training import TRAINING
from diffviz.jobs.trainings import Trainings
from diffviz.rivals.recorded import FILES
from diffviz.storage import write_whole
from diffviz.training.plan import Plan

NAME = "recorded"
FILE = Path(__file__).parent.parent / "data" / "files" / "recorded-training.zip"
PLAN = Plan(DataChoice("digits"), "tiny")
RECORDED = {NAME: FILE, **{f"{NAME}-{name}": path for name, path in FILES.items()}}


@cache
def recorded(name: str = NAME) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The status of one of RECORDED when it was finished, and its sheets, gzipped, by pictures
    seen."""
    with zipfile.ZipFile(RECORDED[name]) as archive:
        status = json.loads(archive.read("status.json"))
        sheets = {images: archive.read(f"sheets/{images}") for images in map(str, status["sheets"])}
    return status, sheets


def recordings(kind: str) -> list[tuple[str, str]]:
    """(id, title) of what is recorded of a kind of job."""
    told = {name: recorded(name)[0] for name in RECORDED}
    return [(name, s["title"]) for name, s in told.items() if s.get("kind", TRAINING.name) == kind]


def make_recording(report: Callable[[str], None], path: Path = FILE) -> int:
    """Train, and write what there was to be seen; returns the file's size in bytes.

    Raises ValueError where the training does not finish.
    """
    with tempfile.TemporaryDirectory() as folder:
        trainings = Trainings(Config(trainings=Path(folder)))
        trainings.supervisor.start()
        job, _ = trainings.begin(PLAN, "0" * 16)
        while (status := trainings.status(job.id))["state"] in (QUEUED, RUNNING):
            report(f"{status['fraction']:.0%}")
            time.sleep(5)
        trainings.supervisor.close()
        if status["state"] != FINISHED:
            raise ValueError(f"the training {status['state']}: {status['message']}")
        status |= {"id": NAME, "recorded": True}
        sheets = {images: trainings.sheet(job.id, images) for images in status["sheets"]}
        trainings.store.close()

    def write(temporary: Path) -> None:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("status.json", json.dumps(status))
            for images, sheet in sheets.items():
                archive.writestr(f"sheets/{images}", sheet, zipfile.ZIP_STORED)

    write_whole(path, write)
    return path.stat().st_size
