"""What the page's player is sent of a run."""

from __future__ import annotations

import base64
import json
from itertools import chain
from typing import Any

import numpy as np
import pytest

from diffviz.checkpoints import load_checkpoint
from diffviz.measure.convergence import exact
from diffviz.runs.notes import run_of
from diffviz.runs.plane import ready_made
from diffviz.runs.sampling import run as sample
from diffviz.runs.schema import RunSettings, Variation
from diffviz.serving.frames import SAME_STEP, in_line, message, stream
from diffviz.serving.reference import AT, a_few, orders, reference

RUN = RunSettings(condition={"class": "bag"}, count=1, steps=6)


def sent(pause: float) -> list[list[dict[str, Any]]]:
    """The events of each message; but for the time that a step took, always the same."""
    made = stream(RUN, ["heun"], load_checkpoint("fashion"), pause=lambda: pause)
    messages = [json.loads(message)["events"] for message in made]
    for event in chain(*messages):
        event.pop("seconds", None)
    return messages


def test_frames_that_share_a_message_are_the_same_ones() -> None:
    one_by_one, together = sent(0.0), sent(1000.0)
    assert len(one_by_one) == 2 * (RUN.steps + 1)  # two lanes, and x_T
    assert len(together) == 2  # the first frame does not wait for others
    assert [event["kind"] for event in together[0]] == ["start", "frame"]
    assert list(chain(*together)) == list(chain(*one_by_one))
    assert sum(event["kind"] == "end" for event in together[1]) == 2


def test_a_races_ends_are_told_in_full_for_distances() -> None:
    def ends(rivals: list[str]) -> list[dict[str, Any]]:
        made = stream(RUN, rivals, load_checkpoint("fashion"), pause=lambda: 1000.0)
        events = chain(*(json.loads(message)["events"] for message in made))
        return [event for event in events if event["kind"] == "end"]

    assert "result" not in ends([])[0]
    results = [halves_of(end["result"]) for end in ends(["euler", "heun"])]
    assert results[0].shape == (28 * 28,)
    assert np.abs(results[0] - results[1]).max() < 1e-2, "DDIM and Euler are the same step"
    assert rms(results[0], results[2]) > 0.02


def test_what_a_race_is_measured_against_is_told_as_it_is_made() -> None:
    """The more steps, the nearer."""
    checkpoint = load_checkpoint("fashion")
    run = RUN.but(T=64, schedule="linear")  # 64 steps, then, are all that there are
    events = [json.loads(text) for text in reference(run, 7, checkpoint)]
    assert {message["run"] for message in events} == {7}
    steps = [event["index"] for message in events for event in message["events"]]
    assert steps == sorted(steps)
    assert steps[-1] == 64
    (end,) = events[-1]["events"]
    distances = []
    for count in (6, 24):
        *_, last = sample(run.but(steps=count), checkpoint)
        distances.append(rms(last.x.flatten().numpy(), halves_of(end["result"])))
    assert distances[0] > 2 * distances[1] > 0


def test_a_races_samplers_come_nearer_as_their_orders_say() -> None:
    checkpoint = ready_made("moons")  # the smallest network; what is made of pictures is the same
    run = RunSettings(count=9, sampler="euler", schedule="karras", T=300, steps=6, guidance=1.0)
    made = [json.loads(text) for text in orders(run, ["heun", "ddpm", "heun"], 7, checkpoint)]
    events = [event for message in made for event in message["events"]]
    assert {message["run"] for message in made} == {7}
    assert {event["kind"] for event in events} == {"orders"}
    assert [one["name"] for one in events[0]["samplers"]] == ["euler", "heun"]  # those of one end
    found = [event["one"] for event in events if "one" in event]
    assert [(one["sampler"], one["steps"]) for one in found] == [
        (name, count) for name in ("euler", "heun") for count in AT
    ]
    euler, heun = events[-1]["curves"]
    assert euler["slope"] == pytest.approx(1, abs=0.4)
    assert heun["slope"] == pytest.approx(2, abs=0.4)


def test_a_races_pictures_are_measured_by_the_first_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diffviz.serving.reference.AT", (2, 6))
    checkpoint = load_checkpoint("fashion")
    run = RUN.but(count=3, condition={"class": "each"}, T=16, schedule="linear")
    *_, told = orders(run, [], 7, checkpoint)
    ((curve,),) = (event["curves"] for event in json.loads(told)["events"])
    race = [list(sample(one, checkpoint))[-1].x[:2] for one in (run, exact(run))]
    assert curve["runs"][1] == [6, 12, pytest.approx(rms(*(x.numpy() for x in race)), rel=1e-3)]


@pytest.mark.parametrize(
    ("run", "rivals", "why"),
    [
        (RUN.but(sampler="ddpm"), ["edm"], "one that has one end"),
        (RUN.but(sampler_parameters={"eta": 1.0}), [], "one that has one end"),
        (RUN.but(T=4, steps=2), ["heun"], "more than 4 noise levels, not 4"),
    ],
)
def test_where_there_is_no_slope_a_sentence_says_so(
    run: RunSettings, rivals: list[str], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        next(orders(run, rivals, 1, load_checkpoint("fashion")))


def test_a_race_in_columns_is_measured_by_its_first_sample() -> None:
    run = RUN.but(count=4, vary=Variation("class", ("bag", "coat")), condition={})
    few = a_few(run, load_checkpoint("fashion").card.data)
    assert (few.count, few.vary, few.condition) == (1, None, {"class": "bag"})


def halves_of(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f2").astype(np.float32)


def rms(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))


@pytest.mark.parametrize(
    ("run", "rivals", "alike", "drawing"),
    [
        (RUN, ["euler"], True, [False, False]),
        (RUN.but(sampler_parameters={"eta": 1.0}), ["euler"], False, [True, False]),
        (RUN.but(sampler="edm"), ["ddpm"], False, [True, True]),
        (RUN.but(sampler="edm", sampler_parameters={"s_churn": 0}), [], False, [False]),
    ],
)
def test_it_is_said_which_lanes_must_end_alike_and_which_draw_noise(
    run: RunSettings, rivals: list[str], alike: bool, drawing: list[bool]
) -> None:
    first = json.loads(next(stream(run, rivals, load_checkpoint("fashion"))))["events"][0]
    assert (first["alike"] == SAME_STEP) is alike
    assert first["drawing"] == drawing
    assert first["reference"] == 512


@pytest.mark.parametrize(
    "run",
    [
        RUN.but(count=3, condition={"class": "each"}, seed=4),
        RUN.but(count=4, vary=Variation("guidance", (1.0, 3.0)), sampler="ddpm"),
        RUN.but(count=2, vary=Variation("class", ("bag", "")), condition={}),
    ],
)
def test_each_picture_of_a_run_knows_what_makes_it_by_itself(run: RunSettings) -> None:
    checkpoint = load_checkpoint("fashion")
    first = json.loads(next(stream(run, [], checkpoint)))["events"][0]
    alone = [run_of(note) for note in first["notes"]]
    assert [one.seed for one in alone] == run.seeds
    *_, together = sample(run, checkpoint)
    for index, one in enumerate(alone):
        assert one.count == 1
        *_, itself = sample(one, checkpoint)
        assert (itself.x[0] - together.x[index]).abs().max() < 1e-3


def test_no_message_is_as_the_one_before() -> None:
    """Of two equal values Gradio's page would take no notice of the second."""
    assert in_line(1) != in_line(1)
    assert message(3, "reference", failed="no") != message(3, "reference", failed="no")
    assert json.loads(in_line(2))["events"] == [{"kind": "waiting", "number": 2}]
