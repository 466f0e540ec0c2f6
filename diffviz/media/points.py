"""Points in the plane: (2,) a sample, all of which are shown together as one scatter."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from diffviz.media.medium import Medium

REACH = 3.0  # of both axes, in each direction; ui/lib/renderers/points.js draws the same
SIDE = 60  # pixels of a plot at scale 1
SMOOTHING = 2  # drawn so many times larger, and then averaged
PAPER, AXES, INK = 255, 200, (31, 78, 121)


def scatter(x: Tensor, scale: int = 8, per_row: int | None = None) -> np.ndarray:
    """Points (B, 2) as a square picture (rows, columns, 3) uint8, SIDE·scale wide; those beyond
    REACH are not seen. per_row is for media whose samples stand side by side."""
    side = SIDE * scale * SMOOTHING
    image = Image.new("RGB", (side, side), (PAPER,) * 3)
    draw = ImageDraw.Draw(image)
    for ends in ((0, side // 2, side, side // 2), (side // 2, 0, side // 2, side)):
        draw.line(ends, fill=(AXES,) * 3, width=SMOOTHING)
    places = (x.detach().cpu().double() / REACH + 1) / 2 * side
    radius = SMOOTHING * scale * (0.2 + 2.5 / max(1, len(x)) ** 0.5)
    for across, up in places.nan_to_num(-side).clamp(-side, 2 * side).tolist():
        down = side - up
        draw.ellipse((across - radius, down - radius, across + radius, down + radius), fill=INK)
    return np.asarray(image.reduce(SMOOTHING)).copy()


def strip(x: Tensor, scale: int = 3) -> np.ndarray:
    """Runs of points (B, S, 2): a scatter of all of them for each step, side by side."""
    return np.concatenate([scatter(step, scale) for step in x.unbind(1)], axis=1)


def encode(x: Tensor) -> Tensor:
    """(…, 2) as little-endian float16, 4 bytes a point: (…, 4) uint8."""
    halves = x.detach().cpu().clamp(-60_000, 60_000).half().numpy().astype("<f2")
    return torch.from_numpy(np.ascontiguousarray(halves).view(np.uint8))


POINTS = Medium(
    "points",
    "points",
    lambda shape: shape == (2,),
    encode,
    scatter,
    strip,
    renderer="points",
    network="mlp",
    together=True,
)
