"""Runs in the plane: what is asked for, what the exact denoisers make of it, and how it is told."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import torch

from diffviz.checkpoints import checkpoint_names
from diffviz.data.plane.clouds import cloud_of_shape, cloud_of_word
from diffviz.measure.plane import numbers
from diffviz.measure.points import energy_distance, nearest_point
from diffviz.networks.dense import DenseConfig
from diffviz.runs.plane import (
    READY,
    InParts,
    PlaneSettings,
    components,
    denoiser_of,
    exact,
    ready_made,
    run_points,
)
from diffviz.runs.plane_branches import Branch, run_branches
from diffviz.serving.engine import LocalEngine
from diffviz.serving.plane import (
    branched,
    dark_places,
    network_received,
    network_sent,
    prepare,
    prepare_branches,
    walked,
)
from diffviz.serving.ticket import StoppedError, Ticket
from diffviz.training.points import PointsTraining, train_points


def last(settings: PlaneSettings) -> torch.Tensor:
    *_, step = run_points(settings)
    return step.x


@pytest.fixture
def engine() -> Iterator[LocalEngine]:
    made = LocalEngine()
    yield made
    made.close()


@pytest.mark.parametrize("sampler", ["heun", "ddpm"])
def test_samples_of_the_exact_mixture_are_as_good_as_fresh_data(sampler: str) -> None:
    settings = PlaneSettings(data="eight", count=1500, steps=60, sampler=sampler)
    found = numbers(last(settings), settings.cloud())
    assert found["covered"] == {"value": 8, "fresh": 8, "of": 8}
    assert found["energy"]["value"] < 2 * found["energy"]["fresh"]
    assert found["astray"]["value"] < 0.03


def test_the_denoiser_of_the_points_can_only_copy() -> None:
    settings = PlaneSettings(data="moons", points=8, denoiser="points", count=200, steps=40)
    settings, cloud = settings.but(spacing="log-snr"), settings.cloud()
    assert float(nearest_point(last(settings), cloud.points)[1].max()) < 0.02
    assert numbers(last(settings), cloud)["nearest"]["value"] < 0.01


def test_guidance_asks_for_a_class_and_leaves_the_other() -> None:
    settings = PlaneSettings(data="moons", count=300, steps=30, what="lower", guidance=1)
    cloud, plain = settings.cloud(), last(settings)
    rows, _ = nearest_point(plain, cloud.points)
    assert (cloud.kinds[rows] == 1).double().mean() > 0.97
    strong, others = last(settings.but(guidance=6)), cloud.points[cloud.kinds == 0]
    apart = [float(nearest_point(x, others)[1].mean()) for x in (plain, strong)]
    assert apart[1] > 1.1 * apart[0]
    without = last(settings.but(guidance=6, guidance_to=0))  # σ/α nowhere so small
    assert torch.equal(without, plain)


def test_parts_of_a_batch_are_the_batch() -> None:
    settings = PlaneSettings(data="spiral", points=100, count=50)
    whole = exact(settings, settings.cloud())
    assert isinstance(whole, InParts)
    x, condition = torch.randn(50, 2), torch.zeros(50, 0, dtype=torch.int64)
    sigma = torch.linspace(0.1, 2, 50, dtype=torch.float64)
    few = InParts(whole.denoiser, 7)(x, 1.0, sigma, condition)
    assert torch.allclose(few.x0, whole.denoiser(x, 1.0, sigma, condition).x0, atol=1e-6)


def test_noise_alone_depends_on_the_seed_and_how_many() -> None:
    first = PlaneSettings(count=40, steps=5, seed=3)
    assert torch.equal(last(first), last(first))
    assert not torch.equal(last(first), last(first.but(seed=4)))


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"data": "cube"}, "unknown data 'cube'; choose from moons"),
        ({"points": 10**6}, "points must be a whole number from 8 to 10000, not 1000000"),
        ({"points": 3}, "points must be a whole number from 8 to 10000, not 3"),
        ({"data": "drawn"}, "it takes 8 to 10,000 points, and here are 0"),
        ({"data": "drawn", "drawn": [0, 1, 2]}, "drawn points are pairs of numbers, x and y"),
        ({"data": "drawn", "drawn": [float("nan"), 1] * 9}, "points are pairs of numbers"),
        ({"data": "word", "word": "x" * 500}, "a word has at most 12 letters here, not 500"),
        ({"data": "word", "word": " "}, "type a word first"),
        ({"guidance": 9}, "guidance must be a number from 0 to 8, not 9"),
        ({"denoiser": "oracle"}, "unknown denoiser 'oracle'; choose from mixture, points"),
        ({"steps": 500, "T": 100}, "steps must be a whole number from 1 to T = 100"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(asked: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        PlaneSettings(**asked)


def test_what_data_cannot_have_is_told_in_a_sentence() -> None:
    for asked, why in (
        ({"data": "spiral", "what": "upper"}, "spiral data have no classes to choose from"),
        ({"data": "moons", "what": "left"}, "unknown class 'left'; choose from upper, lower"),
        ({"denoiser": "yours"}, "train a denoiser first"),
        ({"data": "word", "denoiser": "learned"}, "no ready-made denoiser of word data"),
        ({"count": 10_000, "points": 10_000, "steps": 900}, "more than one run may be"),
    ):
        with pytest.raises(ValueError, match=why):
            run_points(PlaneSettings(**asked))
    with pytest.raises(ValueError, match="no ready-made denoiser"):
        ready_made("cube")


def test_the_mixture_is_of_lumps_or_of_blurred_points() -> None:
    eight = PlaneSettings(data="eight")
    assert len(components(eight, eight.cloud()).means) == 8
    moons = PlaneSettings(data="moons", points=50, blur=0.1)
    means, std, classes = components(moons, moons.cloud())
    assert (len(means), std) == (50, 0.1)
    assert classes is not None
    assert classes.unique().tolist() == [1, 2]
    assert components(moons.but(denoiser="points"), moons.cloud()).std == 0


def test_a_walk_is_told_state_by_state(engine: LocalEngine) -> None:
    asked = {"settings": {"count": 30, "steps": 100, "sampler": "euler"}, "beside": "ddpm"}
    messages = list(walked(prepare(asked), engine, Ticket("me", 60)))
    assert json.dumps(messages)
    start, end = messages[0]["start"], messages[-1]["end"]
    assert start["lanes"] == ["Euler", "DDPM (ancestral)"]
    assert len(start["t"]) == 65
    assert (start["t"][0], start["t"][-1]) == (1000, 0)
    states = {lane: [] for lane in (0, 1)}
    for message in messages[1:-1]:
        raw = base64.b64decode(message["states"]["xs"])
        states[message["states"]["lane"]].append(np.frombuffer(raw, "<f2").reshape(-1, 30, 2))
    first, other = (np.concatenate(parts) for parts in states.values())
    assert len(first) == len(other) == 65
    eps = np.frombuffer(base64.b64decode(start["eps"]), "<f2").reshape(30, 2)
    assert np.abs(first[0] - eps).max() < 1e-3  # α_T is next to nothing
    assert np.array_equal(first[0], other[0])
    result = last(PlaneSettings(**asked["settings"]))
    assert np.abs(first[-1] - result.numpy()).max() < 2e-3
    assert [set(lane) for lane in end] == [{"nfe", "fingerprint", "numbers"}] * 2
    alone = list(walked(prepare({"settings": asked["settings"]}), engine, Ticket("me", 60)))
    assert alone[-1]["end"] == end[:1]


def test_steps_outside_what_was_learned_are_told() -> None:
    learned = {"denoiser": "learned", "schedule": "karras", "steps": 20}
    low, high = ready_made("moons").card.ratio_range
    wide = {"schedule_parameters": {"sigma_max": 200}}
    told = [prepare({"settings": asked}).outside for asked in (learned, learned | wide, {})]
    schedule = PlaneSettings(**(learned | wide)).noise_schedule()
    ratios = [float(schedule.sigma[t] / schedule.alpha[t]) for t in schedule.grid(20)[:-1]]
    assert told[1] == sum(not low <= ratio <= high for ratio in ratios) > 0
    assert told[0] < told[1]
    assert told[2] == 0  # exact


def test_ways_part_where_new_noise_is_drawn(engine: LocalEngine) -> None:
    settings = PlaneSettings(data="eight", count=30, steps=20, sampler="ddpm", seed=5)
    run = list(run_points(settings))
    branch = Branch(8, (3, 7), 40, 1)
    ways = list(run_branches(settings, branch))
    assert [step.index for step in ways] == list(range(8, 21))
    assert ways[0].t == run[8].t
    assert torch.equal(ways[0].x[:40], run[8].x[3].expand(40, 2))
    assert torch.equal(ways[0].x[40:], run[8].x[7].expand(40, 2))
    ends = ways[-1].x
    assert float((ends[:40] - ends[0]).norm(dim=1).max()) > 0.05
    _, away = nearest_point(ends, settings.cloud().modes)
    assert float(away.median()) < 0.2  # each came to data
    late = list(run_branches(settings, branch._replace(step=18)))[-1].x
    early = list(run_branches(settings, branch._replace(step=0)))[-1].x
    assert float(late[:40].std(0).norm()) < float(early[:40].std(0).norm())
    # Heun draws no noise: DDPM goes on, from where Heun has come to.
    heun = settings.but(sampler="heun")
    assert torch.equal(next(run_branches(heun, branch)).x[0], list(run_points(heun))[8].x[3])
    asked = {"settings": {"steps": 100, "count": 30}, "place": 60, "samples": [1], "each": 5}
    (told,) = branched(prepare_branches(asked | {"seed": 2}), engine, Ticket("me", 60))
    raw = base64.b64decode(told["branches"]["xs"])
    assert np.frombuffer(raw, "<f2").reshape(-1, 5, 2).shape[0] == 5
    for wrong, why in (
        ({"place": 64}, "place must be a whole number from 0 to 63, not 64"),
        ({"samples": [30]}, "a sample must be a whole number from 0 to 29, not 30"),
        ({"samples": []}, "choose 1 to 16 samples"),
        ({"each": 1000}, "branches must be a whole number from 1 to 64"),
    ):
        with pytest.raises(ValueError, match=why):
            prepare_branches(asked | {"seed": 2} | wrong)


def test_a_page_s_picture_becomes_points() -> None:
    levels = np.full((40, 60), 250, np.uint8)
    levels[10:20, 5:55] = 10

    def told(picture: np.ndarray) -> dict[str, object]:
        coded = base64.b64encode(picture.tobytes()).decode()
        return {"width": picture.shape[1], "height": picture.shape[0], "levels": coded}

    places = dark_places(told(levels))["places"]
    cloud = PlaneSettings(data="drawn", drawn=places).cloud()
    assert len(cloud.points) == 1000
    assert cloud.points[:, 0].std() > 4 * cloud.points[:, 1].std()
    for wrong, why in (
        (told(np.full((40, 60), 255, np.uint8)), "all of one grey"),
        (told(levels) | {"width": 61}, "not a picture as the page sends it"),
        (told(levels) | {"levels": "!"}, "not a picture as the page sends it"),
        (told(levels) | {"width": 10**6}, "at most 512 pixels a side"),
    ):
        with pytest.raises(ValueError, match=why):
            dark_places(wrong)


def test_weights_go_to_the_page_and_come_back() -> None:
    *_, learned = train_points(PointsTraining(updates=50, width=16, depth=2))
    cloud = cloud_of_shape("moons", 1000)
    told = json.loads(json.dumps(network_sent(learned.checkpoint)))
    again = network_received(told, cloud)
    x = torch.randn(20, 2)
    condition = torch.ones(20, 1, dtype=torch.int64)
    for one in (0.1, 1.0, 30.0):
        here, there = (
            checkpoint.denoiser()(x, 1.0, one, condition).x0
            for checkpoint in (learned.checkpoint, again)
        )
        assert torch.equal(here, there)
    with pytest.raises(ValueError, match="data of other classes"):
        network_received(told, cloud_of_shape("spiral", 100))
    for change in (
        {"weights": "!"},
        {"weights": base64.b64encode(bytes(4)).decode()},
        {"width": 10**9},
        {"range": [2, 1]},
        {"parametrization": "magic"},
    ):
        with pytest.raises(ValueError, match=r"train it again|must be|choose from"):
            network_received({**told, **change}, cloud)
    settings = PlaneSettings(denoiser="yours", count=20, steps=5)
    *_, step = run_points(settings, again)
    assert step.x.isfinite().all()
    assert denoiser_of(settings, cloud, again) is not None


@pytest.mark.parametrize("parametrization", ["eps", "x0", "v", "flow", "edm"])
def test_every_objective_learns(parametrization: str) -> None:
    settings = PointsTraining(
        data="eight", parametrization=parametrization, updates=600, width=48, depth=3
    )
    told = list(train_points(settings, every=200))
    assert [one.updates for one in told] == [200, 400, 600]
    assert told[-1].losses[0] < told[0].losses[0]
    run = PlaneSettings(
        data="eight",
        denoiser="yours",
        count=600,
        steps=40,
        sampler="heun",
        schedule="karras",
        schedule_parameters={"sigma_max": 20},  # where all have learned something
    )
    *_, step = run_points(run, told[-1].checkpoint)
    fresh, _ = run.cloud().fresh(600, torch.Generator().manual_seed(5))
    normal = torch.randn(600, 2, generator=torch.Generator().manual_seed(6))
    assert energy_distance(step.x, fresh) < 0.75 * energy_distance(normal, fresh)


def test_a_training_is_a_function_of_its_seed() -> None:
    settings = PointsTraining(updates=60, width=16)
    one, again, other = (
        list(train_points(settings.but(train_seed=seed)))[-1].losses for seed in (0, 0, 1)
    )
    assert one == again != other


def test_a_training_that_diverges_says_so() -> None:
    settings = PointsTraining(updates=300, learning_rate=0.1, parametrization="x0")

    class Wild:
        info = settings.cloud().info

        def batch(self, size: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
            return torch.full((size, 2), float("inf")), torch.zeros(size, 1, dtype=torch.int64)

    with pytest.raises(ValueError, match="training has diverged: lower the learning rate"):
        list(train_points(settings, Wild()))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", checkpoint_names(READY))
def test_a_ready_made_denoiser_comes_near_its_data(name: str) -> None:
    settings = PlaneSettings(
        data=name, denoiser="learned", count=1000, steps=50, sampler="dpmpp-2m"
    )
    energy = numbers(last(settings), settings.cloud())["energy"]
    assert energy["value"] < 2.2 * energy["fresh"]  # of one seed; tests/bench has the table


def test_a_dense_network_takes_each_slot_s_value() -> None:
    network = DenseConfig(width=16, slots=(3,)).build()
    torch.nn.init.ones_(network.layers[-1].weight)  # it begins as nothing
    x, level = torch.randn(5, 2), torch.zeros(5)
    said = [network(x, level, torch.full((5, 1), value)) for value in range(4)]
    assert all(not torch.equal(said[0], one) for one in said[1:])
    assert said[0].shape == (5, 2)


def test_pieces_of_work_take_their_turn_and_end_with_their_ticket(engine: LocalEngine) -> None:
    where: set[str] = set()

    def made() -> Iterator[int]:
        for number in range(5):
            where.add(threading.current_thread().name)
            yield number

    assert list(engine.pieces(made(), Ticket("me", 10))) == [0, 1, 2, 3, 4]
    assert where == {"engine-0"}

    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(engine.pieces(failing(), Ticket("me", 10)))
    ticket = Ticket("me", 10)
    parts = engine.pieces(made(), ticket)
    assert next(parts) == 0
    ticket.stop()
    with pytest.raises(StoppedError):
        next(parts)


def test_a_word_s_letters_are_classes() -> None:
    cloud = cloud_of_word("ab", 500)
    assert cloud.classes == ("1: a", "2: b")
    assert cloud_of_word("a", 500).classes == ()
    assert cloud.info.slots[0].values == cloud.classes
