"""Pseudoinverse-guided diffusion models (Song et al. 2023, "ΠGDM")."""

from __future__ import annotations

from torch import Tensor

from diffviz.denoisers.base import Denoiser, Level, Prediction, level, prediction_from_x0, vjp
from diffviz.guidance.measurement import Measurement, gain
from diffviz.parametrization import per_image


class PiGDM:
    """p(x0 | x_t) is taken for N(x̂0, r²), so that y given x_t is Gaussian too (eq. 7):

        ∇ log p(y | x_t) = (∂x̂0/∂x_t)ᵀ·Aᵀ·(r²·A·Aᵀ + σ_y²)⁻¹·(y − A·x̂0).

    Exact for Gaussian data of variance σ_data².
    """

    def __init__(self, denoiser: Denoiser, measurement: Measurement) -> None:
        self.denoiser = denoiser
        self.measurement = measurement

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        m, a, s = self.measurement, level(alpha, x), level(sigma, x)
        spread = m.spread(a, s)

        def towards(x0: Tensor) -> Tensor:
            solved = m.operator.solve(m.residual(x0), m.noise**2 / spread)
            return m.operator.adjoint(solved) / per_image(spread, x0)

        seen, pulled = vjp(self.denoiser, x, a, s, condition, towards)
        return prediction_from_x0(x, seen.x0 + gain(x, a, s) * pulled, a, s)
