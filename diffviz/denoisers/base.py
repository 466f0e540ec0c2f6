"""A denoiser: (x, alpha, sigma, condition) → the best guess of the sample and of its noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from diffviz.parametrization import per_image

Level = float | Tensor  # α or σ: one for all samples, or one each, (B,)


class Prediction(NamedTuple):
    """What a denoiser sees in x_t = α·x0 + σ·ε; x = α·x0 + σ·eps holds for the guesses too."""

    x0: Tensor
    eps: Tensor


class Denoiser(Protocol):
    """x: (B, …); condition: (B, slots) int64 or None; both parts of the result are like x.

    It may be differentiated by x. Who wants numbers alone says torch.no_grad, as the samplers do.
    """

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction: ...


def vjp(
    denoiser: Denoiser,
    x: Tensor,
    alpha: Level,
    sigma: Level,
    condition: Tensor | None,
    v: Tensor | Callable[[Tensor], Tensor],
) -> tuple[Prediction, Tensor]:
    """The prediction at x, and the vector-Jacobian product vᵀ·∂x̂0/∂x with a v like x, or what
    makes one of x̂0. Both are detached. It costs about three evaluations; a denoiser that knows a
    better way to it than autograd, where v is there before x̂0, has a method `vjp`.

    Of an exact denoiser ∂x̂0/∂x is α/σ²·Cov[x0 | x_t], Tweedie's formula for the covariance.
    """
    if isinstance(v, Tensor) and (own := getattr(denoiser, "vjp", None)):
        known: tuple[Prediction, Tensor] = own(x, alpha, sigma, condition, v)
        return known
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        x0, eps = denoiser(x, alpha, sigma, condition)
        (product,) = torch.autograd.grad(x0, x, v if isinstance(v, Tensor) else v(x0.detach()))
    return Prediction(x0.detach(), eps.detach()), product


def level(value: Level, x: Tensor) -> Tensor:
    """α or σ as a float64 tensor on the CPU (diffviz/device.py), an entry for each picture of x."""
    here = value.cpu() if isinstance(value, Tensor) else value
    return torch.as_tensor(here, dtype=torch.float64).expand(len(x))


def prediction_from_x0(x: Tensor, x0: Tensor, alpha: Level, sigma: Level) -> Prediction:
    """The prediction with that x̂0, and with ε̂ = (x_t − α·x̂0)/σ."""
    a, s = per_image(level(alpha, x), x), per_image(level(sigma, x), x)
    return Prediction(x0, (x - a * x0) / s)
