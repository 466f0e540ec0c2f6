"""Trainings after their end: they go on, have names, and come back as they were downloaded."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

from diffviz.config import Config
from diffviz.data import DataChoice
from diffviz.jobs.job import FINISHED, QUEUED
from diffviz.jobs.trainings import Trainings
from diffviz.jobs.worker import work
from diffviz.training.plan import Plan
from tests.waiting import eventually

OWNER, OTHER = "o" * 32, "x" * 32
NETWORK = {"channels": (16, 32), "blocks": (1, 1)}
PLAN = Plan(
    DataChoice("digits"), "tiny", network=NETWORK, config={"images": 128, "batch": 64, "hours": 1.0}
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Trainings, str]]:
    """A training that has finished."""
    trainings = Trainings(Config(trainings=tmp_path_factory.mktemp("trainings")))
    job, _ = trainings.begin(PLAN, OWNER)
    assert ended(trainings) == FINISHED
    yield trainings, job.id
    trainings.store.close()


def ended(trainings: Trainings) -> str:
    """The state of the job whose turn it is, when it has had it."""
    job = trainings.store.claim()
    assert job
    work(trainings.store, job.id, lambda: False, threads=1)
    return trainings.store.get(job.id).state


def file_of(trainings: Trainings, job: str, folder: Path) -> Path:
    """Its denoiser as it is downloaded."""

    def once(name: str, _: str, write: Callable[[Path], None]) -> Path:
        write(folder / name)
        return folder / name

    return trainings.denoiser_file(job, OWNER, once)


def levels(sheet: bytes) -> torch.Tensor:
    """The levels in a sheet of samples."""
    return torch.tensor(list(gzip.decompress(sheet)))


# --- Names ---


def test_a_training_has_a_name(tmp_path: Path) -> None:
    trainings = Trainings(Config(trainings=tmp_path))
    job, _ = trainings.begin(PLAN, OWNER)
    about = trainings.status(job.id)["title"]
    told = trainings.rename(job.id, OWNER, "  My first\n<b>one</b> ")
    assert (told["title"], told["about"]) == ("My first <b>one</b>", about)
    assert trainings.owned(OWNER)[0]["title"] == "My first <b>one</b>"
    with pytest.raises(ValueError, match="at most 60 letters, not 61"):
        trainings.rename(job.id, OWNER, "x" * 61)
    with pytest.raises(ValueError, match="only the one who started"):
        trainings.rename(job.id, OTHER, "mine")
    assert trainings.rename(job.id, OWNER, "")["title"] == about
    trainings.store.close()


def test_a_store_from_before_there_were_names(tmp_path: Path) -> None:
    trainings = Trainings(Config(trainings=tmp_path))
    job, _ = trainings.begin(PLAN, OWNER)
    trainings.store.close()
    with sqlite3.connect(tmp_path / "jobs.sqlite3") as database:
        database.execute("ALTER TABLE jobs DROP COLUMN name")
    database.close()
    trainings = Trainings(Config(trainings=tmp_path))
    assert trainings.status(job.id)["title"] == "digits · tiny"
    assert trainings.rename(job.id, OWNER, "old")["title"] == "old"
    trainings.store.close()


# --- Going on ---


def test_what_has_finished_goes_on(tmp_path: Path) -> None:
    trainings = Trainings(Config(trainings=tmp_path))
    job, _ = trainings.begin(PLAN, OWNER)
    ended(trainings)
    first = trainings.checkpoint(job.id, OWNER)
    weights = {name: value.clone() for name, value in first.network.state_dict().items()}
    assert trainings.ask(job.id, OWNER, "resume")["state"] == QUEUED
    assert trainings.status(job.id)["title"] == "digits · tiny"
    assert ended(trainings) == FINISHED
    second = trainings.checkpoint(job.id, OWNER)
    assert (first.card.images_seen, second.card.images_seen) == (128, 256)
    assert second.card.cpu_hours > first.card.cpu_hours
    assert "--images 256" in second.card.training["command"]
    # An answer may be half a second old, in which all of this is done.
    eventually(lambda: trainings.status(job.id)["points"][-1][0] == 256)
    status = trainings.status(job.id)
    assert status["sheets"][0] == 0  # what was drawn before is still there
    now = second.network.state_dict()
    apart = [float((now[name] - value).abs().max()) for name, value in weights.items()]
    assert 0 < max(apart) < 0.1  # it has learned, and not from random weights
    trainings.store.close()


def test_a_longer_one_asks_for_as_much_time_as_before(tmp_path: Path) -> None:
    trainings = Trainings(Config(trainings=tmp_path, training_hours=1.0))
    job, _ = trainings.begin(PLAN, OWNER)
    for _ in range(3):
        trainings.store.settle(trainings.store.claim().id, FINISHED)  # type: ignore[union-attr]
        assert trainings.ask(job.id, OWNER, "resume")["state"] == QUEUED
    assert trainings.store.get(job.id).plan.settings().images == 4 * 128
    trainings.store.close()


# --- Uploaded again ---


def test_a_denoiser_comes_back(finished: tuple[Trainings, str], tmp_path: Path) -> None:
    trainings, job = finished
    path = file_of(trainings, job, tmp_path)
    taken = trainings.upload(path, OTHER)
    assert [brief["title"] for brief in trainings.owned(OTHER)] == ["digits · uploaded"]
    before, after = trainings.checkpoint(job, OWNER), trainings.checkpoint(taken.id, OTHER)
    assert after.card.images_seen == before.card.images_seen
    for name, value in before.network.state_dict().items():
        assert torch.equal(after.network.state_dict()[name], value)
    assert ended(trainings) == FINISHED
    status = trainings.status(taken.id)
    assert status["sheets"] == [128]
    # As drawn by the training, but for rounding: weights that lie elsewhere are summed in another
    # order on some processors.
    drawn, again = (levels(trainings.sheet(name, 128)) for name in (job, taken.id))
    assert float((drawn - again).abs().max()) <= 1
    with pytest.raises(ValueError, match="does not go on"):
        trainings.ask(taken.id, OTHER, "resume")
    assert trainings.ask(taken.id, OTHER, "delete") == {"gone": taken.id}


Change = Callable[[dict[str, Any], dict[str, torch.Tensor]], None]


def said(**changes: Any) -> Change:
    return lambda card, _: card.update(changes)


def of_data(**changes: Any) -> Change:
    return lambda card, _: card["data"].update(changes)


BAD: dict[str, tuple[Change, str]] = {
    "another name": (said(name="other"), "as it was downloaded"),
    "no number": (said(images_seen="many"), "numbers are none"),
    "half a picture": (said(images_seen=1.5), "numbers are none"),
    "no card": (said(network=3), "not a denoiser's card"),
    "unknown field": (said(more=1), "not a denoiser's card"),
    "another network": (lambda card, _: card["network"].update(channels=[16, 64]), "do not fit"),
    "endless network": (
        lambda card, _: card["network"].update(blocks=[10**6, 1]),
        "not a denoiser",
    ),
    "points": (of_data(medium="points", shape=[2]), "pictures"),
    "large": (of_data(shape=[1, 4096, 4096]), "no pictures have the shape"),
    "small": (of_data(shape=[1, 4, 4]), "8 to 64 pixels"),
    "other classes": (of_data(slots=[]), "other conditions"),
    "long words": (of_data(credit="x" * 201), "too long"),
    "words twice": (lambda card, _: card["data"]["slots"][0].update(values=["0"] * 10), "twice"),
    "no weights": (lambda _, weights: weights.clear(), "do not fit"),
    "not a number": (
        lambda _, weights: next(iter(weights.values())).fill_(torch.nan),
        "no numbers",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_changed_one_is_refused(
    finished: tuple[Trainings, str], tmp_path: Path, case: str
) -> None:
    trainings, job = finished
    change, sentence = BAD[case]
    with zipfile.ZipFile(file_of(trainings, job, tmp_path)) as archive:
        card = json.loads(archive.read("my-digits.json"))
        weights = load(archive.read("my-digits.safetensors"))
    change(card, weights)
    path = zipped(
        tmp_path,
        {"my-digits.json": json.dumps(card).encode(), "my-digits.safetensors": save(weights)},
    )
    folders = set(trainings.store.root.iterdir())
    with pytest.raises(ValueError, match=sentence):
        trainings.upload(path, OTHER)
    assert set(trainings.store.root.iterdir()) == folders
    assert trainings.owned(OTHER) == []


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "as it was downloaded"),
        ({"a.json": b"{}"}, "as it was downloaded"),
        ({"a.json": b"{}", "b.safetensors": b""}, "as it was downloaded"),
        ({"a.json": b"{}", "a.safetensors": b"", "a.txt": b""}, "as it was downloaded"),
        ({"a b.json": b"{}", "a b.safetensors": b""}, "name has up to 64 letters"),
        ({"a.json": b"{}", "a.safetensors": b""}, "not a denoiser's card"),
        ({"a.json": b"[" * 2**19, "a.safetensors": b""}, "not a denoiser's card"),
        ({"a.json": b"{" * (2**20 + 1), "a.safetensors": b""}, "more than 1 MB"),
        ({"../../a.json": b"{}", "/etc/a.safetensors": b""}, "not a denoiser's card"),
    ],
)
def test_other_zips_are_refused(
    finished: tuple[Trainings, str], tmp_path: Path, files: dict[str, bytes], sentence: str
) -> None:
    trainings, _ = finished
    folders = set(trainings.store.root.iterdir())
    with pytest.raises(ValueError, match=sentence):
        trainings.upload(zipped(tmp_path, files), OTHER)
    assert set(trainings.store.root.iterdir()) == folders


def test_what_is_no_zip_is_refused(finished: tuple[Trainings, str], tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"PK\3\4 or so")
    with pytest.raises(ValueError, match="as it was downloaded"):
        finished[0].upload(tmp_path / "no.zip", OTHER)


def zipped(folder: Path, files: dict[str, bytes]) -> Path:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    path = folder / "upload.zip"
    path.write_bytes(content.getvalue())
    return path
