"""Posterior sampling: a denoiser of x0 given a measurement y, made of one that knows nothing of y.

Given y = A·x0 + σ_y·z, Bayes' rule and Tweedie's formula (Chung et al. 2023, eq. 6) say that

    E[x0 | x_t, y] = x̂0 + σ²/α · ∇_x log p(y | x_t),

and methods differ in how they guess p(y | x_t). Each is a denoiser that wraps a denoiser, so that
all schedules, grids and samplers go with all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from diffviz.denoisers.base import Level, level
from diffviz.guidance.operators import LinearOperator
from diffviz.parametrization import per_image


@dataclass(frozen=True)
class Measurement:
    """y = operator(x0) + noise·z. y: (B, …) or (1, …). sigma_data: the standard deviation of the
    data, of which methods that need no gradient guess how far x̂0 may be off."""

    operator: LinearOperator
    y: Tensor
    noise: float = 0.0
    sigma_data: float = 0.5

    def residual(self, x0: Tensor) -> Tensor:
        """y − A·x̂0: what the guess does not explain."""
        return self.y.to(x0) - self.operator(x0)

    def spread(self, alpha: Tensor, sigma: Tensor) -> Tensor:
        """r² = σ²·σ_data² / (σ² + α²·σ_data²), (B,): the variance that is left of Gaussian data
        when x_t is known (Song et al. 2023, section 3.2, there for σ_data = 1)."""
        data = self.sigma_data**2
        return sigma**2 * data / (sigma**2 + alpha**2 * data)


def gain(x: Tensor, alpha: Level, sigma: Level) -> Tensor:
    """σ²/α, (B, 1, …), by which a gradient of log p(y | x_t) moves x̂0."""
    a, s = level(alpha, x), level(sigma, x)
    return per_image(s**2 / a, x)
