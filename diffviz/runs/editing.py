"""A real picture to t and back: by chance (image-to-image), or exactly (DDIM inversion)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from diffviz.autoencoders import Autoencoder
from diffviz.denoisers.base import Denoiser, Prediction
from diffviz.forward import SeededNoise, add_noise
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.runs.schema import INVERT, EditSettings
from diffviz.samplers import Noise, Point, Step, sample
from diffviz.schedules import NoiseSchedule


class Stage(NamedTuple):
    """A step of the way there (inversion) or of the way back."""

    back: bool
    step: Step


def edit(
    denoiser: Denoiser,
    schedule: NoiseSchedule,
    grid: Sequence[int],
    x0: Tensor,
    noise: Noise,
    sampler: str = "ddim",
    condition: Tensor | None = None,
    **parameters: float,
) -> Iterator[Step]:
    """Image-to-image, or SDEdit (Meng et al. 2022, algorithm 1): x0 (B, C, H, W) is noised straight
    to t = grid[0], and sampling goes on from there, so that the picture decides what noise has not
    drowned yet, and the denoiser the rest.

    grid: as `schedule.grid(steps, start=t)` makes it. noise: the first draw is x_t's ε.
    Yields and raises as `sample`.
    """
    x_t = add_noise(x0, noise(), schedule, grid[0])
    return sample(denoiser, schedule, grid, noise, sampler, condition, False, x_t, **parameters)


@torch.no_grad()  # as a decorator, for the reason that `sample` gives
def invert(
    denoiser: Denoiser,
    schedule: NoiseSchedule,
    grid: Sequence[int],
    x0: Tensor,
    condition: Tensor | None = None,
) -> Iterator[Step]:
    """DDIM inversion: the noise x_t from which deterministic sampling comes back to x0.

    The probability-flow ODE d(x/α)/d(σ/α) = ε̂ upwards, in Euler's steps, which are DDIM's with the
    roles of s and t exchanged (Song et al. 2021, section 4.3; Dhariwal & Nichol 2021, appendix F):

        x_t = α_t·x̂0(x_s) + σ_t·ε̂(x_s),   s < t.

    It is exact as the steps go to zero; in finite ones the way back asks for ε̂ at the other end of
    each, and the two differ by the steps' length to the first order.

    At σ = 0, where the slope ε̂ = (x − α·x̂0)/σ is no number, the first step takes that of the same
    picture at the next level, α·x0, which is right to the same order. grid: falling to 0, as for
    `edit`; it is walked from its end. N updates yield N + 1 Steps, from x0 to x_t; at the last, x0
    and eps are those that led there. Raises ValueError, at the first `next`, for a grid that does
    not fall within 0 … T.
    """
    if len(grid) < 2 or any(t <= s for t, s in pairwise(grid)) or grid[0] > schedule.T:
        raise ValueError("a grid must hold at least two indices, strictly falling, up to T")
    if grid[-1] != 0:
        raise ValueError("a picture's own level is t = 0: the grid must end there")
    indices = list(reversed(grid))
    points = [Point(float(schedule.alpha[t]), float(schedule.sigma[t])) for t in indices]
    first, x = points[1], x0
    seen = denoiser(first.alpha * x0, first.alpha, first.sigma, condition)
    prediction = Prediction(x0, seen.eps)
    for index, (s, (here, there)) in enumerate(zip(indices, pairwise(points), strict=False)):
        if index > 0:
            prediction = denoiser(x, here.alpha, here.sigma, condition)
        yield Step(index, s, *here, x, *prediction, index + 1)
        x = there.alpha * prediction.x0 + there.sigma * prediction.eps
    yield Step(len(indices) - 1, indices[-1], *points[-1], x, *prediction, len(indices) - 1)


def run_edit(
    settings: EditSettings,
    denoiser: Denoiser,
    schedule: NoiseSchedule,
    x0: Tensor,
    condition: Tensor | None = None,
    was: Tensor | None = None,
    coder: Autoencoder | None = None,
) -> Iterator[Stage]:
    """All states of what the settings ask for, from x0 (B, C, H, W) with its condition (B, slots).
    coder: of a denoiser of latents, in which the pictures are edited; the states are as it has them
    seen.

    was: another condition, for inversion's way up: noise is all that the two ways share, and the
    picture comes back as what the condition says (dual diffusion bridges, Su et al. 2023,
    algorithm 1).

    Every picture of the batch has the seed's noise. Raises ValueError at once for a t beyond T, and
    for `was` without inversion.
    """
    if coder:
        with torch.no_grad():
            z = coder.encode(x0)
        stages = run_edit(settings, denoiser, schedule, z, condition, was)
        return (Stage(back, coder.seen(step)) for back, step in stages)
    grid = settings.grid(schedule)
    if was is not None and settings.mode != INVERT:
        raise ValueError("what the picture is matters to inversion alone; leave it out")
    stream = SeededNoise([settings.seed] * len(x0), x0.shape[1:], x0.device)
    if settings.mode == INVERT:
        up = condition if was is None else was
        return _there_and_back(denoiser, schedule, grid, x0, stream, up, condition)
    if condition is not None and condition.any():
        denoiser = GuidedDenoiser(denoiser, settings.guidance)
    steps = edit(denoiser, schedule, grid, x0, stream, settings.sampler, condition)
    return (Stage(True, step) for step in steps)


def _there_and_back(
    denoiser: Denoiser,
    schedule: NoiseSchedule,
    grid: Sequence[int],
    x0: Tensor,
    noise: Noise,
    up: Tensor | None,
    down: Tensor | None,
) -> Iterator[Stage]:
    x = x0
    for step in invert(denoiser, schedule, grid, x0, up):
        x = step.x
        yield Stage(False, step)
    for step in sample(denoiser, schedule, grid, noise, condition=down, x=x):
        yield Stage(True, step)


def rms_distance(one: Tensor, other: Tensor) -> float:
    """The root mean square of the difference of two samples."""
    return float((one - other).square().mean().sqrt())
