"""Pictures: (C, H, W) in −1..1, of which several stand side by side on mid-grey."""

from __future__ import annotations

import math

import numpy as np
from torch import Tensor

from diffviz.media.levels import grey_levels
from diffviz.media.medium import Medium, columns


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


def _strip(x: Tensor, scale: int) -> np.ndarray:
    """A row for each picture."""
    return tile(x.flatten(0, 1), scale, per_row=x.shape[1])


def _accepts(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and shape[0] in (1, 3) and all(1 <= side <= 1024 for side in shape[1:])


PICTURE = Medium(
    "picture", "pictures", _accepts, grey_levels, tile, _strip, renderer="picture", network="unet"
)
