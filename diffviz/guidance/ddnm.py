"""Denoising diffusion null-space models (Wang et al. 2023)."""

from __future__ import annotations

from torch import Tensor

from diffviz.denoisers.base import Denoiser, Level, Prediction, level, prediction_from_x0
from diffviz.guidance.measurement import Measurement


class DDNM:
    """What was measured is taken from the measurement, what was not from the guess (eq. 13):

        x̂0' = A⁺·y + (1 − A⁺·A)·x̂0 = x̂0 + Aᵀ·(A·Aᵀ)⁺·(y − A·x̂0).

    With noise in y it is corrected as far as the guess is worse than the measurement (section 3.3,
    there by scales for each singular value; here for all at once by a ridge of σ_y²/r²).
    """

    def __init__(self, denoiser: Denoiser, measurement: Measurement) -> None:
        self.denoiser = denoiser
        self.measurement = measurement

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        m = self.measurement
        x0 = self.denoiser(x, alpha, sigma, condition).x0
        ridge = m.noise**2 / m.spread(level(alpha, x), level(sigma, x))
        x0 = x0 + m.operator.adjoint(m.operator.solve(m.residual(x0), ridge))
        return prediction_from_x0(x, x0, alpha, sigma)
