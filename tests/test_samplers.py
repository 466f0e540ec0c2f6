"""Samplers: exact orders, exact identities, true moments, and steps that say what they are."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from diffviz.denoisers.base import Prediction, level
from diffviz.denoisers.exact import GaussianDenoiser, MixtureDenoiser
from diffviz.forward import SeededNoise
from diffviz.grids import SPACINGS
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.samplers import SAMPLERS, Sampler, Step, check_sampler, sample
from diffviz.schedules import SCHEDULES, NoiseSchedule, drawn_schedule, make_schedule
from tests.oracles.gaussian import Gaussian
from tests.oracles.networks import random_denoiser, random_unet
from tests.oracles.strategies import grids

GAUSSIAN = Gaussian()
EXACT = GaussianDenoiser(GAUSSIAN.mean, GAUSSIAN.std)
MIXTURE = MixtureDenoiser(
    means=torch.tensor([-0.8, 0.4], dtype=torch.float64).reshape(2, 1, 1, 1),
    stds=torch.tensor([0.15, 0.3], dtype=torch.float64),
    weights=torch.tensor([0.3, 0.7], dtype=torch.float64),
)
X7 = torch.linspace(-2, 2, 7, dtype=torch.float64).reshape(-1, 1, 1, 1)
# All but the one that wants to be told where the path ends.
OF_DENOISERS = [name for name in SAMPLERS if name != "consistency"]
DETERMINISTIC = [name for name, sampler in SAMPLERS.items() if not sampler.stochastic]
SCHEDULES_AT_WORK: dict[str, Callable[[int], NoiseSchedule]] = {
    **{name: lambda T, name=name: make_schedule(name, T) for name in SCHEDULES},
    **{
        f"{name}, zero terminal SNR": lambda T, name=name: make_schedule(
            name, T, zero_terminal_snr=True
        )
        for name, kind in SCHEDULES.items()
        if kind.variance_preserving
    },
    "drawn": lambda T: drawn_schedule([1, 0.9, 0.2, 0.05], T),
    "drawn, zero terminal SNR": lambda T: drawn_schedule([1, 0.4, 0.1], T, zero_terminal_snr=True),
}


class Draws:
    """Standard normal noise of one generator, float64, and how often it was asked for."""

    def __init__(self, *shape: int, seed: int = 0) -> None:
        self.shape = shape
        self.generator = torch.Generator().manual_seed(seed)
        self.count = 0

    def __call__(self) -> Tensor:
        self.count += 1
        return torch.randn(self.shape, generator=self.generator, dtype=torch.float64)


def constant(value: float) -> Callable[[], Tensor]:
    return lambda: torch.tensor(value, dtype=torch.float64)


def one_update(
    sampler: str, schedule: NoiseSchedule, t: int, s: int, z: float = 0.0, **parameters: float
) -> Tensor:
    """x_s after a single update from x_t, with noise z in it."""
    *_, last = sample(EXACT, schedule, [t, s], constant(z), sampler, x=X7, **parameters)
    return last.x


def equal(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("schedule", ["cosine", "karras", "flow"])
@pytest.mark.parametrize(
    ("sampler", "order"),
    [("ddim", 1), ("euler", 1), ("heun", 2), ("dpmpp-2m", 2), ("unipc", 3)],  # UniPC-p: p + 1
)
def test_order_of_convergence_to_the_exact_solution(
    sampler: str, order: int, schedule: str
) -> None:
    # Down to σ_min and no further: at σ = 0 multistep solvers take one first-order step.
    path = make_schedule(schedule, 4000)
    t, s = 3600, 400
    x = Draws(64, 1, 1, 1)()
    counts, errors = (80, 160, 320), []
    for count in counts:
        grid = list(range(t, s - 1, -(t - s) // count))
        *_, last = sample(EXACT, path, grid, constant(0), sampler, x=x)
        exact = GAUSSIAN.flow(x, path, t, s)
        errors.append(float((last.x - exact).square().mean().sqrt()))
    slope = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
    assert slope == pytest.approx(order, abs=0.15)


def test_every_deterministic_sampler_has_its_order_checked() -> None:
    marks = test_order_of_convergence_to_the_exact_solution.pytestmark
    checked = {row[0] for mark in marks for row in mark.args[1]}
    assert checked >= set(DETERMINISTIC)


@pytest.mark.parametrize("schedule", ["cosine", "karras", "flow"])
@pytest.mark.parametrize("sampler", [*OF_DENOISERS, "ddim, η = 1"])
def test_samples_have_the_moments_of_the_data(sampler: str, schedule: str) -> None:
    parameters = {"eta": 1.0} if "η" in sampler else {}
    path = make_schedule(schedule, 1000)
    noise = Draws(4000, 1, 1, 1)
    *_, last = sample(MIXTURE, path, path.grid(150), noise, sampler.split(",")[0], **parameters)
    x = last.x.flatten()
    component = torch.distributions.Categorical(torch.tensor([0.3, 0.7])).sample((10**6,))
    parts = MIXTURE.on(torch.device("cpu"))
    data = parts.flat.flatten()[component]
    data = data + parts.variances.sqrt()[component] * torch.randn(10**6)
    for power in (1, 2, 3, 4):
        assert float((x**power).mean()) == pytest.approx(float((data**power).mean()), abs=0.04)
    assert float((x < -0.35).double().mean()) == pytest.approx(
        float((data < -0.35).double().mean()), abs=0.03
    )


def end_of_the_path(
    x: Tensor, alpha: float, sigma: float, condition: Tensor | None = None
) -> Prediction:
    """The exact consistency function of a Gaussian, as a denoiser."""
    std = math.hypot(alpha * GAUSSIAN.std, sigma)
    x0 = GAUSSIAN.mean + (x - alpha * GAUSSIAN.mean) * (GAUSSIAN.std / std)
    return Prediction(x0, (x - alpha * x0) / sigma)


@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("schedule", ["cosine", "karras"])
def test_consistency_sampling_is_exact_with_any_number_of_steps(schedule: str, steps: int) -> None:
    path = make_schedule(schedule, 1000)
    *_, last = sample(
        end_of_the_path, path, path.grid(steps), Draws(40_000, 1, 1, 1), "consistency"
    )
    assert float(last.x.mean()) == pytest.approx(GAUSSIAN.mean, abs=0.02)
    assert float(last.x.std()) == pytest.approx(GAUSSIAN.std, abs=0.01)


@pytest.mark.parametrize("steps", [5, 10, 20, 50])
@pytest.mark.parametrize("name", SCHEDULES_AT_WORK)
def test_trap_heun_is_no_worse_than_euler_on_long_steps_from_much_noise(
    name: str, steps: int
) -> None:
    schedule, x = SCHEDULES_AT_WORK[name](1000), Draws(64, 1, 1, 1)()
    grid = schedule.grid(steps)[:-1]  # in cosine's first step of 20, σ/α falls from 20 000 to 12
    if len(grid) < 2 or schedule.alpha[grid[0]] == 0:
        grid = grid[1:]
    exact = GAUSSIAN.flow(x, schedule, grid[0], grid[-1])
    errors = {}
    for sampler in ("euler", "heun"):
        *_, last = sample(EXACT, schedule, grid, constant(0), sampler, x=x)
        errors[sampler] = float((last.x - exact).norm())
    assert errors["heun"] <= errors["euler"]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("name", SCHEDULES_AT_WORK)
def test_trap_float32_is_enough_for_every_sampler_on_every_schedule(
    name: str, sampler: str
) -> None:
    schedule = SCHEDULES_AT_WORK[name](10)  # where α falls to 1e-8, to 0 and by a lot in one step
    results = []
    for dtype in (torch.float32, torch.float64):
        draws = SeededNoise([1, 2, 3], (1, 4, 4))
        run = sample(
            EXACT,
            schedule,
            schedule.grid(5),
            lambda draws=draws, dtype=dtype: draws().to(dtype),
            sampler,
        )
        *_, last = run
        results.append(last.x.double())
    torch.testing.assert_close(*results, rtol=0, atol=1e-4)


@given(grids())
def test_ddim_is_euler_is_dpmpp_of_first_order(drawn: tuple[NoiseSchedule, list[int]]) -> None:
    schedule, grid = drawn
    for t, s in list(pairwise(grid))[:: max(1, len(grid) // 5)]:
        ddim = one_update("ddim", schedule, t, s)
        equal(one_update("euler", schedule, t, s), ddim)
        equal(one_update("dpmpp-2m", schedule, t, s), ddim)
        equal(one_update("unipc", schedule, t, s), ddim)


@given(grids())
def test_euler_is_the_step_of_the_ode(drawn: tuple[NoiseSchedule, list[int]]) -> None:
    """d(x/α)/d(σ/α) = ε̂ (Karras et al. 2022, eq. 4)."""
    schedule, grid = drawn
    for t, s in list(pairwise(grid))[:: max(1, len(grid) // 5)]:
        ratio_t, ratio_s = (float(schedule.sigma[i] / schedule.alpha[i]) for i in (t, s))
        if ratio_t > 100:
            continue  # where this form loses digits
        first, last = sample(EXACT, schedule, [t, s], constant(0), "euler", x=X7)
        y = first.x / first.alpha + (ratio_s - ratio_t) * first.eps
        equal(last.x, float(schedule.alpha[s]) * y)


@given(grids())
def test_ddim_with_eta_1_is_ddpm_is_bayes_rule(drawn: tuple[NoiseSchedule, list[int]]) -> None:
    schedule, grid = drawn
    for t, s in list(pairwise(grid))[:: max(1, len(grid) // 5)]:
        mean = one_update("ddpm", schedule, t, s, z=0)
        std = one_update("ddpm", schedule, t, s, z=1) - mean
        ddim = one_update("ddim", schedule, t, s, z=0, eta=1)
        equal(one_update("ddim", schedule, t, s, z=1, eta=1) - ddim, std)
        # The paper's √(σ_s² − std²) has half of the digits where it is next to nothing.
        shrink = float(schedule.alpha[t] / schedule.alpha[s])
        torch.testing.assert_close(ddim, mean, rtol=1e-12, atol=1e-12 if shrink > 1e-3 else 1e-7)
        if schedule.alpha[t] > 1e-3 and s > 0:
            first, _ = sample(EXACT, schedule, [t, s], constant(0), "ddpm", x=X7)
            expected_mean, expected_std = posterior(schedule, t, s, first)
            torch.testing.assert_close(mean, expected_mean, rtol=1e-7, atol=1e-7)
            torch.testing.assert_close(std, expected_std.expand_as(std), rtol=1e-6, atol=1e-7)


def posterior(schedule: NoiseSchedule, t: int, s: int, step: Step) -> tuple[Tensor, Tensor]:
    """q(x_s | x_t, x0) as the product of two Gaussians in x_s: its prior, and x_t's likelihood."""
    ratio = schedule.alpha[t] / schedule.alpha[s]
    likelihood = ratio**2 / (schedule.sigma[t] ** 2 - (ratio * schedule.sigma[s]) ** 2)
    prior = 1 / schedule.sigma[s] ** 2
    variance = 1 / (prior + likelihood)
    mean = variance * (prior * schedule.alpha[s] * step.x0 + likelihood * step.x / ratio)
    return mean, variance.sqrt()


@pytest.mark.parametrize("eta", [0.0, 0.3, 0.5, 1.0])
def test_trap_ddims_eta_scales_the_standard_deviation(eta: float) -> None:
    schedule, t, s = make_schedule("cosine", 100), 60, 40
    full = one_update("ddpm", schedule, t, s, z=1) - one_update("ddpm", schedule, t, s, z=0)
    noise = one_update("ddim", schedule, t, s, z=1, eta=eta)
    equal(noise - one_update("ddim", schedule, t, s, z=0, eta=eta), eta * full)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_trap_the_next_time_is_looked_up_in_the_grid(sampler: str) -> None:
    schedule = make_schedule("cosine", 100)
    grid = schedule.grid(29, "trailing")  # t − T//steps is off at most of these
    steps = list(sample(EXACT, schedule, grid, Draws(2, 1, 1, 1), sampler))
    assert [step.t for step in steps] == grid
    for step in steps:
        assert step.alpha == schedule.alpha[step.t]
        if SAMPLERS[sampler].churn is None:
            assert step.sigma == schedule.sigma[step.t]
    if sampler == "ddim":
        for before, after in pairwise(steps):
            equal(after.x, after.alpha * before.x0 + after.sigma * before.eps)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_trap_the_step_to_sigma_0_is_first_order(sampler: str) -> None:
    schedule = make_schedule("cosine", 100)
    *_, before, last = sample(EXACT, schedule, schedule.grid(7), Draws(2, 1, 1, 1), sampler)
    torch.testing.assert_close(last.x, before.x0, rtol=1e-9, atol=1e-9)  # nothing extrapolated


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("name", SCHEDULES_AT_WORK)
def test_every_sampler_walks_every_schedule(name: str, sampler: str) -> None:
    denoiser = random_denoiser("edm")
    schedule = SCHEDULES_AT_WORK[name](12)
    for spacing, N in zip([*SPACINGS, "trailing"], (1, 2, 3, 5, 12), strict=True):
        grid = schedule.grid(N, spacing)
        noise = SeededNoise([1, 2], (1, 8, 8))
        steps = list(sample(denoiser, schedule, grid, noise, sampler, torch.ones(2, 1).long()))
        assert [step.index for step in steps] == list(range(N + 1))
        assert [step.t for step in steps] == grid
        for step in steps:
            check_step(step)
        assert steps[-1].x0 is steps[-1].x
        assert (steps[-1].alpha, steps[-1].sigma) == (1, 0)


def check_step(step: Step) -> None:
    """Finite, float32, plain tensors, and a prediction that agrees with the state."""
    for value in (step.x, step.x0, step.eps):
        assert value.shape == step.x.shape
        assert value.dtype == torch.float32
        assert torch.isfinite(value).all()
        assert not value.requires_grad
        assert not value.is_inference()
    path = step.alpha * step.x0 + step.sigma * step.eps
    scale = max(1.0, step.sigma)
    torch.testing.assert_close(path, step.x, rtol=1e-4, atol=2e-5 * scale)


@given(grids(), st.sampled_from(sorted(SAMPLERS)))
def test_any_grid_of_any_schedule_gives_pictures(
    drawn: tuple[NoiseSchedule, list[int]], sampler: str
) -> None:
    schedule, grid = drawn
    assume(len(grid) <= 60)
    exact = GaussianDenoiser(0.3, 0.5)
    steps = list(sample(exact, schedule, grid, SeededNoise([5], (1, 4, 4)), sampler))
    for step in steps:
        check_step(step)
    assert steps[-1].x.abs().max() < 6  # no sampler blows up, not even from near α = 0


def test_the_state_before_each_update_is_what_the_denoiser_saw() -> None:
    seen = []

    def spy(x: Tensor, alpha: float, sigma: float, condition: Tensor | None) -> Prediction:
        seen.append((x, alpha, sigma))
        return EXACT(x, alpha, sigma)

    schedule = make_schedule("flow", 50)
    for sampler in SAMPLERS:
        seen.clear()
        *steps, _ = sample(spy, schedule, schedule.grid(6), Draws(2, 1, 1, 1), sampler)
        assert steps[-1].nfe == len(seen)
        states = [entry for entry in seen if any(entry[0] is step.x for step in steps)]
        assert [entry[1:] for entry in states] == [(step.alpha, step.sigma) for step in steps]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_only_stochastic_samplers_draw_noise_after_the_start(sampler: str) -> None:
    schedule, noise = make_schedule("cosine", 50), Draws(2, 1, 1, 1)
    rule = SAMPLERS[sampler]
    most = {p.name: p.maximum for p in rule.parameters if p.name in ("eta", "s_churn")}
    list(sample(EXACT, schedule, schedule.grid(6), noise, sampler, **most))
    assert (noise.count > 1) == rule.stochastic


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_picture_comes_out_the_same_alone_and_among_others(sampler: str) -> None:
    schedule, denoiser = make_schedule("cosine", 100), random_denoiser("edm")
    condition = torch.tensor([[1], [2], [3]])
    *_, together = sample(
        denoiser,
        schedule,
        schedule.grid(6),
        SeededNoise([7, 8, 9], (1, 8, 8)),
        sampler,
        condition,
    )
    noise = SeededNoise([8], (1, 8, 8))
    *_, alone = sample(denoiser, schedule, schedule.grid(6), noise, sampler, condition[1:2])
    torch.testing.assert_close(together.x[1:2], alone.x, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("sampler", ["ddim", "euler", "heun"])
def test_a_run_can_go_on_from_any_state(sampler: str) -> None:
    schedule = make_schedule("cosine", 100)
    grid = schedule.grid(8)
    steps = list(sample(EXACT, schedule, grid, Draws(2, 1, 1, 1), sampler))
    again = list(sample(EXACT, schedule, grid[3:], constant(0), sampler, x=steps[3].x))
    assert torch.equal(again[-1].x, steps[-1].x)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_clipping_keeps_x0_in_range_and_on_the_path(sampler: str) -> None:
    schedule, wide = make_schedule("cosine", 100), GaussianDenoiser(0.0, 3.0)
    steps = list(sample(wide, schedule, schedule.grid(8), Draws(9, 1, 1, 1), sampler, clip_x0=True))
    assert max(float(step.x0.abs().max()) for step in steps[:-1]) == 1
    for step in steps:
        torch.testing.assert_close(step.alpha * step.x0 + step.sigma * step.eps, step.x)


def test_edm_without_churn_is_heun() -> None:
    schedule = make_schedule("karras", 40)
    runs = (
        sample(EXACT, schedule, schedule.grid(9), Draws(3, 1, 1, 1), name, **parameters)
        for name, parameters in (("heun", {}), ("edm", {"s_churn": 0}))
    )
    for heun, edm in zip(*runs, strict=True):
        equal(heun.x, edm.x)


@pytest.mark.parametrize("schedule", ["karras", "flow", "cosine"])
def test_churn_is_algorithm_2s(schedule: str) -> None:
    """σ̂ = σ + γσ, and x̂ has the variance of that level (Karras et al. 2022)."""
    path = make_schedule(schedule, 40)
    parameters = {"s_churn": 4.0, "s_min": 0.2, "s_max": 10.0, "s_noise": 1.0}
    for t in range(1, 41):
        alpha, sigma = float(path.alpha[t]), float(path.sigma[t])
        inside = alpha > 0 and 0.2 <= sigma / alpha <= 10
        gamma = min(4.0 / t, math.sqrt(2) - 1) if inside else 0
        run = sample(EXACT, path, range(t, -1, -1), Draws(1, 1, 1, 1), "edm", **parameters)
        first = next(run)
        assert first.sigma == pytest.approx(sigma * (1 + gamma))
        assert first.alpha == alpha
    x = Draws(200_000, 1, 1, 1)
    t = int((path.sigma / path.alpha - 1).abs().argmin())
    mean, std = GAUSSIAN.moments(path, t)
    first, _ = sample(EXACT, path, [t, 0], x, "edm", x=mean + std * x(), **parameters)
    hat = math.hypot(float(path.alpha[t]) * GAUSSIAN.std, first.sigma)
    assert float(first.x.std()) == pytest.approx(hat, rel=0.01)


def careless(x: Tensor, alpha: float, sigma: float, condition: Tensor | None) -> Prediction:
    """A denoiser that leaves gradients to its caller."""
    a, s = level(alpha, x), level(sigma, x)
    output = NETWORK(x, (s / a).log() / 4, torch.zeros(len(x), 1).long())
    return Prediction(*PARAMETRIZATIONS["edm"].solve(x, output, a, s, 0.5))


NETWORK = random_unet()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_trap_a_run_resumed_on_other_threads_keeps_gradients_off(sampler: str) -> None:
    schedule = make_schedule("cosine", 20)
    assert careless(torch.zeros(1, 1, 8, 8), 0.6, 0.8, None).x0.requires_grad
    run = sample(careless, schedule, schedule.grid(6), SeededNoise([1], (1, 8, 8)), sampler)

    def resume() -> tuple[Step, bool]:
        return next(run), torch.is_grad_enabled()

    threads = [ThreadPoolExecutor(1) for _ in range(3)]
    try:
        for turn in range(5):
            step, enabled_after = threads[turn % 3].submit(resume).result()
            check_step(step)
            assert enabled_after
            assert torch.is_grad_enabled()
        threads[0].submit(run.close).result()
        assert all(pool.submit(torch.is_grad_enabled).result() for pool in threads)
    finally:
        for pool in threads:
            pool.shutdown()


def test_a_learned_denoisers_run_touches_no_gradient_either() -> None:
    schedule = make_schedule("cosine", 20)
    denoiser = random_denoiser("edm")
    steps = list(
        sample(
            denoiser,
            schedule,
            schedule.grid(3),
            SeededNoise([1], (1, 8, 8)),
            "heun",
            torch.ones(1, 1).long(),
        )
    )
    steps[-1].x.clone().requires_grad_().square().sum().backward()  # not so of inference tensors
    assert all(parameter.grad is None for parameter in denoiser.network.parameters())


@pytest.mark.parametrize("grid", [[], [5], [5, 5, 0], [3, 5, 0], [11, 0], [5, -1]])
def test_a_grid_that_does_not_fall_within_the_schedule_is_refused(grid: Sequence[int]) -> None:
    with pytest.raises(ValueError, match="grid must"):
        next(sample(EXACT, make_schedule("cosine", 10), grid, Draws(1, 1, 1, 1)))


def test_unknown_samplers_and_parameters_are_named_with_the_choices() -> None:
    with pytest.raises(ValueError, match="unknown sampler 'dim'; choose from ddim, ddpm"):
        check_sampler("dim")
    with pytest.raises(ValueError, match="sampler 'euler' has no parameter eta"):
        check_sampler("euler", eta=1)
    with pytest.raises(ValueError, match=r"eta must be a number from 0 to 1, not 1\.1"):
        next(sample(EXACT, make_schedule("cosine", 10), [5, 0], Draws(1, 1, 1, 1), eta=1.1))


@pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=lambda sampler: sampler.name)
def test_parameters_are_checked_and_default(sampler: Sampler) -> None:
    assert check_sampler(sampler.name) == {p.name: p.default for p in sampler.parameters}
    for p in sampler.parameters:
        for value in (p.minimum - 1e-6, p.maximum + 1e-6, math.nan):
            with pytest.raises(ValueError, match="must be a number from"):
                check_sampler(sampler.name, **{p.name: value})
