"""From numbers in −1..1 to grey levels 0..255, and back."""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor


def grey_levels(x: Tensor) -> Tensor:
    """−1..1 as 0..255, rounded and clipped; any shape, uint8, on the CPU."""
    return x.add(1).mul(127.5).round_().clamp_(0, 255).to(torch.uint8).cpu()


def fingerprint(x: Tensor) -> str:
    """The first 16 hex digits of SHA-256 over the float32 values: equal for equal pictures only."""
    return hashlib.sha256(x.float().contiguous().cpu().numpy().tobytes()).hexdigest()[:16]


def from_levels(levels: np.ndarray) -> Tensor:
    """(H, W) or (H, W, 3) grey levels 0..255 → (1 or 3, H, W) in −1..1; 1 where all are equal."""
    planes = levels[None] if levels.ndim == 2 else levels.transpose(2, 0, 1)
    if len(planes) == 3 and (planes[0] == planes[1]).all() and (planes[1] == planes[2]).all():
        planes = planes[:1]
    return torch.from_numpy(planes.astype(np.float32)) / 127.5 - 1
