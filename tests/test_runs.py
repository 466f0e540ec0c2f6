"""Runs that vary one thing over the same noise, negative conditions, and the code that repeats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

import diffviz
from diffviz.checkpoints import Checkpoint, load_checkpoint
from diffviz.runs.code import code
from diffviz.runs.conditions import rows
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings, Variation

BASE = RunSettings(model="heroes", condition={"species": "troll"}, steps=3, seed=7, guidance=2.0)


@pytest.fixture(scope="module")
def heroes() -> Checkpoint:
    return load_checkpoint("heroes")


def made(checkpoint: Checkpoint, **changes: Any) -> Tensor:
    *_, last = run(BASE.but(**changes), checkpoint)
    return last.x


@pytest.mark.parametrize(
    ("vary", "alone"),
    [
        (Variation("guidance", (0.0, 1.0, 4.0)), [{"guidance": g} for g in (0.0, 1.0, 4.0)]),
        (
            Variation("headgear", ("crown", "")),
            [{"condition": BASE.condition | said} for said in ({"headgear": "crown"}, {})],
        ),
        (
            Variation("species", ("frog", "")),
            [{"condition": said} for said in ({"species": "frog"}, {})],
        ),
    ],
    ids=["guidance", "a word more", "another word"],
)
def test_each_column_is_the_run_of_its_value(
    heroes: Checkpoint, vary: Variation, alone: list[dict[str, Any]]
) -> None:
    """On the same noise in each row."""
    together = made(heroes, vary=vary, count=2 * len(alone))
    for row in (0, 1):
        for column, change in enumerate(alone):
            expected = made(heroes, seed=BASE.seed + row, **change)[0]
            found = together[row * len(alone) + column]
            torch.testing.assert_close(found, expected, atol=2e-3, rtol=0)


def test_a_negative_condition_is_the_other_side_of_guidance(heroes: Checkpoint) -> None:
    """Away from what is asked for, nothing is left of guidance."""
    same = made(heroes, negative=BASE.condition)
    torch.testing.assert_close(same, made(heroes, guidance=1.0), atol=2e-3, rtol=0)
    assert not torch.allclose(same, made(heroes), atol=0.05)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"vary": Variation("guidance", (0.0, 1.0)), "count": 3}, "no multiple of the 2 values"),
        ({"vary": Variation("guidance", (0.0, 99.0)), "count": 2}, "guidance must be"),
        ({"vary": Variation("species", ("frog", "cat")), "count": 2}, "unknown species 'cat'"),
        ({"vary": Variation("mood", ("sad", "")), "count": 2}, "unknown condition mood"),
        ({"negative": {"species": "cat"}}, "unknown species 'cat'"),
    ],
)
def test_what_cannot_be_is_told(heroes: Checkpoint, changes: Mapping[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        made(heroes, **changes)


@pytest.mark.parametrize("vary", ["guidance", "species"])
def test_the_code_repeats_the_run(
    heroes: Checkpoint, vary: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    values = (0.0, 3.0) if vary == "guidance" else ("frog", "")
    settings = BASE.but(vary=Variation(vary, values), count=4, negative={"headgear": "crown"})
    program = code(settings, torch.get_num_threads())
    exec(compile(program, "exported", "exec"), {})
    *_, last = run(settings, heroes)
    assert f"fingerprint {diffviz.fingerprint(last.x)}" in capsys.readouterr().out
    assert rows(settings, heroes.card.data).shape == (4, 14)


@pytest.mark.parametrize(
    ("changes", "evaluations"),
    [
        ({}, [2, 4, 6, 6]),
        ({"guidance": 1.0}, [1, 2, 3, 3]),
        ({"condition": {}}, [1, 2, 3, 3]),
    ],
)
def test_evaluations_are_counted_where_they_happen(
    heroes: Checkpoint, changes: dict[str, Any], evaluations: list[int]
) -> None:
    """Of the network: two where guidance compares two sides."""
    assert [step.nfe for step in run(BASE.but(**changes), heroes)] == evaluations


@pytest.mark.parametrize(
    ("interval", "evaluations"),
    [
        ({"guidance_from": 1000.0}, [2, 3, 4, 4]),  # σ/α is 20,000 at first, then 1.8 and 0.6
        ({"guidance_to": 0.0}, [1, 2, 3, 3]),
        ({"guidance_from": 1.0, "guidance_to": 5.0}, [1, 3, 4, 4]),
        ({"guidance_from": 0.0, "guidance_to": 1000.0}, [2, 4, 6, 6]),
    ],
)
def test_guidance_acts_within_its_interval(
    heroes: Checkpoint, interval: dict[str, float], evaluations: list[int]
) -> None:
    """Of σ/α; elsewhere the plain conditional prediction stands."""
    steps = list(run(BASE.but(**interval), heroes))
    assert [step.nfe for step in steps] == evaluations
    if evaluations[-1] == 3:
        plain = made(heroes, guidance=1.0)
        torch.testing.assert_close(steps[-1].x, plain, atol=2e-3, rtol=0)


def test_an_interval_that_ends_before_it_begins_is_told() -> None:
    with pytest.raises(ValueError, match="guidance from must be at most guidance to"):
        BASE.but(guidance_from=3, guidance_to=2)
