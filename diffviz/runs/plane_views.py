"""What can be seen in the plane beside the points: fields and densities at a time."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor

from diffviz.denoisers.base import Denoiser
from diffviz.runs.plane import Components
from diffviz.schedules import NoiseSchedule
from diffviz.settings import Setting, Settings

NONE, X0, EPS, SCORE, VELOCITY = "none", "x0", "eps", "score", "velocity"
FIELDS = {
    NONE: "None",
    X0: "to x̂0",
    EPS: "ε̂",
    SCORE: "score",
    VELOCITY: "velocity",
}
REACH = 3.0  # of both axes, in each direction; ui/plane/stage.js draws the same


class PlaneViews(Settings):
    """Which of all that can be seen is shown."""

    field: Annotated[str, Setting(label="Field", help="Arrows of this field", choices=FIELDS)] = (
        NONE
    )
    streamlines: Annotated[
        bool, Setting(label="Streamlines", help="Of the field, where arrows would be")
    ] = False
    density: Annotated[bool, Setting(label="Density", help="Shade by the exact p_t")] = False
    paths: Annotated[bool, Setting(label="Paths", help="The way of each sample")] = False
    over_t: Annotated[
        bool, Setting(label="Over t", help="x against t, with p_t(x) as shade; of data on a line")
    ] = False


def grid(side: int) -> Tensor:
    """The middles of side × side cells over −REACH … REACH, (side², 2), rows from below."""
    axis = ((torch.arange(side) + 0.5) / side * 2 - 1) * REACH
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def vectors(
    name: str, denoiser: Denoiser, schedule: NoiseSchedule, t: int, u: Tensor, said: Tensor
) -> Tensor:
    """The field of that name at places u (n, 2), both scaled to α² + σ² = 1; said: conditions
    (n, slots). The velocity is the way that sampling goes, for a t from 0 to 1."""
    t = max(t, 1)
    a, s = level(schedule, t)
    with torch.no_grad():
        x0, eps = denoiser(u, a, s, said)
    if name == X0:
        return x0 - u
    if name == EPS:
        return eps
    if name == SCORE:
        return -eps / s
    low, high = level(schedule, t - 1), level(schedule, min(t + 1, schedule.T))
    span = (min(t + 1, schedule.T) - (t - 1)) / schedule.T
    da, ds = ((after - before) / span for before, after in zip(low, high, strict=True))
    return -(da * x0 + ds * eps)


def level(schedule: NoiseSchedule, t: int) -> tuple[float, float]:
    """α and σ at t, scaled to α² + σ² = 1."""
    alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
    scale = math.hypot(alpha, sigma)
    return alpha / scale, sigma / scale


def density(parts: Components, schedule: NoiseSchedule, t: int, side: int) -> Tensor:
    """p_t on `grid(side)`, (side, side) from below, of a mixture; what is narrower than a cell is
    as wide as one."""
    a, s = level(schedule, t)
    variance = max(s**2 + (a * parts.std) ** 2, (0.8 * REACH / side) ** 2)
    axis = ((torch.arange(side) + 0.5) / side * 2 - 1) * REACH
    across, up = (
        torch.exp(-((axis[:, None] - a * parts.means[:, k]) ** 2) / (2 * variance)) for k in (0, 1)
    )
    return up @ across.T / (2 * math.pi * variance * len(parts.means))


def line_density(parts: Components, schedule: NoiseSchedule, t: int, cells: int) -> Tensor:
    """p_t(x) of a mixture along x alone, (cells,) over −REACH … REACH; what is narrower than a cell
    is as wide as one."""
    a, s = level(schedule, t)
    variance = max(s**2 + (a * parts.std) ** 2, (0.8 * REACH / cells) ** 2)
    axis = ((torch.arange(cells, dtype=torch.float64) + 0.5) / cells * 2 - 1) * REACH
    away = axis[:, None] - a * parts.means[:, 0].double()
    return torch.exp(-(away**2) / (2 * variance)).mean(1) / math.sqrt(2 * math.pi * variance)
