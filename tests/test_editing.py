"""A picture to t and back: the exact solution, its order, and noise that repeats with its seed."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from diffviz.checkpoints import load_checkpoint
from diffviz.data import DATA_SETS
from diffviz.data.examples import example
from diffviz.denoisers.base import Level, Prediction
from diffviz.denoisers.exact import GaussianDenoiser
from diffviz.forward import SeededNoise, add_noise, noise
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.measure.judge import load_judge, verdict
from diffviz.runs.conditions import conditions
from diffviz.runs.editing import edit, invert, rms_distance, run_edit
from diffviz.runs.schema import MAX_EDIT_STEPS, EditSettings
from diffviz.samplers import sample
from diffviz.schedules import SCHEDULES, make_schedule
from tests.oracles.gaussian import Gaussian
from tests.oracles.networks import random_denoiser

GAUSSIAN = Gaussian()
EXACT = GaussianDenoiser(GAUSSIAN.mean, GAUSSIAN.std)
COSINE = make_schedule("cosine")


def pictures(count: int = 64) -> Tensor:
    """Of the Gaussian data, float64."""
    z = torch.randn(count, 1, 1, 1, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return GAUSSIAN.mean + GAUSSIAN.std * z


def no_noise() -> Tensor:
    raise AssertionError("no noise is drawn here")


class Counted:
    """Another denoiser, and the noise levels and conditions that it was asked about."""

    def __init__(self, denoiser: GaussianDenoiser = EXACT) -> None:
        self.denoiser = denoiser
        self.sigmas: list[float] = []
        self.conditions: list[Tensor | None] = []

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        self.sigmas.append(float(torch.as_tensor(sigma).flatten()[0]))
        self.conditions.append(condition)
        return self.denoiser(x, alpha, sigma, condition)


# -- inversion


def test_a_boot_becomes_a_sandal_by_way_of_the_noise_that_both_share() -> None:
    subject = DATA_SETS["fashion"].judge
    assert subject is not None
    checkpoint, judge = load_checkpoint("fashion"), load_judge(subject())
    info, x0 = checkpoint.card.data, example("boot")[None]
    boot, sandal = (conditions(info, {"class": name}, 1) for name in ("ankle boot", "sandal"))
    settings = EditSettings(mode="invert", t=1000, steps=16)

    def judged(was: Tensor) -> tuple[float, float]:
        *_, (_, last) = run_edit(settings, checkpoint.denoiser(), COSINE, x0, sandal, was)
        logits = verdict(judge, last.x).logits[0][0].softmax(0)
        return float(logits[boot[0, 0] - 1]), float(logits[sandal[0, 0] - 1])

    as_boot, as_sandal = judged(boot)
    assert as_sandal > 10 * as_boot  # by what the judge says
    assert judged(sandal)[0] > 0.5  # the same both ways: it is still the boot


def test_what_a_picture_is_matters_to_inversion_alone() -> None:
    with pytest.raises(ValueError, match="inversion alone"):
        run_edit(EditSettings(), EXACT, COSINE, pictures(1), None, torch.ones(1, 1))


@pytest.mark.parametrize("schedule", ["cosine", "karras", "flow"])
@pytest.mark.parametrize("t", [1600, 3600])
def test_inversion_lands_on_the_exact_solution_with_order_1(schedule: str, t: int) -> None:
    path, x0 = make_schedule(schedule, 4000), pictures()
    counts, landed, returned = (80, 160, 320), [], []
    for count in counts:
        grid = path.grid(count, start=t)
        *_, last = invert(EXACT, path, grid, x0)
        landed.append(rms_distance(last.x, GAUSSIAN.flow(x0, path, 0, t)))
        *_, back = sample(EXACT, path, grid, no_noise, x=last.x)
        returned.append(rms_distance(back.x, x0))
    for errors in (landed, returned):
        slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
        assert slope == pytest.approx(1, abs=0.1)
    assert returned[-1] < 0.01


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("name", SCHEDULES)
def test_trap_inversion_starts_where_sigma_is_0_and_may_end_where_alpha_is(
    name: str, zero: bool
) -> None:
    if zero and not SCHEDULES[name].variance_preserving:
        return
    path, x0 = make_schedule(name, zero_terminal_snr=zero), pictures(4)
    denoiser = Counted()
    steps = list(invert(denoiser, path, path.grid(10), x0))
    assert min(denoiser.sigmas) > 0
    assert [step.t for step in steps] == list(reversed(path.grid(10)))
    assert [step.nfe for step in steps] == [*range(1, 11), 10]
    assert len(denoiser.sigmas) == 10
    assert torch.equal(steps[0].x, x0)
    assert torch.equal(steps[0].x0, x0)
    for step in steps:
        for value in (step.x, step.x0, step.eps):
            assert value.dtype == torch.float64
            assert torch.isfinite(value).all()


def test_each_step_up_is_the_step_down_with_its_ends_exchanged() -> None:
    *steps, last = invert(EXACT, COSINE, COSINE.grid(7), pictures(4))
    for step, after in zip(steps, [*steps[1:], last], strict=True):
        alpha, sigma = float(COSINE.alpha[after.t]), float(COSINE.sigma[after.t])
        torch.testing.assert_close(after.x, alpha * step.x0 + sigma * step.eps)
    assert torch.equal(last.eps, steps[-1].eps)


def test_a_learned_denoiser_comes_back_the_nearer_the_more_steps() -> None:
    denoiser = random_denoiser("edm")
    x0 = noise(1, (2, 1, 8, 8)).clamp(-1, 1)
    errors = []
    for steps in (5, 20, 80):
        settings = EditSettings(t=600, steps=steps, mode="invert")
        *_, last = run_edit(settings, denoiser, COSINE, x0, torch.ones(2, 1, dtype=torch.int64))
        errors.append(rms_distance(last.step.x, x0))
    assert errors[0] > 2 * errors[1] > 4 * errors[2]


@pytest.mark.parametrize("grid", [[5], [5, 5, 0], [0, 5], [1001, 0], [50, 20]])
def test_inversion_refuses_a_grid_that_is_none(grid: Sequence[int]) -> None:
    with pytest.raises(ValueError, match="grid must"):
        next(invert(EXACT, COSINE, grid, pictures(1)))


# -- image-to-image


def test_an_edit_begins_at_the_seeds_x_t_and_goes_on_as_sampling_does() -> None:
    x0 = noise(9, (2, 1, 8, 8))
    grid = COSINE.grid(6, start=400)
    first, *rest = edit(EXACT, COSINE, grid, x0, SeededNoise([5, 5], (1, 8, 8)))
    x_t = add_noise(x0, noise(5, (1, 8, 8)), COSINE, 400)
    assert torch.equal(first.x, x_t)
    assert (first.t, rest[-1].t) == (400, 0)
    assert len(rest) == 6
    *_, same = sample(EXACT, COSINE, grid, no_noise, x=x_t)
    assert torch.equal(rest[-1].x, same.x)


def test_the_same_seed_makes_the_same_picture_and_another_another() -> None:
    x0 = noise(9, (1, 1, 8, 8))

    def result(seed: int) -> Tensor:
        *_, last = run_edit(EditSettings(t=700, steps=5, seed=seed), EXACT, COSINE, x0)
        return last.step.x

    assert torch.equal(result(3), result(3))
    assert not torch.equal(result(3), result(4))


def test_the_later_t_the_less_of_the_picture_is_left() -> None:
    x0 = torch.full((1, 1, 16, 16), 3.0, dtype=torch.float64)  # nothing like the data
    apart = []
    for t in (50, 400, 1000):
        *_, last = run_edit(EditSettings(t=t, steps=50), EXACT, COSINE, x0)
        apart.append(rms_distance(last.step.x, x0))
    assert apart == sorted(apart)
    assert apart[0] < 0.2
    assert abs(float(last.step.x.mean()) - GAUSSIAN.mean) < 0.2


def test_guidance_is_for_the_way_back_from_chance_alone() -> None:
    x0, said = pictures(1), torch.ones(1, 2, dtype=torch.int64)
    for mode, sizes in (("back", {2}), ("invert", {1})):
        denoiser = Counted()
        list(run_edit(EditSettings(mode=mode, steps=3), denoiser, COSINE, x0, said))
        assert {len(c) for c in denoiser.conditions if c is not None} == sizes
    settings = EditSettings(steps=3, guidance=2.5)
    *_, last = run_edit(settings, EXACT, COSINE, x0, said)
    guided = GuidedDenoiser(EXACT, 2.5)
    stream = SeededNoise([0], (1, 1, 1))
    *_, same = edit(guided, COSINE, settings.grid(COSINE), x0, stream, condition=said)
    assert torch.equal(last.step.x, same.x)


def test_no_more_steps_than_there_are() -> None:
    stages = list(run_edit(EditSettings(t=7, steps=50, mode="invert"), EXACT, COSINE, pictures(2)))
    assert [stage.step.t for stage in stages] == [*range(8), *range(7, -1, -1)]
    assert [stage.back for stage in stages] == [False] * 8 + [True] * 8


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"mode": "sideways"}, "unknown mode 'sideways'; choose from back, invert"),
        ({"t": 0}, "t must be a whole number from 1 to 4000, not 0"),
        ({"t": 1001}, "t must be a whole number from 1 to"),
        ({"t": math.nan}, "t must be a whole number from 1 to"),
        ({"steps": 0}, f"steps must be a whole number from 1 to {MAX_EDIT_STEPS}"),
        ({"steps": MAX_EDIT_STEPS + 1}, "steps must be a whole number from 1"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"guidance": math.nan}, "guidance must be a number from 0 to 10, not nan"),
        ({"guidance": 11.0}, "guidance must be a number from 0 to 10"),
    ],
)
def test_wrong_settings_are_told_at_once(wrong: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        run_edit(EditSettings(**wrong), EXACT, COSINE, pictures(1))
