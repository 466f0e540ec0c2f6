"""The plane for programs: endpoints, the command, the library, figures and code."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection
from PIL import Image

import diffviz
from diffviz.__main__ import main
from diffviz.figures.plane import film, plane, plane_over_t
from diffviz.media.levels import fingerprint
from diffviz.runs.code import points_code
from diffviz.runs.plane import Components, PlaneSettings, denoiser_of, run_points
from diffviz.runs.plane_views import (
    FIELDS,
    NONE,
    PlaneViews,
    density,
    grid,
    level,
    line_density,
    vectors,
)
from diffviz.schedules import make_schedule
from diffviz.serving.engine import LocalEngine
from diffviz.serving.made_files import MadeFiles
from diffviz.serving.plane import network_sent, prepare
from diffviz.serving.plane_exports import FORMATS, export_points, prepare_export
from diffviz.serving.ticket import Ticket
from diffviz.training.points import PointsTraining, train_points
from diffviz.web.uploads import Room
from tests.test_apps import App, opened
from tests.test_edit_endpoints import ask


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    made = opened(tmp_path_factory.mktemp("app"), training=False)
    with made.http:
        yield made


def test_programs_train_and_sample(app: App) -> None:
    (trained,) = ask(app, "plane_train", data="eight", updates=100, width=16)
    assert trained["losses"][-1][0] == 100
    (answer,) = ask(
        app,
        "plane_sample",
        data="eight",
        denoiser="yours",
        count=40,
        steps=20,
        network=trained["network"],
    )
    assert np.array(answer["points"]).shape == (40, 2)
    assert len(answer["path"]) == 9
    assert answer["path"][0]["t"] == 1000
    assert answer["numbers"]["covered"]["of"] == 8
    (again,) = ask(app, "plane_sample", data="eight", count=40, steps=20)
    *_, step = run_points(PlaneSettings(data="eight", count=40, steps=20))
    assert again["fingerprint"] == fingerprint(step.x)


def test_programs_compare_samplers_with_the_truth(app: App) -> None:
    at = [32, 64, 128]
    (answer,) = ask(app, "plane_convergence", data="eight", samplers=["heun", "euler"], at=at)
    assert [curve["sampler"] for curve in answer["curves"]] == ["heun", "euler"]
    for curve in answer["curves"]:
        assert curve["slope"] == pytest.approx(curve["order"], abs=0.25)
        assert [run[0] for run in curve["runs"]] == at
    for wrong, why in (
        ({"samplers": ["ddpm"]}, "draws noise on its way, and has no one end."),
        ({"denoiser": "yours"}, "Train a denoiser first, and then sample with it."),
    ):
        assert why in ask(app, "plane_convergence", **wrong)["error"]


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"data": "drawn"}, "It takes 8 to 10,000 points, and here are 0."),
        ({"points": 10**6}, "Points must be a whole number from 8 to 10000, not 1000000."),
        ({"denoiser": "yours"}, "Train a denoiser first, and then sample with it."),
        ({"denoiser": "yours", "network": {"width": 3}}, "These are no weights of a denoiser"),
        ({"data": "word", "word": "x" * 500}, "A word has at most 12 letters here, not 500."),
    ],
)
def test_what_cannot_be_is_told_to_programs(app: App, asked: dict[str, Any], why: str) -> None:
    assert why in ask(app, "plane_sample", **asked)["error"]


def test_the_command_writes_pictures_and_films(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = ["plane", "--count", "50", "--steps", "4", "--out"]
    for name in ("a.png", "a.svg", "a.gif", "a.mp4"):
        assert main([*quick, str(tmp_path / name), "--paths", "--density"]) == 0
        assert (tmp_path / name).stat().st_size > 1000
    with Image.open(tmp_path / "a.gif") as image:
        assert getattr(image, "n_frames", 1) == 5
    *_, step = run_points(PlaneSettings(count=50, steps=4))
    assert fingerprint(step.x) in capsys.readouterr().out
    learned = ["--denoiser", "yours", "--updates", "50", "--field", "score"]
    assert main([*quick, str(tmp_path / "b.png"), *learned]) == 0
    for wrong, why in (
        (["--at", "9"], "at must be from 0 to 4"),
        (["--data", "cube"], "unknown data 'cube'; choose from moons"),
        (["--theme", "pink"], "choose from light, dark"),
    ):
        assert main([*quick, str(tmp_path / "c.png"), *wrong]) == 2
        assert why in capsys.readouterr().err


def test_the_command_takes_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, out = tmp_path / "bar.png", tmp_path / "plane.png"
    levels = np.full((40, 60, 3), 250, np.uint8)
    levels[10:20, 5:55] = (200, 10, 10)
    Image.fromarray(levels).save(picture)
    quick = ["plane", "--count", "50", "--steps", "4", "--out", str(out), "--picture"]
    assert main([*quick, str(picture)]) == 0
    assert out.exists()
    Image.new("RGB", (40, 40), "white").save(picture)
    assert main([*quick, str(picture)]) == 2
    assert "all of one grey" in capsys.readouterr().err


def test_the_command_draws_the_orders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quick = ["converge", "--data", "eight", "--count", "50", "--at", "32,64,128"]
    out = tmp_path / "orders.svg"
    assert main([*quick, "--samplers", "euler", "unipc", "-o", str(out)]) == 0
    assert "Euler, order 1.0" in capsys.readouterr().out
    assert "UniPC, order " in out.read_text()
    assert main([*quick, "--samplers", "ddpm", "-o", str(out)]) == 2
    assert "has no one end" in capsys.readouterr().err


def test_the_code_repeats_a_run_to_the_last_bit(tmp_path: Path) -> None:
    settings = PlaneSettings(data="rings", count=30, steps=6, sampler="heun", what="inner")
    *_, step = run_points(settings)
    program = points_code(settings, "", torch.get_num_threads())
    made = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(diffviz.__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"fingerprint {fingerprint(step.x)}" in made.stdout
    assert (tmp_path / "diffviz.png").exists()


@pytest.mark.parametrize("learned", [False, True])
def test_what_the_page_takes_home_is_its_run(tmp_path: Path, learned: bool) -> None:
    engine, files = LocalEngine(), MadeFiles(Room(tmp_path, 200))
    settings = {"data": "eight", "count": 20, "steps": 5, "points": 60}
    request: dict[str, Any] = {"views": {"paths": True, "field": "velocity"}, "place": 2}
    if learned:
        training = {"updates": 50, "width": 16, "depth": 2}
        *_, last = train_points(PointsTraining(data="eight", points=60, **training))
        settings |= {"denoiser": "yours"}
        request |= {"training": training, "network": network_sent(last.checkpoint)}
    request |= {"settings": settings}
    ticket = Ticket("me", 60)
    for kind in ("svg", "gif") if learned else FORMATS[:-1]:
        path = export_points(prepare_export({**request, "format": kind}), files, engine, ticket)
        assert isinstance(path, Path)
        assert path.stat().st_size > 1000
        assert path.suffix == f".{kind}"
    program = export_points(prepare_export({**request, "format": "code"}), files, engine, ticket)
    assert isinstance(program, str)
    walk = prepare({"settings": settings, "network": request.get("network")})
    *_, step = walk.run()
    engine.close()
    told: dict[str, Any] = {}
    exec(program.replace("diffviz.save_png", "(lambda *a, **k: None)"), told)
    assert fingerprint(told["step"].x) == fingerprint(step.x)
    with pytest.raises(ValueError, match="unknown format 'exe'; choose from png, svg"):
        prepare_export({**request, "format": "exe"})
    if learned:
        with pytest.raises(ValueError, match="how this denoiser was trained is not known"):
            prepare_export({**request, "format": "code", "training": None})


def test_figures_show_what_is_wanted() -> None:
    settings = PlaneSettings(data="eight", count=40, steps=3)
    cloud = settings.cloud()
    run = list(run_points(settings, None, cloud))
    shown = (run, settings, cloud, denoiser_of(settings, cloud))
    bare = plane(*shown).axes[0]
    full = plane(*shown, index=1, views=PlaneViews(field="velocity", density=True, paths=True))
    rich = full.axes[0]
    assert (len(bare.images), len(rich.images)) == (0, 1)
    assert len(rich.collections) == len(bare.collections) + 2
    assert rich.get_title(loc="left") == f"t = {run[1].t}"
    pictures = film(*shown)
    assert len(pictures) == 4
    assert not np.array_equal(pictures[0], pictures[-1])


def test_streamlines_follow_the_field() -> None:
    # x̂0 of one Gaussian around 0 lies on the way there from wherever one is.
    settings = PlaneSettings(data="eight", count=1, steps=1)
    run = list(run_points(settings))
    towards = diffviz.MixtureDenoiser(torch.zeros(1, 2), 0.5)
    views = PlaneViews(field="x0", streamlines=True)
    axes = plane(run, settings, settings.cloud(), towards, index=0, views=views).axes[0]
    (drawn,) = (one for one in axes.collections if isinstance(one, LineCollection))
    lines = [line for line in drawn.get_segments() if len(line) > 1]
    places = np.concatenate([(line[1:] + line[:-1]) / 2 for line in lines])
    ways = np.concatenate([np.diff(line, axis=0) for line in lines])
    away, long = np.hypot(*places.T), np.hypot(*ways.T)
    far = (away > 0.5) & (long > 1e-6)
    cosine = (places * ways).sum(1)[far] / (away * long)[far]
    assert far.sum() > 100
    assert cosine.max() < -0.95


def test_the_velocity_leads_along_the_path_of_one_gaussian() -> None:
    # Of one Gaussian of standard deviation c the path is u·√(a²c² + s²) for a fixed u.
    c, schedule, t = 0.5, make_schedule("cosine"), 400
    denoiser = diffviz.MixtureDenoiser(torch.zeros(1, 2), c)
    spread = [((a * c) ** 2 + s**2) ** 0.5 for a, s in (level(schedule, i) for i in (399, 401))]
    a, s = level(schedule, t)
    u, said = torch.tensor([[0.7, -0.2]]).double(), torch.zeros(1, 0, dtype=torch.int64)
    slope = (spread[1] - spread[0]) / (2 / schedule.T) / ((a * c) ** 2 + s**2) ** 0.5
    found = vectors("velocity", denoiser, schedule, t, u, said)
    assert torch.allclose(found, -slope * u, rtol=1e-3)
    score = vectors("score", denoiser, schedule, t, u, said)
    assert torch.allclose(score, -u / ((a * c) ** 2 + s**2))
    assert set(FIELDS) == {NONE, "x0", "eps", "score", "velocity"}


def test_x_against_t_is_the_whole_process(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schedule = make_schedule("cosine")
    parts = Components(torch.tensor([[-1.0, 9.0], [1.0, -9.0]]), 0.2, None)
    a, s = level(schedule, 500)
    normal = torch.distributions.Normal(torch.tensor([-a, a]).double(), math.hypot(a * 0.2, s))
    places = ((torch.arange(300).double() + 0.5) / 300 * 2 - 1) * 3
    due = normal.log_prob(places[:, None]).exp().mean(1)
    assert torch.allclose(line_density(parts, schedule, 500, 300), due)
    settings = PlaneSettings(data="two-bumps", count=30, steps=5)
    run = list(run_points(settings))
    (ax,) = plane_over_t(run, settings, settings.cloud()).axes
    assert len(ax.get_lines()) == 30
    assert list(ax.get_lines()[0].get_xdata()) == [step.t for step in run]
    quick = ["plane", "--count", "20", "--steps", "4", "--over-t", "-o", str(tmp_path / "a.png")]
    assert main([*quick, "--data", "three-bumps"]) == 0
    assert main([*quick, "--data", "moons"]) == 2
    assert "moons data are not on a line" in capsys.readouterr().err


def test_a_density_sums_to_one() -> None:
    schedule = make_schedule("cosine")
    found = density(Components(torch.zeros(1, 2), 0.3, None), schedule, 300, 120)
    cell = (grid(120)[1, 0] - grid(120)[0, 0]) ** 2
    assert float(found.sum() * cell) == pytest.approx(1, abs=1e-3)
