"""The Fréchet distance in closed form, the judge on true pictures, and what is counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from torch import Generator, Tensor

from diffviz.checkpoints import Card, Checkpoint
from diffviz.data import DATA_SETS
from diffviz.data.base import Slot
from diffviz.data.fashion.measured import shifted
from diffviz.data.fashion.pictures import INFO, load_fashion_subset
from diffviz.data.heroes.rules import SLOTS, is_held_out
from diffviz.data.heroes.stacks import Heroes
from diffviz.data.source import Asked, Reference, Subject
from diffviz.measure.evaluation import (
    evaluate,
    frechet_distance,
    gaussian_distance,
    generate,
)
from diffviz.measure.judge import (
    Judge,
    accuracy,
    load_judge,
    obeyed,
    path_of,
    verdict,
    verdicts,
)
from diffviz.measure.judge_training import make_judge, train_judge
from diffviz.networks.unet import UNet, UNetConfig
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from tests.oracles.accelerator import DEVICE, Accelerator

SMALL = UNetConfig(channels=(8, 8), blocks=(1, 1), heads=1, slots=(10,))


def subject(name: str) -> Subject:
    known = DATA_SETS[name].judge
    assert known is not None
    return known()


def reference(name: str, samples: int) -> Reference:
    known = DATA_SETS[name].reference
    assert known is not None
    return known(samples)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return load_judge(subject("fashion"))


@pytest.fixture
def checkpoint() -> Checkpoint:
    torch.manual_seed(0)
    network = UNet(SMALL).eval().requires_grad_(False)
    return Checkpoint(Card("small", SMALL, "edm", INFO, (0.005, 40.0), 0, 0.0), network)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=Generator().manual_seed(seed))


def test_gaussians_along_the_same_axes() -> None:
    """Then it is |μ_a − μ_b|² + Σ (s_a − s_b)², whatever the axes."""
    axes, _ = torch.linalg.qr(normal(6, 6))
    a, b = normal(6, seed=1).abs() + 0.1, normal(6, seed=2).abs() + 0.1
    mean_a, mean_b = normal(6, seed=3), normal(6, seed=4)
    covariances = (axes * s**2 @ axes.T for s in (a, b))
    cov_a, cov_b = covariances
    expected = (mean_a - mean_b).square().sum() + (a - b).square().sum()
    measured = gaussian_distance(mean_a, cov_a, mean_b, cov_b)
    assert measured == pytest.approx(expected.item(), rel=1e-12)
    assert measured == pytest.approx(gaussian_distance(mean_b, cov_b, mean_a, cov_a), rel=1e-12)


def test_gaussians_along_different_axes() -> None:
    """In two dimensions tr √(A·B) = √(tr(A·B) + 2·√(det A·det B))."""
    a, b = (m @ m.T for m in (normal(2, 2), normal(2, 2, seed=1)))
    root = ((a @ b).trace() + 2 * (a.det() * b.det()).sqrt()).sqrt()
    expected = a.trace() + b.trace() - 2 * root
    zero = torch.zeros(2, dtype=torch.float64)
    assert gaussian_distance(zero, a, zero, b) == pytest.approx(expected.item(), rel=1e-10)


def test_degenerate_gaussians_stay_finite() -> None:
    zero, flat = torch.zeros(3, dtype=torch.float64), torch.zeros(3, 3, dtype=torch.float64)
    assert gaussian_distance(zero, flat, zero, flat) == 0
    assert gaussian_distance(zero, flat, zero + 2, flat) == pytest.approx(12)


def test_frechet_distance_of_samples() -> None:
    a = normal(20_000, 4)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, 3 * a + 1) == pytest.approx(4 * (1 + 4), rel=0.05)
    assert frechet_distance(a.float(), normal(20_000, 4, seed=1).float()) < 2e-3


def test_the_judge_knows_clothes(judge: Judge) -> None:
    x0, condition = load_fashion_subset("test").rows(slice(None))
    seen = verdict(judge, x0)
    assert accuracy(seen.logits, condition)[0] > 0.91
    train = verdict(judge, load_fashion_subset("train").rows(slice(0, 2000))[0])
    assert frechet_distance(train.features, seen.features) < 0.3
    turned = verdict(judge, x0.transpose(2, 3))
    assert frechet_distance(turned.features, seen.features) > 3


def test_the_judge_knows_heroes() -> None:
    """Each attribute; and none of those that another picture's caption says."""
    x0, condition = Heroes("all").batch(2000, Generator().manual_seed(5))
    logits = verdict(load_judge(subject("heroes")), x0).logits
    right = accuracy(logits, condition)
    assert len(right) == len(SLOTS)
    assert min(right.values()) > 0.96
    other = accuracy(logits, condition.roll(1, 0))
    assert all(other[slot] < right[slot] - 0.1 for slot in right)


def test_what_was_obeyed() -> None:
    logits = (torch.eye(3)[[0, 1, 2, 2]], torch.eye(2)[[0, 0, 1, 1]])
    condition = torch.tensor([[1, 0], [3, 1], [3, 2], [0, 1]])
    expected = torch.tensor([[True, True], [False, True], [True, True], [True, False]])
    assert torch.equal(obeyed(logits, condition), expected)
    assert accuracy(logits, condition) == {0: pytest.approx(2 / 3), 1: pytest.approx(2 / 3)}
    assert accuracy(logits, condition * torch.tensor([0, 1])) == {1: pytest.approx(2 / 3)}


def bars() -> Subject:
    """Of pictures with a bar across or down, in one of three colours that not all of them say."""
    slots = (Slot("bar", ("across", "down")), Slot("colour", ("dark", "middle", "light")))
    info = replace(INFO, shape=(2, 16, 16), slots=slots)
    across = torch.zeros(16, 16, dtype=torch.bool)
    across[6:10] = True
    shapes = torch.stack([across, across.T])[:, None]

    def batches(size: int, generator: Generator) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            chosen = [torch.randint(n, (size,), generator=generator) for n in (2, 3, 2)]
            down, colour, said = chosen
            level = colour[:, None, None, None] / 2
            x0 = torch.where(shapes[down], level, -1.0).expand(-1, *info.shape)
            yield x0, torch.stack([down + 1, (colour + 1) * said], dim=1)

    def test() -> list[tuple[Tensor, Tensor]]:
        return list(islice(batches(20, Generator().manual_seed(9)), 3))

    return Subject(info, (8, 12, 16), 2, 5120, batches, test, noise=0.1)


def test_a_judge_of_any_depth_is_made_on_any_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffviz.measure.judge.FOLDER", tmp_path)
    told: list[str] = []
    with Accelerator() as accelerator:
        right = make_judge(bars(), told.append, path_of(bars()), DEVICE)
    # It is asked for the loss ten times, and in the end for its weights and verdicts.
    assert accelerator.waits < 80
    assert set(right) == {"bar", "colour"}
    assert min(right.values()) > 0.9
    assert len(told) == 10
    card = json.loads(path_of(bars()).with_suffix(".json").read_text("utf-8"))
    assert card["measured_on"] == "60 pictures that it was not trained on"
    assert card["device"] == DEVICE.type
    found, condition = verdicts(load_judge(bars()), bars().test())
    assert found.features.shape == (60, 16 * 2 * 2)
    shares = accuracy(found.logits, condition)
    assert [round(share, 4) for share in shares.values()] == list(right.values())
    before = load_judge(bars()).head.weight
    again = make_judge(bars(), told.append, path_of(bars()), more=1280)
    assert min(again.values()) > 0.9
    assert 0 < (load_judge(bars()).head.weight - before).abs().max() < 0.2
    card = json.loads(path_of(bars()).with_suffix(".json").read_text("utf-8"))
    assert card["trained_on"] == "5,120 pictures, and 1,280 more"
    assert card["command"].endswith("fashion-judge --more 1280")


@pytest.mark.parametrize("name", ["fashion", "heroes"])
def test_a_judge_can_be_trained(name: str) -> None:
    known = subject(name)
    batches = known.batches(64, Generator().manual_seed(0))
    losses = [loss for _, loss, _ in train_judge(known, batches, 2000)]
    assert len(losses) == 10
    assert losses[-1] < 0.8 * losses[0]


def test_a_missing_judge_says_how_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffviz.measure.judge.FOLDER", tmp_path)
    with pytest.raises(ValueError, match="python -m diffviz make fashion-judge"):
        load_judge(subject("fashion"))


def test_shifts_move_whole_pictures() -> None:
    x = torch.full((50, 1, 28, 28), -1.0)
    x[:, 0, 14, 14] = 1
    moved = shifted(x, Generator().manual_seed(0))
    assert moved.shape == x.shape
    assert torch.equal(moved.sum(dim=(1, 2, 3)), x.sum(dim=(1, 2, 3)))
    places = (moved == 1).nonzero()[:, 2:]
    assert places.aminmax() == (13, 15)


def test_samples_are_those_of_their_seeds(checkpoint: Checkpoint) -> None:
    settings = RunSettings(steps=2, guidance=1.5, seed=7)
    pictures = generate(checkpoint, settings, torch.arange(20)[:, None] % 10 + 1)
    assert len(pictures) == 20
    *_, alone = run(settings.but(condition={"class": INFO.slots[0].values[8]}, seed=25), checkpoint)
    assert torch.allclose(pictures[18], alone.x[0], atol=1e-4)


@pytest.mark.parametrize("samples", [0, 9, 11, 1_000_000])
def test_an_uneven_number_of_samples_is_refused(samples: int) -> None:
    with pytest.raises(ValueError, match="multiple of 10"):
        reference("fashion", samples)


def small_reference() -> Reference:
    test = load_fashion_subset("test").balanced(20)
    train = load_fashion_subset("train").balanced(2)
    asked = torch.arange(20)[:, None] % 10 + 1
    return Reference(Asked(asked, asked), [test.rows(slice(None))], [train.rows(slice(None))])


@pytest.mark.parametrize(
    ("sampler", "guidance", "evaluations"),
    [("ddim", 1.0, 12), ("ddim", 2.0, 24), ("heun", 1.0, 23), ("heun", 2.0, 46)],
)
def test_figures_and_counts(
    checkpoint: Checkpoint, judge: Judge, sampler: str, guidance: float, evaluations: float
) -> None:
    settings = RunSettings(
        model="small", sampler=sampler, guidance=guidance, steps=12, schedule="karras"
    )
    done: list[int] = []
    figures = evaluate(checkpoint, settings, judge, small_reference(), report=done.append)
    assert figures["evaluations_per_image"] == evaluations
    assert figures["frechet_ratio"] > 5  # an untrained network's
    assert figures["obeyed"]["class"] < 0.5
    assert figures["judge"]["class"] > 0.9
    assert figures["settings"]["sampler"] == sampler
    assert done == [16, 20]


def test_held_out_combinations_are_counted_apart(checkpoint: Checkpoint, judge: Judge) -> None:
    """An untrained network shows nothing; whatever it shows counts where that is asked for."""
    reference = small_reference()
    settings = RunSettings(model="small", steps=2)
    told = reference.asked.condition[:3]
    shown = verdict(judge, generate(checkpoint, settings, told[:1]))
    seen = int(shown.logits[0].argmax()) + 1
    said = {"a": torch.tensor([[seen]] * 3), "b": torch.tensor([[seen % 10 + 1]] * 3)}
    held_out = {name: Asked(told, rows) for name, rows in said.items()}
    reference = replace(reference, held_out=held_out)
    figures = evaluate(checkpoint, settings, judge, reference)
    assert set(figures["held_out"]) == {"a", "b"}
    assert figures["held_out_mean"] == sum(figures["held_out"].values()) / 2


def test_the_reference_of_heroes() -> None:
    heroes = reference("heroes", 100)
    assert torch.equal(heroes.asked.condition, heroes.asked.shown)
    assert not is_held_out(heroes.asked.condition).any()
    for asked in heroes.held_out.values():
        rows, said = asked.condition, asked.shown
        assert is_held_out(rows).all()
        assert is_held_out(said).all()
        assert ((rows == said) | (said == 0)).all()
    assert sum(len(x0) for x0, _ in heroes.known) == len(heroes.asked.condition)
