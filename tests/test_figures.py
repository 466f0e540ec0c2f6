"""Figures: what is drawn is what was computed, in files that are the same each time."""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from diffviz import figures
from diffviz.__main__ import main
from diffviz.checkpoints import Card, Checkpoint
from diffviz.data.base import DataInfo, Slot
from diffviz.figures.style import COLOURS, GROUND, LINES
from diffviz.measure.convergence import convergence
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.schedules import SCHEDULES as KINDS
from diffviz.schedules import make_schedule
from tests.oracles.networks import TINY, random_unet

SCHEDULES = [make_schedule(name, 100) for name in ("linear", "cosine", "flow")]
INFO = DataInfo("dots", (1, 8, 8), 0.5, (Slot("class", ("a", "b", "c")),), "", "")
CHECKPOINT = Checkpoint(
    Card("dots", TINY, "eps", INFO, (0.005, 40.0), 0, 0.0), random_unet().requires_grad_(False)
)
POINTS = [[100 * i, 1 / i, 0.5 / i, 2 / i] for i in range(1, 30)]


def titles(figure: Figure) -> list[str]:
    return [ax.get_title(loc) for ax in figure.axes for loc in ("left", "center")]


def test_schedules_are_drawn_as_their_tables_are() -> None:
    share, snr = figures.schedules(SCHEDULES).axes
    for line, schedule in zip(share.get_lines(), SCHEDULES, strict=True):
        assert line.get_label() == schedule.name
        assert torch.equal(torch.as_tensor(line.get_ydata()), schedule.alpha_bar)
    for line in snr.get_lines():
        assert all(math.isfinite(value) for value in line.get_ydata())
    assert len({line.get_color() for line in share.get_lines()}) == 3
    assert len({line.get_linestyle() for line in share.get_lines()}) == 3  # printed in grey too


def test_a_notebook_knows_how_to_show_a_figure() -> None:
    shown = figures.schedules(SCHEDULES)._repr_png_()
    with Image.open(io.BytesIO(shown)) as image:
        assert image.size == (900, 360)


def test_a_picture_is_drowned_from_the_first_time_to_the_last() -> None:
    figure = figures.forward(torch.zeros(3, 8, 8), SCHEDULES[0], count=5)
    assert [text for text in titles(figure) if text] == [f"t = {t}" for t in (0, 25, 50, 75, 100)]
    clean = figure.axes[0].get_images()[0].get_array()
    assert clean is not None
    assert (clean == 0.5).all()


def test_a_run_is_a_strip_of_its_steps_and_a_grid_of_its_end() -> None:
    steps = list(run(RunSettings(steps=12, count=3, T=100), CHECKPOINT))
    strip = figures.sampling(steps)
    assert len(strip.axes) == 18
    assert [title for title in titles(strip) if title][:2] == ["t = 100", "t = 83"]
    shown = strip.axes[8].get_images()[0].get_array()
    assert shown is not None
    last = steps[-1].x[0].add(1).div(2).clamp(0, 1).squeeze(0)
    assert torch.equal(torch.as_tensor(shown.data), last)
    grid = figures.samples(steps[-1].x, ["one", "two", "three"])
    assert [text for text in titles(grid) if text] == ["one", "two", "three"]


def test_losses_are_smoothed_from_the_first_point_on() -> None:
    curve, levels = figures.losses(POINTS, [0.1, 10.0]).axes
    raw, smooth = curve.get_lines()
    assert list(raw.get_ydata()) == [point[1] for point in POINTS]
    assert next(iter(smooth.get_ydata())) == POINTS[0][1]
    assert [list(line.get_ydata()) for line in levels.get_lines()] == [
        POINTS[0][2:],
        POINTS[-1][2:],
    ]
    with pytest.raises(ValueError, match="no points yet"):
        figures.losses([], [])


def test_samplers_come_nearer_the_more_they_may_ask() -> None:
    settings = RunSettings(T=1000, count=1)
    found = convergence(CHECKPOINT, settings, ["ddim", "heun"], [8, 32, 128])
    # Heun asks twice a step, but for its last, and its first, from no picture at all.
    for name, asked in (("ddim", [8, 32, 128]), ("heun", [14, 62, 254])):
        assert [evaluations for evaluations, _ in found[name]] == asked
        distances = [distance for _, distance in found[name]]
        assert distances == sorted(distances, reverse=True)
    figure = figures.convergence(found)
    assert [line.get_label() for line in figure.axes[0].get_lines()] == ["ddim", "heun"]
    with pytest.raises(ValueError, match="draws noise on its way"):
        convergence(CHECKPOINT, settings, ["ddpm"], [8])


@pytest.mark.parametrize("suffix", figures.FORMATS)
def test_a_file_is_the_same_each_time(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        figures.save(figures.schedules(SCHEDULES, "dark"), tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_the_ground_is_the_theme_s(tmp_path: Path) -> None:
    for theme, (ground, ink, _) in GROUND.items():
        figures.save(figures.schedules(SCHEDULES, theme), tmp_path / f"{theme}.png")
        with Image.open(tmp_path / f"{theme}.png") as image:
            corner = image.convert("RGB").crop((0, 0, 1, 1)).tobytes()
            assert f"#{corner.hex()}" == ground
        assert contrast(ground, ink) > 7
    with pytest.raises(ValueError, match="unknown theme 'pink'; choose from light, dark"):
        figures.schedules(SCHEDULES, "pink")
    with pytest.raises(ValueError, match=r"ends with \.png, \.svg, \.pdf"):
        figures.save(figures.schedules(SCHEDULES), tmp_path / "a.bmp")


def contrast(one: str, other: str) -> float:
    """WCAG 2.1's contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_lines_can_be_told_apart_on_both_grounds() -> None:
    assert len(COLOURS) + 1 == len(LINES) == len(set(map(str, LINES)))
    every = figures.schedules([make_schedule(name) for name in KINDS]).axes[0].get_lines()
    assert len({line.get_color() for line in every}) == len(KINDS)
    for ground, *_ in GROUND.values():
        assert all(contrast(ground, colour) > 1.9 for colour in COLOURS)


def test_pyplot_is_left_alone() -> None:
    code = "import sys, diffviz.figures; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


@pytest.mark.parametrize(
    "words",
    [
        "schedules --compare linear,cosine",
        "sampling --steps 3 --condition class=dress",
        "samples --steps 2 --count 3",
        "convergence --compare ddim --at 2,4 --T 60",
    ],
)
def test_the_command_writes_one(words: str, tmp_path: Path) -> None:
    out = tmp_path / "figure.svg"
    assert main(["figure", *words.split(), "--threads", "1", "--out", str(out)]) == 0
    assert out.read_text().startswith("<?xml")


def test_the_command_draws_a_picture_and_a_status_of_one_s_own(tmp_path: Path) -> None:
    picture, status = tmp_path / "a.png", tmp_path / "status.json"
    Image.new("RGB", (32, 16), "red").save(picture)
    status.write_text(json.dumps({"points": POINTS, "ratios": [0.1, 10.0]}))
    out = str(tmp_path / "figure.pdf")
    assert main(["figure", "forward", "--picture", str(picture), "--out", out]) == 0
    assert main(["figure", "losses", "--status", str(status), "--out", out]) == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("pie", "unknown kind 'pie'; choose from schedules"),
        ("schedules --compare linear,round", "unknown schedule 'round'"),
        ("convergence --compare ddpm", "unknown deterministic sampler 'ddpm'"),
        ("forward", "say which picture"),
        ("losses", "say whose losses"),
        ("losses --status pyproject.toml", "no training's status"),
        ("schedules --theme pink", "unknown theme 'pink'"),
        ("schedules --out a.bmp", "must end in .png or .svg or .pdf"),
    ],
)
def test_what_will_not_do_is_a_sentence(
    words: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["figure", *words.split()]) == 2
    assert sentence in capsys.readouterr().err
