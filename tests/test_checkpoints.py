"""Checkpoints: what is saved comes back, and what is wrong with a file is said."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from diffviz.checkpoints import (
    Card,
    Checkpoint,
    checkpoint_names,
    load_checkpoint,
    read_card,
    save_checkpoint,
)
from diffviz.data.base import DataInfo, Slot
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.storage import write_whole
from tests.oracles.networks import TINY, random_unet

DATA = DataInfo(
    name="shapes",
    shape=(1, 8, 8),
    sigma_data=0.5,
    slots=(Slot("shape", ("cercle", "carré", "étoile")),),
    licence="CC0",
    credit="nobody",
)
CARD = Card(
    name="tiny",
    network=TINY,
    parametrization="v",
    data=DATA,
    ratio_range=(0.01, 50.0),
    images_seen=1234,
    cpu_hours=0.5,
    training={"command": "train"},
    quality={"accuracy": 0.5},
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_checkpoint(Checkpoint(CARD, random_unet()), tmp_path)
    return tmp_path


def test_a_checkpoint_comes_back_as_it_was(saved: Path) -> None:
    assert checkpoint_names(saved) == ["tiny"]
    checkpoint = load_checkpoint("tiny", saved)
    assert checkpoint.card == CARD
    original = random_unet().state_dict()
    for name, value in checkpoint.network.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, original[name].half().float()), name
    assert not checkpoint.network.training
    assert not any(p.requires_grad for p in checkpoint.network.parameters())


def test_its_denoiser_is_what_the_card_says(saved: Path) -> None:
    checkpoint = load_checkpoint("tiny", saved)
    denoiser = checkpoint.denoiser()
    assert denoiser.network is checkpoint.network
    assert denoiser.parametrization is PARAMETRIZATIONS["v"]
    assert denoiser.sigma_data == 0.5
    assert (denoiser.min_ratio, denoiser.max_ratio) == (0.01, 50.0)


def test_weights_are_float16_and_the_card_is_readable(saved: Path) -> None:
    parameters = sum(p.numel() for p in random_unet().parameters())
    assert (saved / "tiny.safetensors").stat().st_size < 2 * parameters + 10_000
    assert "carré" in (saved / "tiny.json").read_text("utf-8")


def test_an_unknown_name_is_answered_with_those_that_there_are(saved: Path) -> None:
    for name in ("huge", "../tiny", ""):
        with pytest.raises(ValueError, match=r"unknown model .*; choose from tiny"):
            load_checkpoint(name, saved)
    with pytest.raises(ValueError, match="none yet"):
        load_checkpoint("tiny", saved / "nowhere")


def test_weights_that_do_not_fit_are_refused(saved: Path) -> None:
    other = replace(CARD, network=replace(TINY, channels=(8, 16)))
    save_checkpoint(Checkpoint(other, random_unet()), saved)
    with pytest.raises(ValueError, match="do not fit its card"):
        load_checkpoint("tiny", saved)
    (saved / "tiny.safetensors").write_bytes(b"\x80\x04 a pickle, or anything")
    with pytest.raises(ValueError, match="do not fit its card"):
        load_checkpoint("tiny", saved)


@pytest.mark.parametrize(
    "text", ["", "{", "3", "[]", "null", '"card"', "{}", '{"network": 1}', '{"network": {}}']
)
def test_a_file_that_is_no_card_is_refused(saved: Path, text: str) -> None:
    (saved / "tiny.json").write_text(text)
    with pytest.raises(ValueError, match=r"tiny\.json is not a denoiser's card"):
        load_checkpoint("tiny", saved)


@pytest.mark.parametrize(
    "change",
    [
        {"parametrization": "score"},
        {"surprise": 1},
        {"network": {"channels": [8, 8], "blocks": [1, 1], "slots": [3], "depth": 9}},
        {"data": {**CARD.data.__dict__, "slots": [{"name": "shape"}]}},
        {"ratio_range": 5},
        {"ratio_range": [1, 2, 3]},
    ],
    ids=str,
)
def test_a_card_with_a_wrong_field_is_refused(saved: Path, change: dict[str, object]) -> None:
    path = saved / "tiny.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change))
    with pytest.raises(ValueError, match="is not a denoiser's card"):
        read_card(path)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half of the n")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_whole(path, fail)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    write_whole(path, lambda temporary: temporary.write_text("new"))
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("image_size", 10**6),
        ("image_size", 8.5),
        ("image_size", [8]),
        ("image_size", [8, 8, 8]),
        ("image_size", [8, 10**6]),
        ("attention", 1),
        ("image_size", True),
        ("channels", [10**6, 64]),
        ("channels", [64] * 50),
        ("blocks", [0, 1]),
        ("blocks", [10**9, 1]),
        ("heads", 0),
        ("slots", [10**9]),
        ("slots", [3] * 1000),
        ("patch", -1),
    ],
)
def test_a_card_cannot_ask_for_any_network(saved: Path, field: str, value: object) -> None:
    path = saved / "tiny.json"
    card = json.loads(path.read_text("utf-8"))
    card["network"][field] = value
    path.write_text(json.dumps(card), "utf-8")
    with pytest.raises(ValueError, match="not a denoiser's card"):
        load_checkpoint("tiny", saved)


@pytest.mark.parametrize("bounds", [[0, 50], [-1, 50], [5, 1], [1, float("nan")], [1, 1e999]])
def test_a_cards_range_of_noise_is_one(saved: Path, bounds: list[float]) -> None:
    path = saved / "tiny.json"
    card = json.loads(path.read_text("utf-8")) | {"ratio_range": bounds}
    path.write_text(json.dumps(card), "utf-8")
    with pytest.raises(ValueError, match="range of noise"):
        load_checkpoint("tiny", saved)


def test_a_card_has_a_bounded_length_and_depth(saved: Path) -> None:
    path = saved / "tiny.json"
    for text in ("[" * 500_000, '{"a": "' + "x" * 2**20 + '"}'):
        path.write_text(text, "utf-8")
        with pytest.raises(ValueError, match="not a denoiser's card"):
            load_checkpoint("tiny", saved)


def test_weights_are_looked_at_before_they_are_read(saved: Path) -> None:
    path = saved / "tiny.safetensors"
    good = path.read_bytes()
    for bad in ((2**40).to_bytes(8, "little") + good[8:], good[:50], b"", b"x" * 100):
        path.write_bytes(bad)
        with pytest.raises(ValueError, match="do not fit its card"):
            load_checkpoint("tiny", saved)
    with path.open("r+b") as file:  # sparse: it takes no room on the disk
        file.truncate(300 * 2**20)
    with pytest.raises(ValueError, match="more than 256 MB"):
        load_checkpoint("tiny", saved)


def test_weights_have_the_shapes_of_the_card(saved: Path) -> None:
    weights = load_file(saved / "tiny.safetensors")
    name = max(weights, key=lambda name: weights[name].numel())
    for wrong in (weights | {"extra": torch.zeros(3)}, weights | {name: torch.zeros(7)}):
        save_file(wrong, saved / "tiny.safetensors")
        with pytest.raises(
            ValueError, match="do not fit its card: (extra|" + re.escape(name) + ")"
        ):
            load_checkpoint("tiny", saved)
