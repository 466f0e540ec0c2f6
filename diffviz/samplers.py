"""Samplers: how to walk a schedule backwards, from noise to a picture.

One driver, `sample`, walks pairs (t, s) of a grid and yields every state on the way; a sampler is
the update rule from x_t to x_s, a dozen lines and an entry of SAMPLERS. In all of them
h = log(α_s/σ_s) − log(α_t/σ_t) is half the step's gain in log-SNR.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from diffviz.denoisers.base import Denoiser, Prediction
from diffviz.denoisers.clipped import ClippedDenoiser
from diffviz.schedules import NoiseSchedule
from diffviz.settings import Setting, check_parameters, unknown

Noise = Callable[[], Tensor]


class Point(NamedTuple):
    """A place on the path: how much picture, how much noise."""

    alpha: float
    sigma: float

    @property
    def ratio(self) -> float:
        """σ/α, the noise level of a picture that was not scaled down; ∞ at α = 0."""
        return self.sigma / self.alpha if self.alpha else math.inf

    def gain_to(self, s: Point) -> float:
        """h = log(α_s/σ_s) − log(α_t/σ_t); ∞ where s is clean or this point is pure noise."""
        if s.sigma == 0 or self.alpha == 0:
            return math.inf
        return math.log(s.alpha / s.sigma) - math.log(self.alpha / self.sigma)


class Visited(NamedTuple):
    """A point left behind: its state (as corrected, where a rule corrects) and prediction."""

    point: Point
    x: Tensor
    prediction: Prediction


@dataclass
class Update:
    """All that a rule may look at to step from x at point t to point s."""

    t: Point
    s: Point
    x: Tensor
    prediction: Prediction
    history: list[Visited]  # oldest first
    denoise: Callable[[Tensor, Point], Prediction]
    noise: Noise
    parameters: dict[str, float]
    steps: int


@dataclass(frozen=True)
class Sampler:
    """An update rule and what a page says of it.

    update: returns x_s, or (x_t corrected, x_s). churn: moves x_t back to more noise first.
    stochastic: draws noise on the way. order: by which power of the steps' length it comes nearer
    to the probability-flow ODE's solution; None where noise is drawn, and there is no one end.
    """

    name: str
    label: str
    source: str
    update: Callable[[Update], Tensor | tuple[Tensor, Tensor]]
    churn: Callable[[Update], tuple[Tensor, Point]] | None = None
    stochastic: bool = False
    order: int | None = None
    parameters: tuple[Setting, ...] = field(default=())


def check_one_end(samplers: Iterable[str]) -> None:
    """Raises ValueError for a sampler that is unknown, or draws noise on its way: where it ends is
    then another sample, and no error."""
    for name in samplers:
        if name not in SAMPLERS:
            raise ValueError(unknown("sampler", name, SAMPLERS))
        if SAMPLERS[name].order is None:
            raise ValueError(f"{SAMPLERS[name].label} draws noise on its way, and has no one end")


class Step(NamedTuple):
    """A state of a sampling run. N updates yield N + 1 of them: the state before each update with
    the prediction made there, then the result (t = 0, where x0 is x and eps the last one made).

    alpha, sigma: of x; after churn they are a little off the schedule's at t.
    x, x0, eps: (B, …). nfe: evaluations of the denoiser so far, of a guided one's both
    sides together.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    t: int
    alpha: float
    sigma: float
    x: Tensor
    x0: Tensor
    eps: Tensor
    nfe: int


def check_sampler(sampler: str, **parameters: float) -> dict[str, float]:
    """All parameters of a sampler, checked; raises ValueError naming the choices."""
    if sampler not in SAMPLERS:
        raise ValueError(unknown("sampler", sampler, SAMPLERS))
    return check_parameters(f"sampler {sampler!r}", SAMPLERS[sampler].parameters, parameters)


def draws_noise(sampler: str, **parameters: float) -> bool:
    """Whether it draws noise on its way with these parameters, so that it does not come to where
    the probability-flow ODE ends. Raises as `check_sampler`."""
    values = check_sampler(sampler, **parameters)
    amount = values.get("eta", values.get("s_churn", 1.0))
    return SAMPLERS[sampler].stochastic and amount > 0


@torch.no_grad()  # as a decorator: a with-block around a yield ends on another thread than it began
def sample(
    denoiser: Denoiser,
    schedule: NoiseSchedule,
    grid: Sequence[int],
    noise: Noise,
    sampler: str = "ddim",
    condition: Tensor | None = None,
    clip_x0: bool = False,
    x: Tensor | None = None,
    **parameters: float,
) -> Iterator[Step]:
    """Generate pictures, yielding every state on the way.

    grid: falling indices of the schedule, as `schedule.grid` makes them. noise: called for each
    tensor of noise, (B, …), that is needed; first for ε at the start, x_T = σ_T·ε, unless
    x is given: a state at grid[0] to go on from. The state keeps its dtype throughout.
    Raises ValueError, at the first `next`, for an unknown sampler or parameter, or a grid that
    does not fall within 0 … T.
    """
    values = check_sampler(sampler, **parameters)
    rule = SAMPLERS[sampler]
    if len(grid) < 2 or any(t <= s for t, s in pairwise(grid)):
        raise ValueError("a grid must hold at least two indices, strictly falling")
    if grid[0] > schedule.T or grid[-1] < 0:
        raise ValueError(f"a grid must stay within 0 to T = {schedule.T}")
    if clip_x0:
        denoiser = ClippedDenoiser(denoiser)
    points = [Point(float(schedule.alpha[t]), float(schedule.sigma[t])) for t in grid]
    if x is None:
        x = points[0].sigma * noise()

    nfe = 0

    def denoise(x: Tensor, point: Point) -> Prediction:
        nonlocal nfe
        nfe += 1
        return denoiser(x, point.alpha, point.sigma, condition)

    history: list[Visited] = []
    for index, (t, point, target) in enumerate(zip(grid, points, points[1:], strict=False)):
        update = Update(
            point, target, x, Prediction(x, x), history, denoise, noise, values, len(grid) - 1
        )
        if rule.churn:
            update.x, update.t = rule.churn(update)
        update.prediction = denoise(update.x, update.t)
        yield Step(index, t, *update.t, update.x, *update.prediction, nfe)
        result = rule.update(update)
        corrected, x = result if isinstance(result, tuple) else (update.x, result)
        history.append(Visited(update.t, corrected, update.prediction))
        del history[:-2]
    final_x0 = x if points[-1].sigma == 0 else history[-1].prediction.x0
    final = Prediction(final_x0, history[-1].prediction.eps)
    yield Step(len(grid) - 1, grid[-1], *points[-1], x, *final, nfe)


def _ddim(u: Update) -> Tensor:
    """Song et al. 2021, eq. 12; η = 0 is deterministic, η = 1 has DDPM's variance (eq. 16)."""
    std = u.parameters["eta"] * _posterior(u)[2]
    x = u.s.alpha * u.prediction.x0 + math.sqrt(max(u.s.sigma**2 - std**2, 0)) * u.prediction.eps
    return x + std * u.noise() if std > 0 else x


def _ddpm(u: Update) -> Tensor:
    """The posterior q(x_s | x_t, x0) at the predicted x0 (Ho et al. 2020, eq. 6 and 7)."""
    from_x, from_x0, std = _posterior(u)
    x = from_x * u.x + from_x0 * u.prediction.x0
    return x + std * u.noise() if std > 0 else x


def _posterior(u: Update) -> tuple[float, float, float]:
    """Weights of x_t and x0 in the mean of q(x_s | x_t, x0), and its standard deviation, for any
    s < t (Kingma et al. 2021, eq. 26 of the appendix)."""
    (alpha_t, sigma_t), (alpha_s, sigma_s) = u.t, u.s
    ratio = alpha_t / alpha_s
    variance = max(sigma_t**2 - (ratio * sigma_s) ** 2, 0.0)
    return (
        ratio * sigma_s**2 / sigma_t**2,
        alpha_s * variance / sigma_t**2,
        sigma_s * math.sqrt(variance) / sigma_t,
    )


def _euler(u: Update) -> Tensor:
    """Of d(x/α)/d(σ/α) = ε̂ (Karras et al. 2022, eq. 4): the same step as DDIM with η = 0.

    x_s/α_s = x_t/α_t + (σ_s/α_s − σ_t/α_t)·ε̂ = x̂0 + σ_s/α_s·ε̂. The second form is the one to
    compute: near α_t = 0 the first is a small difference of huge numbers.
    """
    return u.s.alpha * (u.prediction.x0 + u.s.ratio * u.prediction.eps)


def _heun(u: Update) -> Tensor:
    """Karras et al. 2022, algorithm 1: Euler, then again with the mean of both ends' slopes.
    First order to σ = 0, where no slope is, and on long steps from a high σ/α. There the slope
    falls as 1 − c·(σ/α)⁻², and integrating that shows that the mean of both ends, which gives the
    far end half of the weight, is closer than Euler only where σ/α falls to no less than a third;
    from α = 0 it would be infinite.
    """
    x = _euler(u)
    if u.s.sigma == 0 or u.t.ratio > 3 * max(1.0, u.s.ratio):
        return x
    turn = u.denoise(x, u.s).eps - u.prediction.eps
    return x + 0.5 * u.s.alpha * (u.s.ratio - u.t.ratio) * turn


def _churn(u: Update) -> tuple[Tensor, Point]:
    """Karras et al. 2022, algorithm 2, lines 4 to 6, on a path of any α."""
    p = u.parameters
    if not p["s_min"] <= u.t.ratio <= p["s_max"] or p["s_churn"] == 0:
        return u.x, u.t
    gamma = min(p["s_churn"] / u.steps, math.sqrt(2) - 1)
    point = Point(u.t.alpha, u.t.sigma * (1 + gamma))
    std = math.sqrt(point.sigma**2 - u.t.sigma**2)
    return u.x + std * p["s_noise"] * u.noise(), point


def _dpmpp_2m(u: Update) -> Tensor:
    """DPM-Solver++(2M), Lu et al. 2022b, algorithm 2; first order at first and to σ = 0."""
    decay = u.s.sigma / u.t.sigma  # of x_t; α_t/α_s·decay is e^(−h)
    return decay * u.x + (u.s.alpha - u.t.alpha * decay) * _extrapolated_x0(u)


def _dpmpp_2m_sde(u: Update) -> Tensor:
    """SDE-DPM-Solver++(2M), Lu et al. 2022b, eq. 19 (midpoint form)."""
    decay = u.s.sigma / u.t.sigma
    shrink = decay * u.t.alpha / u.s.alpha  # e^(−h)
    x = decay * shrink * u.x + u.s.alpha * (1 - shrink**2) * _extrapolated_x0(u)
    return x + u.s.sigma * math.sqrt(1 - shrink**2) * u.noise() if u.s.sigma > 0 else x


def _extrapolated_x0(u: Update) -> Tensor:
    """x̂0 at the middle of the step, on the line through this one and the one before."""
    h = u.t.gain_to(u.s)
    if not u.history or math.isinf(h):
        return u.prediction.x0
    before = u.history[-1]
    slope = 0.5 * h / before.point.gain_to(u.t)  # 0 after a start from α = 0
    return u.prediction.x0 + slope * (u.prediction.x0 - before.prediction.x0)


def _unipc(u: Update) -> tuple[Tensor, Tensor]:
    """UniPC-2 with B₂(h) = e^h − 1, on x̂0 (Zhao et al. 2023, algorithm 1 and 2): the prediction
    made at x_t first corrects x_t itself, then carries it on to s."""
    x = _unipc_corrected(u)
    u.x = x
    return x, _dpmpp_2m(u)  # for order 2 the predictor's weight is 1/2: the same step as 2M


def _unipc_corrected(u: Update) -> Tensor:
    if not u.history:
        return u.x
    before = u.history[-1]
    h = before.point.gain_to(u.t)
    if math.isinf(h):
        return u.x
    here, there = u.prediction.x0, before.prediction.x0
    # φ-functions of −h; the weights ρ solve the order conditions R·ρ = b.
    phi1 = math.expm1(-h)
    phi2 = phi1 / -h - 1
    phi3 = phi2 / -h - 0.5
    change = 0.5 * (here - there)
    if len(u.history) > 1 and not math.isinf(u.history[-2].point.gain_to(before.point)):
        older = u.history[-2]
        r = -older.point.gain_to(before.point) / h
        b1, b2 = phi2 / phi1, 2 * phi3 / phi1
        old_weight = (b1 - b2) / (1 - r)
        slope = (older.prediction.x0 - there) / r
        change = old_weight * slope + (b1 - old_weight) * (here - there)
    decay = u.t.sigma / before.point.sigma
    return decay * before.x - u.t.alpha * phi1 * (there + change)


def _consistency(u: Update) -> Tensor:
    """Multistep consistency sampling (Song et al. 2023, algorithm 1): to the end of the path at
    once, and from there by new noise up to s. Right where x̂0 is that end, as a distilled denoiser
    has it; a mean of all that x_t could be, renoised, is too little of everything."""
    x = u.s.alpha * u.prediction.x0
    return x + u.s.sigma * u.noise() if u.s.sigma > 0 else x


SAMPLERS = {
    s.name: s
    for s in (
        Sampler(
            "ddim",
            "DDIM",
            "Song et al. 2021",
            _ddim,
            stochastic=True,
            order=1,  # with η = 0
            parameters=(Setting("eta", "η", 0, 0, 1, 0.05),),
        ),
        Sampler("ddpm", "DDPM (ancestral)", "Ho et al. 2020", _ddpm, stochastic=True),
        Sampler("euler", "Euler", "Karras et al. 2022", _euler, order=1),
        Sampler("heun", "Heun", "Karras et al. 2022, algorithm 1", _heun, order=2),
        Sampler("dpmpp-2m", "DPM-Solver++ 2M", "Lu et al. 2022b", _dpmpp_2m, order=2),
        Sampler(
            "dpmpp-2m-sde", "DPM-Solver++ 2M SDE", "Lu et al. 2022b", _dpmpp_2m_sde, stochastic=True
        ),
        Sampler("unipc", "UniPC", "Zhao et al. 2023", _unipc, order=3),
        Sampler(
            "edm",
            "EDM (stochastic Heun)",
            "Karras et al. 2022, algorithm 2",
            _heun,
            churn=_churn,
            stochastic=True,
            parameters=(
                Setting("s_churn", "S churn", 10, 0, 80, 1),
                Setting("s_min", "S min", 0.05, 0, 1, 0.01),
                Setting("s_max", "S max", 50, 1, 100, 1),
                Setting("s_noise", "S noise", 1.003, 0.99, 1.02, 0.001),
            ),
        ),
        Sampler(
            "consistency",
            "Multistep consistency",
            "Song et al. 2023, algorithm 1",
            _consistency,
            stochastic=True,
        ),
    )
}
