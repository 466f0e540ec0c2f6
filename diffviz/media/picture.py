"""Pictures: what of a step is shown, and how several stand side by side."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from diffviz.media.levels import grey_levels
from diffviz.samplers import Step

VIEWS = {"x": "x_t", "x0": "x̂0", "eps": "ε̂"}


def view_of(step: Step, view: str) -> Tensor:
    """What is shown of a step as x_t, x̂0 or ε̂, (B, C, H, W). x_t comes scaled to α² + σ² = 1,
    which changes nothing on variance-preserving schedules and keeps the others in sight."""
    if view == "x":
        return step.x / math.hypot(step.alpha, step.sigma)
    return {"x0": step.x0, "eps": step.eps}[view]


def columns(count: int) -> int:
    """How many of `count` pictures stand in a row; the page's player does the same."""
    return math.ceil(math.sqrt(count))


def tile(x: Tensor, scale: int = 1, per_row: int | None = None, gap: int = 1) -> np.ndarray:
    """(B, C, H, W) in −1..1 as one picture (rows, columns, 3) uint8: a grid on mid-grey, each
    pixel `scale` wide, `gap` pixels between pictures."""
    b, _, h, w = x.shape
    per_row = per_row or columns(b)
    rows = math.ceil(b / per_row)
    sheet = np.full((rows * (h + gap) - gap, per_row * (w + gap) - gap, 3), 128, np.uint8)
    for i, picture in enumerate(grey_levels(x).permute(0, 2, 3, 1).numpy()):
        top, left = i // per_row * (h + gap), i % per_row * (w + gap)
        sheet[top : top + h, left : left + w] = picture  # one channel spreads over three
    return sheet.repeat(scale, axis=0).repeat(scale, axis=1)
