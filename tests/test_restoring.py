"""Restorations: how a picture is posed as a measurement, what is kept of it, and what is made of it
against the exact solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from diffviz import figures
from diffviz.__main__ import main
from diffviz.checkpoints import Card, Checkpoint, load_checkpoint, save_checkpoint
from diffviz.data.photos.crops import INFO
from diffviz.data.photos.crops import photos as photographs
from diffviz.denoisers.exact import GaussianDenoiser
from diffviz.forward import noise
from diffviz.guidance.methods import METHODS
from diffviz.guidance.operators import Mask
from diffviz.measure.fidelity import answers, psnr
from diffviz.media.decoding import load_picture
from diffviz.media.files import save_png
from diffviz.media.levels import fingerprint
from diffviz.media.notes import read_note
from diffviz.networks.unet import UNetConfig
from diffviz.runs.code import restore_code
from diffviz.runs.notes import noted
from diffviz.runs.posing import pose
from diffviz.runs.restoration import Restoration, RestoreSettings
from diffviz.runs.restoring import beginning, restore
from diffviz.runs.tasks import TASKS, harmonic, noise_in
from diffviz.serving.engine import LocalEngine, Request
from diffviz.serving.restoring import export, prepare
from diffviz.serving.ticket import StoppedError, Ticket

ANY = UNetConfig(
    image_size=(64, 64), image_channels=3, channels=(8, 8), blocks=(1, 1), attention=False
)
SMALL = UNetConfig(channels=(8, 8), blocks=(1, 1), heads=1)
GREY = replace(INFO, name="grey", shape=(1, 28, 28))


def checkpoint(config: UNetConfig = ANY) -> Checkpoint:
    torch.manual_seed(0)
    info = INFO if config.image_channels == 3 else GREY
    card = Card(info.name, config, "edm", info, (0.005, 30.0), 0, 0.0)
    return Checkpoint(card, config.build().eval().requires_grad_(False))


PHOTOS, FIXED = checkpoint(), checkpoint(SMALL)
PICTURE = torch.rand(3, 24, 40, generator=Generator().manual_seed(1)) * 2 - 1
PICTURE = (PICTURE.add(1) * 127.5).round() / 127.5 - 1  # as files have it


def mask(*box: int) -> Tensor:
    painted = -torch.ones(1, 24, 40)
    top, left, bottom, right = box
    painted[:, top:bottom, left:right] = 1
    return painted


HOLE = mask(8, 10, 16, 30)


def settings(**said: Any) -> RestoreSettings:
    return RestoreSettings(**{"steps": 3, "size": 64, **said})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("count", [1, 2])
def test_what_is_not_painted_over_stays_to_the_last_bit(method: str, count: int) -> None:
    asked = settings(method=method, count=count)
    posed = pose(asked, PHOTOS.card, PICTURE, HOLE)
    *_, last = restore(asked, posed, PHOTOS)
    outside = HOLE[0] < 0
    assert last.x.shape == (count, 3, 24, 40)
    assert torch.equal(last.x[..., outside], PICTURE[:, outside].expand(count, -1, -1))
    assert not torch.equal(last.x[..., ~outside], PICTURE[:, ~outside].expand(count, -1, -1))
    assert last.nfe == 3 * METHODS[method].cost()


TASK_SETTINGS: dict[str, Mapping[str, Any]] = {
    name: {"degrade": True} if task.degrades else {} for name, task in TASKS.items()
}


@pytest.mark.parametrize("name", TASKS)
def test_a_result_explains_what_was_measured(name: str) -> None:
    asked = settings(task=name, **TASK_SETTINGS[name])
    posed = pose(asked, PHOTOS.card, PICTURE, HOLE)
    first, *_, last = restore(asked, posed, PHOTOS)
    assert last.x.shape[1:] == posed.cheap.shape[1:] == posed.shape
    assert first.sigma / first.alpha <= 30
    assert len(posed.degraded.shape) == 4
    operator, y = posed.measurement.operator, posed.measurement.y
    if not TASKS[name].on_path:
        assert (operator(posed.cheap) - y).square().mean() < y.square().mean()
        assert (operator(last.x) - y).abs().max() < 0.05


def test_the_frame_grows_where_it_is_to() -> None:
    for sides, shape, corner in (
        ("all", (36, 60), (6, 10)),
        ("left", (24, 50), (0, 10)),
        ("top and bottom", (36, 40), (6, 0)),
    ):
        posed = pose(settings(task="outpaint", sides=sides), PHOTOS.card, PICTURE)
        assert posed.shape[1:] == shape
        top, left = corner
        kept = posed.kept
        assert kept is not None
        assert kept.sum() == 24 * 40
        assert kept[top : top + 24, left : left + 40].all()
    fixed = pose(settings(task="outpaint", grow=0.5), FIXED.card, PICTURE)
    assert fixed.shape == (1, 28, 28)
    assert fixed.kept is not None
    assert fixed.kept.sum() == 14 * 14


def test_a_large_picture_is_scaled_and_said_to_be() -> None:
    large = torch.zeros(3, 150, 250)
    posed = pose(settings(task="upscale", degrade=True), PHOTOS.card, large)
    assert posed.scaled
    assert posed.shape == (3, 40, 64)  # whole blocks of 4
    posed = pose(settings(task="upscale", factor=8), PHOTOS.card, large)
    assert posed.degraded.shape[-2:] == (5, 8)
    assert not pose(settings(task="denoise"), PHOTOS.card, PICTURE).scaled


def test_eight_pixels_times_eight() -> None:
    tiny = PICTURE[:, :8, :8]
    posed = pose(settings(task="upscale", factor=8), PHOTOS.card, tiny)
    assert posed.shape == (3, 64, 64)
    assert torch.equal(posed.measurement.y[0], tiny)


def test_a_grey_picture_is_measured_and_a_coloured_one_is_the_original() -> None:
    coloured = pose(settings(task="colour"), PHOTOS.card, PICTURE)
    assert coloured.original is not None
    grey = pose(settings(task="colour"), PHOTOS.card, PICTURE[:1])
    assert grey.original is None
    assert torch.allclose(grey.measurement.y[0], PICTURE[:1], atol=1e-6)


REFUSED: dict[str, tuple[dict[str, Any], Checkpoint, Tensor | None]] = {
    "a mask is missing": ({}, PHOTOS, None),
    "the mask is empty": ({}, PHOTOS, mask(0, 0, 0, 0)),
    "the mask covers the whole picture": ({}, PHOTOS, mask(0, 0, 24, 40)),
    "the mask has 20 × 24 pixels and the picture 40 × 24": ({}, PHOTOS, HOLE[..., :20]),
    "28 × 28 pixels, which are not blocks of 8": ({"task": "upscale", "factor": 8}, FIXED, None),
    "40 × 24 pixels are not blocks of 16": ({"task": "upscale", "factor": 16}, PHOTOS, None),
    "knows no colours": ({"task": "colour"}, FIXED, None),
    "larger than the picture": ({"task": "motion", "length": 30, "degrade": True}, PHOTOS, None),
    "RePaint fills holes; for this task choose from ddnm": (
        {"task": "upscale", "method": "repaint"},
        PHOTOS,
        None,
    ),
    "method 'ddnm' has no parameter strength": (
        {"method_parameters": {"strength": 1}},
        PHOTOS,
        HOLE,
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_cannot_be_gets_a_sentence(sentence: str) -> None:
    said, of, painted = REFUSED[sentence]
    if said.get("factor") == 16:
        sentence = "unknown factor 16; choose from 2, 4, 8"
    with pytest.raises(ValueError, match=sentence):
        pose(settings(**said), of.card, PICTURE, painted)


def test_a_factor_that_does_not_divide_gets_a_sentence() -> None:
    asked = settings(task="upscale", factor=4, degrade=True)
    with pytest.raises(ValueError, match="38 × 24 pixels are not blocks of 4 × 4"):
        pose(asked, PHOTOS.card, PICTURE[..., :38])


@pytest.mark.parametrize("std", [5, 15, 40])
def test_the_noise_of_a_photograph_is_found(std: int) -> None:
    """Within a tenth and two levels; details look a little like noise."""
    found = []
    for photo in photographs()[::60]:
        picture = load_picture(photo.file)[None]
        noisy = picture + std / 127.5 * torch.randn(
            picture.shape, generator=Generator().manual_seed(0)
        )
        found.append(127.5 * noise_in(noisy))
    assert np.median(found) == pytest.approx(std, rel=0.1, abs=2)


def test_the_smoothest_filling_of_a_ramp_is_the_ramp() -> None:
    ramp = torch.linspace(-1, 1, 40).expand(1, 3, 24, 40).contiguous()
    kept = (HOLE[0] < 0).float()
    assert torch.allclose(harmonic(Mask(kept), ramp * kept), ramp, atol=1e-3)


def test_a_noisy_picture_is_denoised_as_its_exact_posterior_says() -> None:
    """Of Gaussian pixels N(m, s²) and y = x0 + σ·z, p(x0 | y) is Gaussian with mean
    (s²·y + σ²·m)/(s² + σ²) and variance s²·σ²/(s² + σ²)."""
    m, s, std = 0.1, 0.4, 0.3
    asked = settings(task="denoise", noise=std * 127.5, steps=200, count=8, schedule="karras")
    generator = Generator().manual_seed(5)
    y = m + s * torch.randn(1, 3, 32, 32, generator=generator)
    y = y + std * torch.randn(y.shape, generator=generator)
    posed = replace(
        pose(asked, PHOTOS.card, PICTURE),
        cheap=y,
        measurement=replace(pose(asked, PHOTOS.card, PICTURE).measurement, y=y, noise=std),
    )
    exact = GaussianDenoiser(torch.tensor(m), torch.tensor(s))
    *_, last = restore(asked, posed, PHOTOS, exact)
    mean = (s**2 * y + std**2 * m) / (s**2 + std**2)
    expected = s * std / (s**2 + std**2) ** 0.5
    away = last.x - mean
    assert float(away.std()) == pytest.approx(expected, rel=0.05)
    assert float(away.mean()) == pytest.approx(0, abs=0.01)


def test_sampling_begins_at_the_cheap_answer_or_at_noise_alone() -> None:
    """As it is told; or where a denoiser that knows parts alone needs it."""
    for said, of, level in (
        ({}, PHOTOS, 0.3),
        ({"begin": 2.0}, PHOTOS, 2.0),
        ({"begin": 1000.0}, PHOTOS, 30.0),
        ({}, FIXED, 30.0),
        ({"task": "colour"}, PHOTOS, 30.0),
    ):
        asked = settings(**said)
        posed = pose(asked, of.card, PICTURE, HOLE)
        first = next(restore(asked, posed, of))
        assert level * 0.97 < first.sigma / first.alpha <= level
        eps = noise(0, posed.shape)
        begun = first.alpha * posed.cheap + first.sigma * eps
        assert torch.equal(first.x, begun if level < 30 else first.sigma * eps[None])


def test_denoising_begins_at_the_noise_that_there_is() -> None:
    asked = settings(steps=20)
    schedule = asked.noise_schedule()
    y = torch.ones(1, 3, 2, 2)
    grid, x = beginning(asked, schedule, y, 0.3)
    t = grid[0]
    below, at = (float(schedule.sigma[i] / schedule.alpha[i]) for i in (t - 1, t))
    assert below < 0.3 <= at
    assert torch.allclose(x, float(schedule.alpha[t]) * y)
    assert grid[-1] == 0
    assert len(grid) == min(20, t) + 1


def test_pictures_of_two_sizes_are_no_batch_and_a_large_one_costs_more() -> None:
    def request(side: int) -> Request:
        x = torch.zeros(2, 3, side, side)
        level = torch.ones(2).double()
        none = torch.zeros(2, 0, dtype=torch.int64)
        return Request(PHOTOS, x, level, level, none, Ticket("somebody", 60))

    assert not request(64).alike(request(128))
    assert request(64).alike(request(64))
    assert (request(32).cost, request(64).cost, request(128).cost) == (2, 2, 8)


@pytest.mark.parametrize("method", ["ddnm", "pigdm", "mmps"])
def test_the_engine_restores_alike_and_is_stopped_within_a_step(method: str) -> None:
    engine = LocalEngine()
    ticket = Ticket("somebody", 60)
    try:
        asked = settings(method=method)
        posed = pose(asked, PHOTOS.card, PICTURE, HOLE)
        served = engine.denoiser("photos", PHOTOS, ticket)
        *_, mine = restore(asked, posed, PHOTOS, served)
        *_, right = restore(asked, posed, PHOTOS)
        torch.testing.assert_close(mine.x, right.x, rtol=0, atol=1e-3)
        steps = restore(asked, posed, PHOTOS, served)
        next(steps)
        ticket.stop()
        with pytest.raises(StoppedError):
            next(steps)
    finally:
        engine.close()


def test_a_figure_has_all_answers_with_how_near_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("diffviz.checkpoints.load_checkpoint", lambda name: PHOTOS)
    asked = settings(task="upscale", factor=4, degrade=True, count=2, seed=3, steps=2)
    posed = pose(asked, PHOTOS.card, PICTURE)
    *_, last = restore(asked, posed, PHOTOS)
    told = answers(asked, posed, last.x)
    assert posed.original is not None
    figure = figures.answers(told, asked.title)
    below = {ax.get_title(): ax.get_xlabel() for ax in figure.axes}
    names = ["Measured", "Cheap: bicubic", "Ours, seed 3", "Ours, seed 4", "Original"]
    assert list(below) == names
    near = [psnr(x, posed.original) for x in (posed.cheap, last.x[:1], last.x[1:])]
    assert [below[name] for name in names[1:4]] == [f"PSNR {value:.2f} dB" for value in near]
    assert below["Measured"] == below["Original"] == ""
    save_png(PICTURE[None], "picture.png", scale=1)
    words = "restore picture.png --task upscale --factor 4 --degrade --count 2 --seed 3 --steps 2"
    assert main([*words.split(), "--out", "four.svg"]) == 0
    drawn = Path("four.svg").read_text()
    assert noted(read_note(Path("four.svg"))).tab == "edit"
    assert drawn.count("<image") == 5


def test_the_exported_code_repeats_the_run_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("diffviz.checkpoints.load_checkpoint", lambda name: PHOTOS)
    save_png(PICTURE[None], "picture.png", scale=1)
    save_png(HOLE[None], "mask.png", scale=1)
    asked = settings(method="dps", method_parameters={"strength": 2.0}, count=2, begin=1.0, seed=5)
    posed = pose(asked, PHOTOS.card, PICTURE, HOLE)
    *_, last = restore(asked, posed, PHOTOS)
    exec(restore_code(asked, masked=True, threads=1), {})
    assert f"fingerprint {fingerprint(last.x)}" in capsys.readouterr().out
    assert Path("restored.png").exists()


def test_code_of_ones_own_denoiser_loads_it_from_where_it_says_its_files_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = Checkpoint(replace(PHOTOS.card, name="my-photos"), PHOTOS.network)
    models: Any = SimpleNamespace(model=lambda name, token: mine)
    save_png(PICTURE[None], "picture.png", scale=1)
    asked = Restoration(task="inpaint", steps=3, seed=5)
    words = ("", "")
    asked_of = prepare(models, asked, "training:abc", words, PICTURE, HOLE, "me")
    program = str(export(asked_of, models, cast(Any, None), "code", "x", Ticket("me", 60)))
    assert "my-photos.safetensors and my-photos.json" in program
    save_png(HOLE[None], "mask.png", scale=1)
    with pytest.raises(ValueError, match="unknown model 'my-photos'"):
        exec(program, {})
    save_checkpoint(mine, tmp_path)
    *_, last = restore(asked_of.settings, asked_of.posed, load_checkpoint("my-photos", tmp_path))
    exec(program, {})
    assert f"fingerprint {fingerprint(last.x)}" in capsys.readouterr().out
