"""The registries: what is true of a data set, a medium or a network is said in its entry alone."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
import torch
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient
from torch import Tensor

import diffviz
from diffviz.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from diffviz.data import DATA_SETS, DataChoice
from diffviz.data.base import DataInfo
from diffviz.forward import noise
from diffviz.jobs.sheets import describe_sheet, draw_sheet
from diffviz.media.levels import fingerprint
from diffviz.media.points import POINTS, REACH, SIDE
from diffviz.media.registry import MEDIA, medium_of
from diffviz.networks import NETWORKS
from diffviz.plugins import load_plugins
from diffviz.runs.code import code
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.serving.cards import card_text
from diffviz.serving.exports import FORMATS, write_file, write_picture
from diffviz.serving.frames import stream
from diffviz.serving.made_files import MadeFiles
from diffviz.training.files import load_training, save_training
from diffviz.training.plan import Plan, begin
from diffviz.ui.app import SCRIPTS, Scripts
from diffviz.web.uploads import Room
from tests import toy

PACKAGE = Path(diffviz.__file__).parent
RIGHT = RunSettings(condition={"half": "right"}, count=8, steps=20, guidance=1.0)


def test_no_module_outside_data_knows_a_data_set_by_name() -> None:
    names = re.compile("heroes|fashion|portraits", re.IGNORECASE)
    told = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*"))
        if path.suffix in (".py", ".js", ".ts", ".css", ".html")
        and "data" not in path.relative_to(PACKAGE).parts
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if names.search(line)
    ]
    assert told == []


@pytest.fixture(scope="module")
def registered() -> Iterator[None]:
    """The toy in the registries, as long as these tests need it."""
    tables: list[dict[str, object]] = [MEDIA, NETWORKS, DATA_SETS]  # type: ignore[list-item]
    before = [dict(table) for table in tables]
    toy.register()
    yield
    for table, entries in zip(tables, before, strict=True):
        table.clear()
        table.update(entries)


@pytest.fixture(scope="module")
def dials(registered: None, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """Trained by the usual plan, saved and loaded."""
    folder = tmp_path_factory.mktemp("models")
    settings = {"images": 96_000, "batch": 128, "hours": 100.0}
    _, trainer = begin(Plan(DataChoice("dials"), "tiny", config=settings), "dials", "train it")
    losses = [progress.loss for progress in trainer.steps()]
    assert sum(losses[-20:]) < 0.7 * sum(losses[:20])
    save_checkpoint(trainer.checkpoint("dials", "train it"), folder)
    return load_checkpoint("dials", folder)


def test_a_toy_comes_back_as_it_was_saved(dials: Checkpoint) -> None:
    assert dials.card.data == toy.INFO
    assert dials.card.network == toy.TwoLayersConfig(slots=(2,))
    assert isinstance(dials.network, toy.TwoLayers)


def test_a_toy_is_sampled(dials: Checkpoint) -> None:
    *_, last = run(RIGHT, dials)
    assert last.x.shape == (8, 2, 1)
    assert last.x[:, 0].mean() > 0.6  # cos of up to a radian
    *_, left = run(RunSettings(condition={"half": "left"}, count=8, steps=20), dials)
    assert left.x[:, 0].mean() < -0.6


def test_a_toys_training_goes_on(registered: None, tmp_path: Path) -> None:
    plan = Plan(DataChoice("dials"), "tiny", config={"images": 640, "batch": 64})
    order, trainer = begin(plan, "dials", "")
    for _ in islice(trainer.steps(), 4):
        pass
    save_training(order, trainer, tmp_path)
    again, more = load_training("dials", lambda choice: toy.load(choice), tmp_path)
    assert again == order
    assert more.images == trainer.images


def test_a_toy_is_sent_to_the_player(dials: Checkpoint) -> None:
    events = [event for text in stream(RIGHT, (), dials) for event in json.loads(text)["events"]]
    start, *frames, end = events
    *_, last = run(RIGHT, dials)
    assert start["renderer"] == "dial"
    assert start["shape"] == [2, 1]
    assert base64.b64decode(frames[-1]["x"]) == toy.encode(last.x).numpy().tobytes()
    assert end["fingerprint"] == fingerprint(last.x)
    (sheet,) = draw_sheet(dials)
    assert sheet.shape == (2, 13, 10, 1)
    assert describe_sheet(dials.card.data)["renderer"] == "dial"


def test_a_toy_is_exported(dials: Checkpoint, tmp_path: Path) -> None:
    made, denoiser = MadeFiles(Room(tmp_path, 100)), dials.denoiser()
    for kind in FORMATS:
        path = write_file(made, RIGHT, kind, "x0", dials, denoiser)
        assert isinstance(path, Path)
        assert path.stat().st_size > 500, kind
    path, facts = write_picture(made, RIGHT, dials, denoiser)
    with Image.open(path) as picture:
        assert picture.size == (8 * 8 * toy.SIDE, 8 * toy.SIDE)
        assert (200, 0, 0) in {colour for _, colour in picture.getcolors() or ()}
    *_, last = run(RIGHT, dials)
    assert facts["fingerprint"] == fingerprint(last.x)
    compile(code(RIGHT, 1), "program", "exec")


def test_a_toys_renderer_is_served(registered: None) -> None:
    app = FastAPI()
    app.mount("/live", Scripts(directory=SCRIPTS))
    with TestClient(app) as browser:
        for name in ("dial", "points", "picture"):
            answer = browser.get(f"/live/lib/renderers/{name}.js")
            assert "javascript" in answer.headers["content-type"]
            assert "export function draw" in answer.text
        assert browser.get("/live/lib/renderers/no.js").status_code == 404
        assert browser.get("/live/lib/renderers/dial.py").status_code == 404


def test_a_toys_card_is_told(dials: Checkpoint) -> None:
    assert "a network that saw 96,000 dials" in card_text(dials.card)
    assert "a U-Net that saw" in card_text(load_checkpoint().card)


def test_plugins_add_to_the_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFVIZ_PLUGINS", "json, tests.toy")
    load_plugins()
    monkeypatch.setenv("DIFFVIZ_PLUGINS", "tests.no_such_toy")
    with pytest.raises(SystemExit, match=r"DIFFVIZ_PLUGINS.*tests\.no_such_toy"):
        load_plugins()


POINTS_INFO = DataInfo("moons", (2,), 1.0, (), "CC0-1.0", "nobody", medium="points")


def test_what_a_card_says_of_its_medium_is_checked() -> None:
    assert medium_of(POINTS_INFO) is POINTS
    for medium, shape, told in (
        ("smell", (2,), "unknown medium 'smell'; choose from picture, points"),
        ("points", (3,), "no points have the shape"),
        ("picture", (2,), "no pictures have the shape"),
        ("picture", (2, 8, 8), "no pictures have the shape"),
    ):
        with pytest.raises(ValueError, match=told):
            medium_of(DataInfo("x", shape, 1.0, (), "CC0-1.0", "nobody", medium=medium))


def test_points_are_drawn_where_they_are() -> None:
    points = torch.tensor([[0.0, 0.0], [1.5, -1.5], [REACH * 9, 0], [math.nan, 0]])
    sheet = POINTS.sheet(points, 4, None)
    assert sheet.shape == (4 * SIDE, 4 * SIDE, 3)
    ink = sheet[..., 0] < 100

    def inked(across: float, up: float) -> bool:
        column, row = (round((1 + at / REACH) / 2 * 4 * SIDE) for at in (across, -up))
        return bool(ink[row, column])

    assert inked(0, 0)
    assert inked(1.5, -1.5)
    assert not inked(-1.5, 1.5)
    assert POINTS.strip(points[:, None].expand(-1, 3, -1), 2).shape == (2 * SIDE, 6 * SIDE, 3)


def test_points_are_sent_as_half_floats() -> None:
    points = noise(0, (5, 3, 2))
    sent = POINTS.encode(points)
    assert sent.shape == (5, 3, 4)
    assert torch.equal(sent.view(torch.float16).float(), points)


class Ring:
    """Points on a circle."""

    info = POINTS_INFO

    def batch(self, size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        angle = torch.rand(size, generator=generator) * 2 * math.pi
        x0 = math.sqrt(2) * torch.stack([angle.cos(), angle.sin()], dim=1)
        return x0, torch.zeros(size, 0, dtype=torch.int64)


def test_points_are_learned_and_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from diffviz.networks import network_for
    from diffviz.training.config import TrainConfig
    from diffviz.training.trainer import Trainer

    shape = network_for(POINTS_INFO)
    assert shape.kind == "mlp"
    config = TrainConfig(batch=256, images=60_000, hours=100, warmup_images=2000)
    trainer = Trainer(Ring(), shape, config)
    for _ in trainer.steps():
        pass
    save_checkpoint(trainer.checkpoint("ring", ""), tmp_path)
    checkpoint = load_checkpoint("ring", tmp_path)
    settings = RunSettings(count=16, steps=30)
    steps = list(run(settings, checkpoint))
    radius = steps[-1].x.norm(dim=1)
    assert (radius - math.sqrt(2)).abs().mean() < 0.2
    assert torch.equal(steps[0].x, steps[0].sigma * noise(0, (16, 2)))  # one stream for all
    monkeypatch.setattr("diffviz.checkpoints.load_checkpoint", lambda name: checkpoint)
    monkeypatch.chdir(tmp_path)
    exec(code(settings, torch.get_num_threads()), {})
    assert f"fingerprint {fingerprint(steps[-1].x)}" in capsys.readouterr().out
    with Image.open("diffviz.png") as picture:
        assert picture.size == (8 * SIDE, 8 * SIDE)
