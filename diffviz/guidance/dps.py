"""Diffusion posterior sampling (Chung et al. 2023, "DPS")."""

from __future__ import annotations

from torch import Tensor

from diffviz.denoisers.base import Denoiser, Level, Prediction, level, prediction_from_x0, vjp
from diffviz.guidance.measurement import Measurement, gain
from diffviz.parametrization import per_image


class DPS:
    """All of p(x0 | x_t) is taken to be at x̂0 (eq. 10), and the length of the step is divided by
    the residual's norm (section 3.3, remark on ζ):

        ∇ log p(y | x_t) = ζ·(∂x̂0/∂x_t)ᵀ·Aᵀ·(y − A·x̂0) / v,   v = ‖y − A·x̂0‖² / m,

    with m numbers measured: their residual's own variance stands where σ_y² cannot, since x̂0 is
    uncertain. strength: ζ. It asks nothing of A but its adjoint.
    """

    def __init__(self, denoiser: Denoiser, measurement: Measurement, strength: float = 1.0) -> None:
        self.denoiser = denoiser
        self.measurement = measurement
        self.strength = strength

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        m, a, s = self.measurement, level(alpha, x), level(sigma, x)

        def towards(x0: Tensor) -> Tensor:
            residual = m.residual(x0)
            variance = residual.flatten(1).square().sum(1) / m.operator.measured(residual)
            return self.strength * m.operator.adjoint(residual) / per_image(variance, x0)

        seen, pulled = vjp(self.denoiser, x, a, s, condition, towards)
        return prediction_from_x0(x, seen.x0 + gain(x, a, s) * pulled, a, s)
