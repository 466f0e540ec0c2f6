"""The race as a job of the background worker: queued, told, killed and gone on with like any."""

from __future__ import annotations

import gzip
import json
import math
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from diffviz.config import Config
from diffviz.data import DataChoice
from diffviz.jobs import supervisor, work
from diffviz.jobs.grants import Grants, check_granted
from diffviz.jobs.job import FINISHED, QUEUED, RUNNING
from diffviz.jobs.kinds import kind_of, read_plan, write_plan
from diffviz.jobs.kinds.contests import RACE, ContestWork
from diffviz.jobs.kinds.training import TRAINING
from diffviz.jobs.recording import recorded
from diffviz.jobs.store import JobStore
from diffviz.jobs.trainings import Trainings
from diffviz.rivals.contest import ROUNDS
from diffviz.rivals.kinds import TRANSLATION
from diffviz.rivals.kinds import kind_of as contest_kind
from diffviz.rivals.outcome import outcome, places
from diffviz.rivals.race import FIELDS, Race
from diffviz.rivals.record import Recording, command_of
from diffviz.rivals.recorded import FILES, SETTINGS
from diffviz.rivals.settings import RaceSettings, TranslationSettings
from diffviz.training.plan import Plan
from tests.forks import forking
from tests.waiting import eventually

OWNER = "o" * 32
PLAN = RaceSettings(rivals=("gan", "diffusion"), seeds=1, weights=20_000, updates=64, steps=4)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    made = JobStore(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("plan", [PLAN, RaceSettings(), Plan(DataChoice("digits"), "tiny")])
def test_a_plan_is_kept_with_its_kind(plan: object) -> None:
    assert read_plan(write_plan(plan)) == plan
    assert kind_of(plan) is (RACE if isinstance(plan, RaceSettings) else TRAINING)


def test_a_race_is_held_to_what_is_granted() -> None:
    check_granted(RaceSettings(), Grants(hours=0.5, memory=1000))
    with pytest.raises(ValueError, match="may take 30 minutes here"):
        check_granted(RaceSettings(updates=50_000, seeds=10), Grants(hours=0.5))
    with pytest.raises(ValueError, match="of memory, and there are 500 MB"):
        check_granted(RaceSettings(weights=2_000_000), Grants(memory=500))


def test_a_race_goes_on_from_where_its_app_ended(store: JobStore) -> None:
    job = store.add(PLAN, OWNER)
    assert store.claim() is not None
    looks = iter([False] * 9)
    assert ContestWork(store, job, lambda: next(looks, True)).run() == QUEUED
    stopped = store.get(job.id)
    assert 0 < stopped.saved == stopped.images < ROUNDS
    assert ContestWork(store, stopped, lambda: False).run() == FINISHED
    done = store.get(job.id)
    assert (done.fraction, done.saved) == (1, ROUNDS)

    seen = [found for found in Race(PLAN).run() if found]  # without a break
    _, points = store.points(job.id)
    assert [point.images for point in points] == store.samples(job.id) == list(range(ROUNDS + 1))
    for found, point in zip(seen, points, strict=True):
        told = places(point.losses)
        assert len(point.losses) == len(FIELDS) * len(found.places)
        assert [place.updates for place in told] == [place.updates for place in found.places]
        for place, other in zip(told, found.places, strict=True):
            assert place.score == pytest.approx(other.score, abs=1e-4)
    sheet = store.folder(job.id) / work.SHEETS / str(ROUNDS)
    halves = np.frombuffer(gzip.decompress(sheet.read_bytes()), "<f2")
    cloud = halves.reshape(seen[-1].clouds.shape).astype(np.float32)
    np.testing.assert_allclose(cloud, seen[-1].clouds.numpy(), rtol=1e-3, atol=1e-3)


def test_a_damaged_state_fails_with_a_sentence(store: JobStore) -> None:
    job = store.add(PLAN, OWNER)
    assert ContestWork(store, job, lambda: True).run() == QUEUED
    for content, why in ((b"nonsense", "cannot be read"), (save({"a": torch.zeros(1)}), "another")):
        ContestWork(store, job, lambda: True).path.write_bytes(content)
        with pytest.raises(ValueError, match=why):
            ContestWork(store, job, lambda: True)
        (store.folder(job.id) / work.UNFINISHED / "contest.safetensors").unlink()


def test_a_race_survives_a_kill(
    store: JobStore, forks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "subprocess", forking(forks))
    app = supervisor.Supervisor(store, threads=1, nice=0)
    app.start()
    try:
        job = store.add(PLAN.but(updates=400), OWNER)
        eventually(lambda: store.get(job.id).saved >= 2, "something is saved")
        os.kill(app.children[job.id].pid, signal.SIGKILL)
        eventually(lambda: store.get(job.id).deaths == 1 or store.get(job.id).state == RUNNING)
        eventually(lambda: store.get(job.id).state == FINISHED, "the race is run")
        assert store.get(job.id).message == ""
        _, points = store.points(job.id)
        assert [point.images for point in points] == list(range(ROUNDS + 1))
        assert [place.updates for place in places(points[-1].losses)] == [400, 400]
        assert (store.folder(job.id) / "log.txt").read_text() == ""
    finally:
        app.close()


def test_what_is_told_of_a_race(tmp_path: Path) -> None:
    trainings = Trainings(Config(trainings=tmp_path, training_each=3))
    try:
        job, _ = trainings.begin(PLAN, OWNER)
        other, _ = trainings.begin(Plan(DataChoice("digits"), "tiny"), OWNER)
        assert [brief["id"] for brief in trainings.owned(OWNER)] == [other.id]
        assert [brief["id"] for brief in trainings.owned(OWNER, "race")] == [job.id]
        status = trainings.status(job.id)
        assert (status["kind"], status["usable"]) == ("race", False)
        assert status["title"] == "Eight Gaussians · GAN, Diffusion"
        told = status["contest"]
        assert [rival["label"] for rival in told["rivals"]] == ["GAN", "Diffusion"]
        assert told["shape"] == (2, 1, 200, 2)
        assert told["fresh"]["covered"] == told["modes"] == 8
        assert len(told["data"]) == 2 * 200
        with pytest.raises(ValueError, match="makes no denoiser"):
            trainings.checkpoint(job.id, OWNER)
        with pytest.raises(ValueError, match="unknown rival 'ghost'"):
            trainings.begin(PLAN.but(rivals=("ghost",)), OWNER)
        assert trainings.ask(job.id, OWNER, "pause")["state"] == "paused"
    finally:
        trainings.store.close()


def test_the_outcome_counts_who_collapsed() -> None:
    course = PLAN.on()
    good, lost = (8, 8, 0.01, 0.02), (3, 3, 0.1, 0.9)
    numbers = [n for score in (good, lost, good, good) for n in (64, 1.5, *score)]
    gan, diffusion = outcome(course, 2, places(numbers))
    assert (gan["collapsed"], gan["seeds"], gan["covered"]) == (1, 2, 5.5)
    assert (diffusion["collapsed"], diffusion["covered"], diffusion["modes"]) == (0, 8, 8)


def test_a_translation_is_a_job_too(store: JobStore) -> None:
    plan = TranslationSettings(updates=20, weights=40_000, batch=16, steps=4)
    job = store.add(plan, OWNER)
    assert read_plan(write_plan(plan)) == plan
    looks = iter([False] * 6)
    assert ContestWork(store, job, lambda: next(looks, True)).run() == QUEUED
    assert ContestWork(store, store.get(job.id), lambda: False).run() == FINISHED
    _, points = store.points(job.id)
    told = kind_of(plan).told(job, store.folder(job.id))["contest"]
    assert len(points) == ROUNDS + 1
    assert len(points[-1].losses) == 2 * len(told["fields"])
    assert kind_of(plan).title(plan) == "Two moons to rings"
    sheet = (store.folder(job.id) / work.SHEETS / str(ROUNDS)).read_bytes()
    assert len(gzip.decompress(sheet)) == 2 * 2 * 200 * 2 * 2 == 2 * math.prod(told["shape"])


@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_recorded_is_real_and_says_so(name: str) -> None:
    status, sheets = recorded(f"recorded-{name}")
    kind = contest_kind(SETTINGS[name])
    assert (status["kind"], status["state"], status["recorded"]) == (kind.name, FINISHED, True)
    assert status["id"] == f"recorded-{name}"
    told = dict(status["contest"])
    assert kind.settings(**told["said"]) == SETTINGS[name]
    assert status["command"] == command_of(SETTINGS[name], f"{name}.zip")
    assert [*sheets] == [str(n) for n in status["sheets"]]
    assert status["points"][-1][0] == status["sheets"][-1] == ROUNDS
    recording = Recording(status, sheets)
    assert recording.clouds(ROUNDS).shape == tuple(told["shape"])
    assert len(status["points"][-1]) - 2 == math.prod(told["shape"][:2]) * len(told["fields"]) / (
        2 if kind is TRANSLATION else 1
    )
    now = json.loads(json.dumps(kind.describe(SETTINGS[name])))
    assert now.pop("fresh") == pytest.approx(told.pop("fresh"))
    assert now == told
    assert sum(path.stat().st_size for path in FILES.values()) < 1_000_000


def test_what_is_recorded_of_the_race_is_what_the_page_says_of_it() -> None:
    """The claim: diffusion keeps all modes with every seed; the textbook's GAN loses them, and with
    a gradient penalty keeps them."""
    found = {}
    for name in ("race-eight", "race-gan-penalty"):
        status, _ = recorded(f"recorded-{name}")
        settings = RaceSettings(**status["contest"]["said"])
        last = places(status["points"][-1][2:])
        own = outcome(settings.on(), settings.seeds, last)
        found[name] = dict(zip(settings.rivals, own, strict=True))
    race = found["race-eight"]
    assert (race["diffusion"]["collapsed"], race["diffusion"]["covered"]) == (0, 8)
    assert race["gan"]["collapsed"] == 5
    assert found["race-gan-penalty"]["gan"]["collapsed"] == 0
    assert race["diffusion"]["energy"] == min(each["energy"] for each in race.values())
