"""The nearest training pictures: what the shipped index finds, against the data set itself."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from diffviz.autoencoders import autoencoder_of
from diffviz.data import DataChoice
from diffviz.data.digits import load_digits
from diffviz.data.fashion.measured import nearest as shipped
from diffviz.data.fashion.pictures import CLASSES, FOLDER, load_fashion, load_fashion_subset
from diffviz.data.heroes.stacks import Heroes
from diffviz.data.own.pictures import OwnPictures, pack
from diffviz.data.portraits.pictures import load_portraits
from diffviz.denoisers.exact import MixtureDenoiser
from diffviz.forward import SeededNoise
from diffviz.measure.indexing import index_of
from diffviz.measure.nearest import (
    COPY_SHARE,
    QUANTILES,
    SHEET_COLUMNS,
    Index,
    _pack,
    _unpack,
    judge,
    load_index,
    nearer_than,
    nearest,
    search,
)
from diffviz.media.decoding import load_picture
from diffviz.media.files import save_png
from diffviz.samplers import sample
from diffviz.schedules import make_schedule
from diffviz.serving.models import Models
from diffviz.serving.turns import Turns
from diffviz.ui.sample.nearest import _nearest_of_file, nearest_pictures

DECODERS = SimpleNamespace(picture=load_picture)
MODELS = Models(cast(Any, None), None)
BACKEND: Any = SimpleNamespace(searches=Turns(1, 5), decoders=DECODERS, models=MODELS)
needs_all = pytest.mark.skipif(not Path(FOLDER).exists(), reason="needs dataset-fashion-mnist")


KNOWN = shipped()
FILE = KNOWN.file


def some(split: str, count: int) -> Tensor:
    """Pictures of all classes in −1..1, from what ships."""
    return load_fashion_subset(split).balanced(count // len(CLASSES)).rows(slice(None))[0]


def in_base64(pictures: Tensor) -> str:
    levels = ((pictures + 1) * 127.5).round().byte()
    return base64.b64encode(levels.numpy().tobytes()).decode()


def test_the_index_is_small_whole_and_no_pickle() -> None:
    assert FILE.stat().st_size < 8_000_000
    with np.load(FILE, allow_pickle=False) as arrays:
        assert arrays["labels"].shape == (60_000,)
    index = load_index(KNOWN)
    assert index.levels.shape == (60_000, 784)
    assert index.labels.bincount().tolist() == [6_000] * len(CLASSES)
    assert load_index(KNOWN) is index
    assert "fashion-nearest" in (FILE.parent / "LICENCE-fashion-subset.txt").read_text()


@pytest.mark.parametrize("name", ["test_distances", "errors"])
def test_quantiles_rise(name: str) -> None:
    quantiles = getattr(load_index(KNOWN), name)
    assert quantiles.shape == QUANTILES.shape
    assert (np.diff(quantiles) >= 0).all()
    assert 0 < quantiles[0] < quantiles[-1] < 2
    shares = [nearer_than(KNOWN, distance) for distance in quantiles]
    assert shares == sorted(shares, reverse=True)
    assert nearer_than(KNOWN, 0) == 1
    assert nearer_than(KNOWN, 2) == 0


def test_copies_are_much_nearer_than_real_pictures() -> None:
    """What compression leaves of a training picture is itself: nothing else is to be told apart."""
    index = load_index(KNOWN)
    assert index.errors[-1] < np.interp(0.01, QUANTILES, index.test_distances)


@needs_all
def test_the_nearest_found_is_the_nearest() -> None:
    """By brute force on the original pictures; the index may be off by its compression's error."""
    queries = some("test", 200)
    levels = load_fashion("train").images.flatten(1)
    squares = levels.float().square().sum(1)
    rows, distances = search(((queries + 1) * 127.5).round().byte().flatten(1), levels, squares, 3)
    found = nearest(KNOWN, queries, 3)
    error = load_index(KNOWN).errors[-1]
    assert (found.distances - distances).abs().max() < error
    # Its true distance is that of the nearest but for a hair, and mostly it is the very picture.
    true = (queries.flatten(1) - levels[found.rows[:, 0]].float() / 127.5 + 1).square()
    assert (true.mean(1).sqrt() - distances[:, 0]).max() < 0.02
    assert (found.rows[:, 0] == rows[:, 0]).float().mean() > 0.9


def test_distance_is_the_root_mean_square_over_pixels() -> None:
    index = load_index(KNOWN)
    queries = torch.rand(3, 1, 28, 28, generator=Generator().manual_seed(0)) * 2 - 1
    queries = ((queries + 1) * 127.5).round() / 127.5 - 1
    found = nearest(KNOWN, queries, 4)
    known = index.levels.double() / 127.5 - 1
    everything = known[None] - queries.double().flatten(1)[:, None]
    expected = everything.square().mean(2).sqrt().topk(4, largest=False)
    assert torch.equal(found.rows, expected.indices)
    assert torch.allclose(found.distances.double(), expected.values, atol=1e-5)
    again = (found.pictures - queries[:, None]).square().mean((2, 3, 4)).sqrt()
    assert torch.allclose(found.distances, again, atol=1e-5)
    assert torch.equal(found.classes, index.labels[found.rows])
    assert (found.distances.diff(dim=1) >= 0).all()


def test_training_pictures_are_copies_and_find_themselves() -> None:
    found = nearest(KNOWN, some("train", 500), 1)
    assert all(judge(KNOWN, distance) == "copy" for distance in found.distances.flatten().tolist())
    assert torch.equal(found.classes.flatten(), load_fashion_subset("train").balanced(50).labels)


def test_real_test_pictures_are_none() -> None:
    found = nearest(KNOWN, some("test", 500), 1)
    verdicts = [judge(KNOWN, distance) for distance in found.distances.flatten().tolist()]
    assert verdicts.count("new") > 0.95 * len(verdicts)
    assert verdicts.count("copy") <= max(2, 5 * COPY_SHARE * len(verdicts))


def test_the_optimum_for_the_data_only_copies() -> None:
    """The minimum of the training loss samples nothing but training pictures."""
    optimum = MixtureDenoiser(some("train", 1000), 0.0)
    schedule = make_schedule("cosine", 1000)
    noise = SeededNoise(range(5), (1, 28, 28))
    *_, last = sample(optimum, schedule, schedule.grid(20, "trailing"), noise, "ddim")
    assert [judge(KNOWN, d) for d in nearest(KNOWN, last.x, 1).distances.flatten().tolist()] == [
        "copy"
    ] * 5


def test_a_sheet_gives_its_pictures_back_in_their_places() -> None:
    images = torch.zeros(2 * SHEET_COLUMNS, 28, 28, dtype=torch.uint8)
    for i in range(len(images)):
        images[i, 4:24, 4:24] = 2 * i
    again = _unpack(_pack(images), len(images), 28).view_as(images)
    assert (again.float() - images.float()).abs().mean() < 2
    assert (again[:, 14, 14].float() - images[:, 14, 14].float()).abs().max() < 6


@pytest.mark.parametrize(
    ("pictures", "k", "told"),
    [
        (torch.zeros(2, 1, 28, 27), 1, r"must be \(B, 1, 28, 28\)"),
        (torch.zeros(28, 28), 1, "must be"),
        (torch.full((1, 1, 28, 28), torch.nan), 1, "no numbers"),
        (torch.zeros(1, 1, 28, 28), 0, "k must be from 1 to"),
        (torch.zeros(1, 1, 28, 28), 60_000, "k must be from 1 to"),
    ],
)
def test_bad_input_is_told(pictures: Tensor, k: int, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        nearest(KNOWN, pictures, k)


@pytest.mark.alone
def test_sixteen_pictures_are_looked_up_at_once() -> None:
    queries = some("test", 20)[:16]
    nearest(KNOWN, queries)  # reads the index
    started = time.perf_counter()
    nearest(KNOWN, queries)
    assert time.perf_counter() - started < 2  # 0.1 s where nothing else runs


def test_the_page_is_told_of_copies_and_of_new_pictures() -> None:
    pictures = torch.cat([some("train", 10)[:2], some("test", 10)[:2]])
    answer = nearest_pictures(BACKEND, {"pictures": in_base64(pictures)})
    assert [facts["verdict"] for facts in answer["found"]] == ["copy", "copy", "new", "new"]
    assert answer["scale"] == sorted(answer["scale"])
    assert len(answer["scale"]) == 101
    for facts in answer["found"]:
        distances = [neighbour["distance"] for neighbour in facts["neighbours"]]
        assert distances == sorted(distances)
        assert len(distances) == 3
        assert all(n["class"] in CLASSES for n in facts["neighbours"])
        assert all(len(base64.b64decode(n["picture"])) == 784 for n in facts["neighbours"])
        assert 0 <= facts["nearer"] <= 1


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({}, "not one that this page makes"),
        (None, "not one that this page makes"),
        ({"pictures": 7}, "At most 16 pictures"),
        ({"pictures": ""}, "28 × 28"),
        ({"pictures": "!"}, "28 × 28"),
        ({"pictures": "ö"}, "28 × 28"),
        (
            {"pictures": in_base64(torch.zeros(1, 3, 64, 64)), "denoiser": "photos"},
            "pixel by pixel",
        ),
        ({"pictures": "", "denoiser": "heroes"}, "32 × 32 colours are needed"),
        ({"pictures": "", "denoiser": "portraits"}, "32 × 32 colours are needed"),
        ({"pictures": "", "denoiser": "nobody"}, "Unknown denoiser 'nobody'; choose from"),
        ({"pictures": "", "denoiser": "training:x"}, "Training is switched off"),
        ({"pictures": base64.b64encode(bytes(783)).decode()}, "28 × 28"),
        ({"pictures": base64.b64encode(bytes(17 * 784)).decode()}, "At most 16 pictures"),
    ],
)
def test_bad_requests_are_sentences(request_: object, told: str) -> None:
    assert told in nearest_pictures(BACKEND, request_)["error"]


def test_samples_of_latents_are_compared_as_pictures(tmp_path: Path) -> None:
    """With portraits that ship, smaller: one that came through the autoencoder is still a copy."""
    known, unseen = (load_portraits(split, shipped=True) for split in ("train", "held-out"))
    coder = autoencoder_of(MODELS.model("portraits").card.data)
    with torch.no_grad():
        copies = coder.decode(coder.encode(known.pictures(known.rows[[5, 700]]))).clamp(-1, 1)
    pictures = torch.cat([copies, unseen.pictures(unseen.rows[:2])])
    answer = nearest_pictures(
        BACKEND, {"pictures": in_base64(F.avg_pool2d(pictures, 4)), "denoiser": "portraits"}
    )
    assert [facts["verdict"] for facts in answer["found"]] == ["copy", "copy", "new", "new"]
    assert [facts["neighbours"][0]["row"] for facts in answer["found"][:2]] == [5, 700]
    assert answer["shape"] == (3, 64, 64)
    assert all(
        len(base64.b64decode(neighbour["picture"])) == 3 * 64 * 64
        for facts in answer["found"]
        for neighbour in facts["neighbours"]
    )
    assert "portraits that ship" in answer["among"]
    save_png(copies[:1], tmp_path / "copy.png", scale=1)
    told = _nearest_of_file(BACKEND, str(tmp_path / "copy.png"), "portraits")
    assert told["verdict"] == "copy"


def test_programs_give_a_file() -> None:
    facts = _nearest_of_file(BACKEND, str(FILE.parent.parent / "example_pictures" / "boot.png"))
    assert facts["neighbours"][0]["class"] in CLASSES
    assert set(facts) == {"neighbours", "nearer", "verdict"}


def verdicts(index: Index, pictures: Tensor) -> list[str]:
    return [judge(index, distance) for distance in nearest(index, pictures, 1).distances[:, 0]]


def test_of_data_in_memory_all_are_indexed_and_measured_by_each_other() -> None:
    digits = load_digits()
    index = index_of(digits)
    pictures, _ = digits.rows(slice(0, 50))
    found = nearest(index, pictures, 2)
    assert found.rows[:, 0].tolist() == list(range(50))
    assert [index.classes[k] for k in found.classes[:, 0]] == [
        str(label) for label in digits.labels[:50].tolist()
    ]
    assert verdicts(index, pictures).count("copy") == 50
    assert verdicts(index, 0.6 * pictures + 0.4 * pictures.roll(1, 0)).count("copy") == 0
    assert "1,797" in index.among


def test_of_pictures_that_are_mirrored_in_training_the_mirrored_ones_are_found_too() -> None:
    images = torch.randint(0, 256, (20, 3, 16, 16), generator=Generator().manual_seed(0))
    index = index_of(OwnPictures(images.byte(), flips=True))
    mirrored = images.flip(3) / 127.5 - 1
    assert verdicts(index, mirrored) == ["copy"] * 20
    assert nearest(index, mirrored, 1).rows[:, 0].tolist() == list(range(20, 40))
    labels = torch.arange(20) % 3  # 0 is none
    plain = index_of(OwnPictures(images.byte(), labels=labels, classes=("cat", "dog")))
    assert verdicts(plain, mirrored).count("copy") == 0
    found = nearest(plain, images / 127.5 - 1, 1).classes[:, 0]
    assert [plain.classes[k] for k in found[:4]] == ["", "cat", "dog", ""]


def test_of_data_without_end_some_are_drawn_as_training_draws_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("diffviz.measure.indexing.DRAWN", 1500)
    index = index_of(Heroes("train"))
    assert index.levels.shape == (1500, 3 * 32 * 32)
    anew, _ = Heroes("train").batch(100, Generator().manual_seed(99))
    assert verdicts(index, anew).count("new") > 90
    again = index.levels[:3].float().reshape(3, 3, 32, 32) / 127.5 - 1
    assert verdicts(index, again) == ["copy"] * 3
    assert all(said.startswith(("a ", "an ")) for said in index.classes)
    assert not any(", no " in said or "nothing" in said for said in index.classes)
    assert "no end" in index.among


def test_the_page_and_programs_are_told_of_heroes_and_of_ones_own_training(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("diffviz.measure.indexing.DRAWN", 1000)
    heroes, _ = Heroes("train").batch(2, Generator().manual_seed(5))
    answer = nearest_pictures(BACKEND, {"pictures": in_base64(heroes), "denoiser": "heroes"})
    assert [len(base64.b64decode(n["picture"])) for n in answer["found"][0]["neighbours"]] == [
        3 * 32 * 32
    ] * 3
    assert "1,000" in answer["among"]

    for k in range(16):
        save_png(heroes[:1] * (k + 1) / 16, tmp_path / f"{k}.png", scale=1)
    pack(sorted(tmp_path.glob("*.png")), 32, 3, tmp_path / "own.safetensors")
    choice = DataChoice("own", path=str(tmp_path / "own.safetensors"))
    own: Any = SimpleNamespace(
        learned=lambda name, owner: choice,
        card=lambda name, owner: SimpleNamespace(data=Heroes().info),
    )
    backend: Any = SimpleNamespace(searches=Turns(1, 5), models=own)
    asked = {"pictures": in_base64(heroes), "denoiser": "training:mine", "owner": "me"}
    found = nearest_pictures(backend, asked)["found"]
    assert [facts["verdict"] for facts in found] == ["copy", "new"]

    programs: Any = SimpleNamespace(searches=Turns(1, 5), models=own, decoders=DECODERS)
    for known, denoiser, told in (
        (BACKEND, "heroes", answer["found"]),
        (programs, "training:mine", found),
    ):
        for k in range(2):
            save_png(heroes[k : k + 1], tmp_path / "asked.png", scale=1)
            facts = _nearest_of_file(known, str(tmp_path / "asked.png"), denoiser, "me")
            for neighbour in told[k]["neighbours"]:
                del neighbour["picture"]  # which programs are not sent
            assert facts == told[k]
