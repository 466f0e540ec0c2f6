"""A denoiser: (x, alpha, sigma, condition) → the best guess of the sample and of its noise."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from diffviz.parametrization import per_image

Level = float | Tensor  # α or σ: one for all pictures, or one each, (B,)


class Prediction(NamedTuple):
    """What a denoiser sees in x_t = α·x0 + σ·ε; x = α·x0 + σ·eps holds for the guesses too."""

    x0: Tensor
    eps: Tensor


class Denoiser(Protocol):
    """x: (B, C, H, W); condition: (B, slots) int64 or None; both parts of the result are like x."""

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction: ...


def level(value: Level, x: Tensor) -> Tensor:
    """α or σ as a float64 tensor with an entry for each picture of x."""
    return torch.as_tensor(value, dtype=torch.float64).expand(len(x))


def prediction_from_x0(x: Tensor, x0: Tensor, alpha: Level, sigma: Level) -> Prediction:
    """The prediction with that x̂0, and with ε̂ = (x_t − α·x̂0)/σ."""
    a, s = per_image(level(alpha, x), x), per_image(level(sigma, x), x)
    return Prediction(x0, (x - a * x0) / s)
