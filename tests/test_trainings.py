"""The app's trainings: who may have what, how it is told, and the settings of the server."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from diffviz.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from diffviz.config import Config
from diffviz.data import DataChoice
from diffviz.jobs.job import FINISHED, Point
from diffviz.jobs.kinds.training import TRAINING
from diffviz.jobs.recording import recorded
from diffviz.jobs.trainings import POLL_SECONDS, POLLS, Trainings
from diffviz.serving.models import Models
from diffviz.training.plan import Plan
from diffviz.ui.edit.tab import asked as edit_asked
from diffviz.ui.edit.tab import own_denoisers

ROOT = Path(__file__).parent.parent
OWNER, OTHER = "o" * 32, "x" * 32
PLAN = Plan(DataChoice("digits"), "tiny")


@pytest.fixture
def trainings(tmp_path: Path) -> Iterator[Trainings]:
    """Without its supervisor: what is begun waits."""
    made = Trainings(Config(trainings=tmp_path, training_each=2, training_queue=3))
    yield made
    made.store.close()


def test_what_is_begun_waits_and_is_its_owner_s(trainings: Trainings) -> None:
    first, _ = trainings.begin(PLAN, OWNER)
    second, _ = trainings.begin(PLAN, OTHER)
    assert [job["id"] for job in trainings.owned(OWNER)] == [first.id]
    assert trainings.status(second.id)["position"] == 2
    with pytest.raises(ValueError, match="only the one who started"):
        trainings.ask(second.id, OWNER, "stop")
    assert trainings.ask(second.id, OTHER, "stop")["state"] == "stopped"
    assert trainings.ask(first.id, OWNER, "delete") == {"gone": first.id}
    with pytest.raises(ValueError, match="no such training"):
        trainings.status(first.id)


def test_there_is_room_for_so_many(trainings: Trainings) -> None:
    for _ in range(2):
        trainings.begin(PLAN, OWNER)
    with pytest.raises(ValueError, match="you have 2 trainings"):
        trainings.begin(PLAN, OWNER)
    trainings.begin(PLAN, OTHER)
    with pytest.raises(ValueError, match="queue of trainings is full"):
        trainings.begin(PLAN, "y" * 32)


@pytest.mark.parametrize("job", ["", "..", "../../etc/passwd", "A" * 16, "f" * 15, None, 7])
def test_an_id_is_no_path(trainings: Trainings, job: str) -> None:
    for ask in (trainings.status, lambda j: trainings.sheet(j, 0)):
        with pytest.raises(ValueError, match="no such training"):
            ask(job)


@pytest.mark.parametrize("token", ["", "short", "x" * 65, "with space in it, alas", None, 1e300])
def test_a_token_is_a_token(trainings: Trainings, token: str) -> None:
    with pytest.raises(ValueError, match="owner's token"):
        trainings.begin(PLAN, token)


def test_a_training_may_not_take_longer_than_the_host_allows(tmp_path: Path) -> None:
    trainings = Trainings(Config(trainings=tmp_path, training_hours=0.5))
    with pytest.raises(ValueError, match="may take 30 minutes here"):
        trainings.begin(Plan(DataChoice("digits"), "tiny", config={"hours": 1.0}), OWNER)
    trainings.store.close()


def test_own_pictures_that_will_not_do_leave_nothing_behind(trainings: Trainings) -> None:
    with pytest.raises(ValueError, match="at least 16"):
        trainings.begin(Plan(DataChoice("own"), "tiny"), OWNER, [])
    assert trainings.owned(OWNER) == []
    assert [path for path in trainings.store.root.iterdir() if path.is_dir()] == []


def test_only_the_owner_samples_with_it_unless_the_host_shares(trainings: Trainings) -> None:
    job, _ = trainings.begin(PLAN, OWNER)
    with pytest.raises(ValueError, match="not learned anything yet"):
        trainings.checkpoint(job.id, OWNER)
    with pytest.raises(ValueError, match="only the one who trained"):
        trainings.checkpoint(job.id, OTHER)
    trainings.settings = Config(trainings=trainings.store.root, share_trainings=True)
    with pytest.raises(ValueError, match="not learned anything yet"):
        trainings.checkpoint(job.id, OTHER)


def test_points_come_once(trainings: Trainings) -> None:
    job, _ = trainings.begin(PLAN, OWNER)
    trainings.store.progress(job.id, Point(128, 0.5, (0.1,) * 8), 1.0, 0.1, 128.0)
    status = trainings.status(job.id)
    assert status["points"] == [[128, 0.5, *(0.1,) * 8]]
    assert trainings.status(job.id, status["newest"])["points"] == []
    assert len(status["ratios"]) == 8
    assert status["left"] == 9


def test_many_watchers_are_asked_to_come_less_often(
    trainings: Trainings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """80 of them, each asking again after the pause it was told, come to POLLS a second or so."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert trainings.pause_between_polls() == POLL_SECONDS[0]
    due = [now + i / 80 for i in range(80)]
    polls = 0
    while now < 1060:
        index = due.index(min(due))
        now = due[index]
        due[index] = now + trainings.pause_between_polls()
        polls += now > 1030
    assert polls / 30 == pytest.approx(POLLS, rel=0.2)


def test_what_nobody_touched_for_long_is_deleted(trainings: Trainings) -> None:
    job, _ = trainings.begin(PLAN, OWNER)
    trainings.ask(job.id, OWNER, "stop")
    with sqlite3.connect(trainings.store.root / "jobs.sqlite3") as database:
        database.execute("UPDATE jobs SET changed = 0 WHERE id = ?", (job.id,))
    database.close()
    trainings.begin(PLAN, OTHER)
    assert trainings.owned(OWNER) == []


def test_the_recorded_training_is_a_real_one() -> None:
    status, sheets = recorded()
    assert status["state"] == FINISHED
    assert status["points"][-1][1] < 0.5 * status["points"][0][1]
    views, shape = status["sheet"]["views"], status["sheet"]["shape"]
    size = len(views)
    for side in shape:
        size *= side
    unpacked = [gzip.decompress(sheet) for sheet in sheets.values()]
    assert {len(sheet) for sheet in unpacked} == {size}
    noise = size // len(views) // shape[0]  # x_t of the first step: the same noise in all
    assert len({sheet[:noise] for sheet in unpacked}) == 1
    assert len({sheet[-noise:] for sheet in unpacked}) == len(unpacked)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DIFFVIZ_TRAINING_JOBS", "0"),
        ("DIFFVIZ_TRAINING_THREADS", "many"),
        ("DIFFVIZ_TRAINING_HOURS", "nan"),
        ("DIFFVIZ_TRAINING", "perhaps"),
    ],
)
def test_a_wrong_setting_is_a_sentence_at_start(name: str, value: str) -> None:
    started = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {name: value},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode != 0
    assert f"{name}={value!r} will not do" in started.stderr
    assert "Traceback" not in started.stderr


def test_a_denoiser_of_ones_own_is_offered_in_edit_to_its_owner(trainings: Trainings) -> None:
    job, _ = trainings.begin(PLAN, OWNER)
    backend: Any = SimpleNamespace(models=Models(cast(Any, None), trainings))
    assert own_denoisers(backend, {"owner": OWNER}) == {"denoisers": []}  # it knows nothing yet
    fashion = load_checkpoint("fashion")
    card = replace(fashion.card, name=TRAINING.denoiser(PLAN))
    save_checkpoint(Checkpoint(card, fashion.network), trainings.store.folder(job.id))
    name = f"training:{job.id}"
    (mine,) = own_denoisers(backend, {"owner": OWNER})["denoisers"]
    assert (mine["name"], mine["shape"], mine["speaks"]) == (name, (1, 28, 28), False)
    assert mine["label"] == f"Yours: {trainings.status(job.id)['title']}"
    assert "dress" in mine["things"]
    assert own_denoisers(backend, {"owner": OTHER}) == {"denoisers": []}
    assert own_denoisers(backend, {"owner": ""}) == {"denoisers": []}
    assert "error" in own_denoisers(backend, None)

    wanted: dict[str, Any] = {
        "picture": {"example": "boot"},
        "settings": {"task": "outpaint", "denoiser": name, "steps": 2},
    }
    asked = edit_asked(backend, {**wanted, "owner": OWNER})
    assert (asked.name, asked.token, asked.posed.shape) == (name, OWNER, (1, 28, 28))
    with pytest.raises(ValueError, match="only the one who trained this denoiser"):
        edit_asked(backend, {**wanted, "owner": OTHER})
