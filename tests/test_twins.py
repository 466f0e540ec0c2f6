"""What Python and the page's JavaScript both work out, they work out alike."""

from __future__ import annotations

import itertools
import json
import math
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
import torch

from diffviz.data.examples import example
from diffviz.data.plane.clouds import cloud_of_shape
from diffviz.denoisers.exact import MixtureDenoiser
from diffviz.forward import counter_noise, noise, noising_chain
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.media.levels import grey_levels
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.runs.link import link, schema
from diffviz.runs.posing import pose
from diffviz.runs.restoration import SIDES, RestoreSettings
from diffviz.schedules import SCHEDULES, NoiseSchedule, drawn_schedule, make_schedule
from diffviz.serving.models import bundled_card
from diffviz.serving.plane import network_sent
from diffviz.serving.sampling import OnPage as Sample
from diffviz.settings import Settings, offered
from diffviz.training.points import PointsTraining, train_points
from diffviz.ui.edit.tab import OnPage as Edit
from diffviz.ui.forward.tab import OnPage as Forward
from diffviz.ui.train.controls import OnPage as Train
from tests.other_settings import changed

LINKED = (Forward, Sample, Edit, Train)
FLAGS = (False, True)
HANDLES = [1, 0.9, 0.6, 0.55, 0.3, 0.1, 0.05, 0.004]


def twin(calls: Sequence[Sequence[Any]]) -> list[Any]:
    """The page's answers to calls [function, …arguments] of tests/js/twin.js."""
    script = Path(__file__).parent / "js" / "twin.js"
    answers: list[Any] = json.loads(
        subprocess.run(
            ["node", script],
            input=json.dumps(calls),
            stdout=subprocess.PIPE,  # what else it says stands in the test's report
            text=True,
            check=True,
        ).stdout
    )
    return answers


def schedules() -> Iterator[tuple[str, int, dict[str, Any], bool, NoiseSchedule]]:
    for kind in SCHEDULES.values():
        extremes = [
            {p.name: p.default for p in kind.parameters},
            {p.name: p.minimum for p in kind.parameters},
            {p.name: p.maximum for p in kind.parameters},
        ]
        zero_terminal = (False, True) if kind.variance_preserving else (False,)
        for T, parameters, zero in itertools.product(
            (2, 3, 50, 1000, 4000), extremes, zero_terminal
        ):
            try:
                schedule = make_schedule(kind.name, T, zero_terminal_snr=zero, **parameters)
            except ValueError:  # some extremes add no noise at some step
                continue
            yield kind.name, T, parameters, zero, schedule
    for T, zero in itertools.product((2, 7, 1000, 4000), (False, True)):
        schedule = drawn_schedule(HANDLES, T, zero_terminal_snr=zero)
        yield "drawn", T, {"handles": HANDLES}, zero, schedule


def test_the_page_works_out_the_same_schedules() -> None:
    cases = list(schedules())
    assert len(cases) > 100
    answers = twin([("schedule", *settings) for *settings, _ in cases])
    for (*settings, schedule), answer in zip(cases, answers, strict=True):
        assert np.abs(np.array(answer["alpha"]) - schedule.alpha.numpy()).max() <= 1e-9, settings
        assert np.abs(np.array(answer["sigma"]) - schedule.sigma.numpy()).max() <= 1e-9, settings
        assert answer["sound"], settings


def test_the_page_draws_the_same_noise_of_counters() -> None:
    cases = [(0, 0, 1000), (5, 3, 1000), (2**32 - 1, 999, 1000), (123_456_789, 1, 7)]
    for case, answer in zip(cases, twin([("noise", *case) for case in cases]), strict=True):
        assert np.abs(np.array(answer) - counter_noise(*case)).max() <= 1e-9, case


def test_steps_of_the_chain_are_the_servers() -> None:
    x0 = example("boot")
    eps = noise(5, x0.shape)
    ways = [("cosine", [100, 200, 300, 400]), ("flow", [250, 500, 750, 1000])]
    calls = []
    for kind, indices in ways:
        schedule = make_schedule(kind)
        tables = schedule.alpha.tolist(), schedule.sigma.tolist()
        calls.append(("chain", x0.flatten().tolist(), eps.flatten().tolist(), *tables, indices, 5))
    for (kind, indices), there in zip(ways, twin(calls), strict=True):
        here = list(noising_chain(x0, eps, make_schedule(kind), indices, 5))
        assert len(there) == len(here) == 4
        for one, other in zip(there, here, strict=True):
            expected = grey_levels(other.flatten()).numpy().astype(int)
            shown = grey_levels(torch.tensor(one)).numpy().astype(int)
            assert np.abs(shown - expected).max() <= 1


def levels_of(kind: str) -> Iterator[tuple[NoiseSchedule, int, dict[str, float]]]:
    """Times of a schedule, each as the page has it: α and σ with α² + σ² = 1."""
    schedule = make_schedule(kind)
    for t in (1, 60, 400, 800, 1000):
        alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
        scale = math.hypot(alpha, sigma)
        yield schedule, t, {"a": alpha / scale, "s": sigma / scale}


@pytest.mark.parametrize("std", [0.0, 0.1])
def test_the_page_s_exact_denoisers_are_the_library_s(std: float) -> None:
    cloud = cloud_of_shape("moons", 300)
    denoiser = MixtureDenoiser(cloud.points, std, classes=cloud.kinds + 1)
    calls, expected = [], []
    for (schedule, t, at), said in itertools.product(levels_of("karras"), (0, 2)):
        alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
        x = alpha * cloud.points[:40] + sigma * noise(3, (40, 2))
        guided = GuidedDenoiser(denoiser, 3.0, interval=(0.05, 30.0))
        condition = torch.full((40, 1), said)
        x0 = guided(x.double(), alpha, sigma, condition).x0
        u = (x / math.hypot(alpha, sigma)).flatten().tolist()
        kinds = (cloud.kinds + 1).tolist()
        scale = 3.0 if said else 1.0
        means = cloud.points.flatten().tolist()
        calls.append(("mixture", means, std, kinds, u, at, said, scale, [0.05, 30.0]))
        expected.append(x0.flatten().numpy())
    for answer, x0 in zip(twin(calls), expected, strict=True):
        assert np.abs(np.array(answer) - x0).max() < 2e-4  # x is float32: at t = 1, to 1e-7/σ


@pytest.mark.parametrize("std", [0.0, 0.1])
def test_the_page_s_field_on_a_grid_is_the_library_s(std: float) -> None:
    """Where each axis alone has its exponentials, also where no component is near in both."""
    means, side, reach = cloud_of_shape("moons", 300).points, 24, 3.0
    denoiser = MixtureDenoiser(means, std)
    middles = torch.linspace(-reach + reach / side, reach - reach / side, side).double()
    places = torch.cartesian_prod(middles, middles).flip(1)
    calls, expected = [], []
    for schedule, t, at in levels_of("karras"):
        alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
        x0 = denoiser(places * math.hypot(alpha, sigma), alpha, sigma).x0
        calls.append(("field", means.flatten().tolist(), std, at, side, reach))
        expected.append((x0 - places).flatten().numpy())
    for answer, field in zip(twin(calls), expected, strict=True):
        assert np.abs(np.array(answer) - field).max() < 1e-5


@pytest.mark.parametrize("parametrization", PARAMETRIZATIONS)
@pytest.mark.parametrize("data", ["moons", "spiral"])
def test_the_page_s_network_is_the_library_s(parametrization: str, data: str) -> None:
    settings = PointsTraining(
        data=data, parametrization=parametrization, updates=50, width=24, depth=2
    )
    *_, learned = train_points(settings)
    checkpoint = learned.checkpoint
    message = network_sent(checkpoint)
    classes = checkpoint.card.data.slots
    calls, expected = [], []
    for schedule, t, at in levels_of("cosine"):
        x = noise(t, (33, 2))
        condition = torch.full((33, len(classes)), 2)
        prediction = checkpoint.denoiser()(
            x, float(schedule.alpha[t]), float(schedule.sigma[t]), condition
        )
        if not prediction.x0.isfinite().all() or prediction.x0.abs().max() > 1e4:
            continue  # of ε at the very end, where x̂0 is ε̂'s error times a thousand
        calls.append(("network", message, x.flatten().tolist(), at, 2 if classes else 0))
        expected.append(prediction.x0.flatten().numpy())
    assert len(calls) >= 4
    for answer, x0 in zip(twin(calls), expected, strict=True):
        assert np.abs(np.array(answer) - x0).max() <= 1e-5 * max(1, np.abs(x0).max())


def test_the_page_s_density_is_a_density() -> None:
    means = torch.tensor([[0.5, -0.3], [-1.0, 0.4]])
    at, side, reach = {"a": 0.8, "s": 0.6}, 60, 5.0
    (found,) = twin([("density", means.flatten().tolist(), 0.2, at, side, reach)])
    axis = (np.arange(side) + 0.5) / side * 2 * reach - reach
    x, y = np.meshgrid(axis, axis)
    variance = 0.6**2 + (0.8 * 0.2) ** 2
    expected = sum(
        np.exp(-((x - 0.8 * mx) ** 2 + (y - 0.8 * my) ** 2) / (2 * variance))
        for mx, my in means.tolist()
    ) / (2 * 2 * np.pi * variance)
    assert np.abs(np.array(found).reshape(side, side) - expected).max() < 1e-6
    assert sum(found) * (2 * reach / side) ** 2 == pytest.approx(1, abs=1e-3)


def test_the_page_follows_the_links_that_python_writes_and_writes_the_same() -> None:
    cases = [(model, name) for model in LINKED for name in offered(model)]
    links = [link("tab", changed(model, name)) for model, name in cases]
    facts = [schema(model) for model, _ in cases]
    answers = twin([("follow", *case) for case in zip(facts, links, strict=True)])
    for (model, name), text, answer in zip(cases, links, answers, strict=True):
        assert f"{name}=" in text
        assert answer["told"] == ""
        given = {key: value for key, value in answer["values"].items() if value is not None}
        usual = {left: model.model_fields[left].default for left in model.without}
        assert model(**given) == changed(model, name).model_copy(update=usual), (text, answer)
        names = [[key for key, _ in parse_qsl(one)] for one in (answer["text"], text)]
        assert names[0] == names[1]


@pytest.mark.parametrize("model", LINKED)
def test_where_a_tab_begins_is_a_link_of_its_name_alone(model: type[Settings]) -> None:
    (answer,) = twin([("follow", schema(model), "tab")])
    assert answer["text"] == link("tab", model()) == "tab"


@pytest.mark.parametrize(
    ("text", "said", "told"),
    [
        ("sample?steps=many", {}, "steps must be a whole number from 1 to 250, not 'many'"),
        ("sample?steps=0&seed=3", {"seed": 3}, "steps must be a whole number from 1 to 250, not 0"),
        ("sample?steps=1.5", {}, "steps must be a whole number from 1 to 250, not 1.5"),
        ("sample?seed=-1", {}, "seed must be a whole number from 0 to 2147483647, not -1"),
        ("sample?wings=red", {}, "unknown setting 'wings'; choose from count"),
        ("sample?guidance=nan", {}, "guidance must be a number from 0 to 10, not 'nan'"),
        ("sample?guidance=", {}, "guidance must be a number from 0 to 10, not ''"),
        ("sample?sampler=dim", {}, "unknown sampler 'dim'; choose from ddim"),
        ("sample?schedule_parameters=x", {}, "schedule parameters must look like NAME=VALUE"),
        ("sample?clip_x0=perhaps", {}, "clip x0 must be true or false, not 'perhaps'"),
        ("sample?%%%&&==&?#=", {}, "unknown setting"),
        ("sample?denoiser=" + "x" * 5000, {}, "longer than 4000 characters"),
    ],
)
def test_a_broken_link_leads_to_the_defaults_with_a_sentence(
    text: str, said: dict[str, Any], told: str
) -> None:
    answer, defaults = twin([("follow", schema(Sample), part) for part in (text, "sample")])
    assert answer["values"] == defaults["values"] | said
    assert told in answer["told"]


@pytest.mark.parametrize(("name", "value"), [("steps", 0), ("seed", -1), ("sampler", "dim")])
def test_a_link_s_mistake_is_told_as_on_every_way_in(name: str, value: Any) -> None:
    (answer,) = twin([("follow", schema(Sample), f"sample?{name}={value}")])
    with pytest.raises(ValueError, match=re.escape(answer["told"])):
        Sample(**{name: value})


def test_the_tour_s_links_set_what_there_is() -> None:
    text = (Path(__file__).parent.parent / "diffviz" / "ui" / "lib" / "tour.js").read_text()
    models = {"forward": Forward, "sample": Sample, "edit": Edit, "train": Train}
    links = re.findall(r'"((?:forward|sample|edit|train)\?[^"]+)"', text)
    assert len(links) >= 6
    calls = [("follow", schema(models[link.partition("?")[0]]), link) for link in links]
    assert [answer["told"] for answer in twin(calls)] == [""] * len(links)


@pytest.mark.parametrize("model", ["photos", "fashion"])
def test_the_page_knows_how_large_a_result_will_be(model: str) -> None:
    card, calls, sides = bundled_card(model), [], []
    denoiser = {"any": card.network.any_size, "shape": card.data.shape}
    asked: list[dict[str, Any]] = [
        {"task": "inpaint"},
        {"task": "deblur", "size": 96, "degrade": True},
        *({"task": "upscale", "factor": by, "degrade": worse} for by in (2, 4) for worse in FLAGS),
        *({"task": "outpaint", "sides": at, "grow": by} for at in SIDES for by in (0.05, 0.5)),
    ]
    for picture, said in itertools.product([(24, 40), (101, 67)], asked):
        settings = RestoreSettings(model=model, **{"size": 64, **said})
        task = {"parameters": settings.entry.parameters, "degrades": settings.entry.degrades}
        calls.append(("sides", picture, task, denoiser, settings.model_dump(mode="json")))
        mask = -torch.ones(1, *picture)
        mask[:, picture[0] // 2 - 6 : picture[0] // 2 + 6, picture[1] // 2 - 8 :] = 1
        x = torch.zeros(card.data.shape[0], *picture)
        sides.append(pose(settings, card, x, mask).shape[1:])
    for call, here, there in zip(calls, sides, twin(calls), strict=True):
        # Python rounds halves to even ones, the page up.
        assert all(0 <= more - side <= 3 for side, more in zip(here, there, strict=True)), call
