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
from diffviz.schedules import SCHEDULES, NoiseSchedule, drawn_schedule, make_schedule
from diffviz.serving.plane import network_sent
from diffviz.settings import Settings, offered
from diffviz.training.points import PointsTraining, train_points
from diffviz.ui.edit.tab import OnPage as Edit
from diffviz.ui.forward.tab import OnPage as Forward
from diffviz.ui.sample.controls import OnPage as Sample
from diffviz.ui.train.controls import OnPage as Train
from tests.other_settings import changed

LINKED = (Forward, Sample, Edit, Train)
HANDLES = [1, 0.9, 0.6, 0.55, 0.3, 0.1, 0.05, 0.004]


def twin(calls: Sequence[Sequence[Any]]) -> list[Any]:
    """The page's answers to calls [function, …arguments] of tests/js/twin.js."""
    script = Path(__file__).parent / "js" / "twin.js"
    answers: list[Any] = json.loads(
        subprocess.run(
            ["node", script], input=json.dumps(calls), capture_output=True, text=True, check=True
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


from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.runs.link import link, schema
from diffviz.schedules import SCHEDULES, NoiseSchedule, drawn_schedule, make_schedule
from diffviz.serving.plane import network_sent
from diffviz.settings import Settings, offered
from diffviz.training.points import PointsTraining, train_points
from diffviz.ui.edit.tab import OnPage as Edit
from diffviz.ui.forward.tab import OnPage as Forward
from diffviz.ui.sample.controls import OnPage as Sample
from diffviz.ui.train.controls import OnPage as Train
from tests.other_settings import changed
