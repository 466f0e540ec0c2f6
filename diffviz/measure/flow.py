"""The exact end of the deterministic way from noise: the probability-flow ODE, integrated to a
tolerance."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffviz.denoisers.base import Denoiser

# Dormand & Prince 1980, RK5(4)7M: the stages' times and weights, of which the last are the fifth
# order's; and how far the fourth order's differ from these.
TIMES = (0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1)
WEIGHTS = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
ERROR = (71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
SAFETY, FEWEST, MOST = 0.9, 0.2, 5.0  # by how much a step may change (Hairer et al. 1993, II.4)
MOST_STEPS = 10_000


@torch.no_grad()
def flow(
    denoiser: Denoiser,
    x: Tensor,
    start: tuple[float, float],
    end: tuple[float, float],
    condition: Tensor | None = None,
    tolerance: float = 1e-10,
) -> Tensor:
    """x, (B, …) float64, carried from (α, σ) = start to end along the probability-flow ODE.

    With α = √(α² + σ²)·cos θ, σ = √(…)·sin θ and u = x/√(…) it is du/dθ = cos θ·ε̂ − sin θ·x̂0, the
    velocity v of Salimans & Ho 2022, which is finite from pure noise on. end: with σ > 0, for ε̂ is
    nothing to divide out of clean data. tolerance: the root mean square of the estimated error of a
    step; an end that is to be right to 1e-8 takes 1e-10.
    Raises ValueError where a step would have to be smaller than numbers tell apart, as in a field
    with jumps.
    """
    angle, last = (math.atan2(sigma, alpha) for alpha, sigma in (start, end))
    u = x.double() / math.hypot(*start)

    def velocity(at: float, u: Tensor) -> Tensor:
        alpha, sigma = math.cos(at), math.sin(at)
        x0, eps = denoiser(u, alpha, sigma, condition)
        return alpha * eps - sigma * x0

    step, slope = (last - angle) / 100, velocity(angle, u)
    for _ in range(MOST_STEPS):
        if angle == last:
            return u * math.hypot(*end)
        step = max(step, last - angle, key=lambda h: -abs(h))
        slopes = [slope]
        for time, weights in zip(TIMES[1:], WEIGHTS[1:], strict=True):
            there = u + step * combined(weights, slopes)
            slopes.append(velocity(angle + time * step, there))
        error = float((step * combined(ERROR, slopes)).square().mean().sqrt())
        if error <= tolerance:
            angle = last if step == last - angle else angle + step
            u, slope = there, slopes[-1]
        factor = SAFETY * (tolerance / error) ** 0.2 if error else MOST
        step *= min(MOST, max(FEWEST, factor))
    raise ValueError("this denoiser's field is too rough to follow to a tolerance")


def combined(weights: tuple[float, ...], slopes: list[Tensor]) -> Tensor:
    return sum(
        (weight * slope for weight, slope in zip(weights, slopes, strict=True) if weight),
        start=torch.zeros_like(slopes[0]),
    )
