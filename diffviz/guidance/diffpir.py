"""Plug-and-play restoration by a diffusion model (Zhu et al. 2023, "DiffPIR")."""

from __future__ import annotations

import torch
from torch import Tensor

from diffviz.denoisers.base import Denoiser, Level, Prediction, level, prediction_from_x0
from diffviz.guidance.measurement import Measurement

LEAST_NOISE = 0.5 / 127.5  # of y, whose grey levels are rounded: half a level


class DiffPIR:
    """A proximal step from the guess towards the measurement (eq. 12 and 13):

        x̂0' = argmin_x ‖y − A·x‖² + ρ·‖x − x̂0‖²,   ρ = λ·σ_y²·α²/σ²
            = x̂0 + Aᵀ·(A·Aᵀ + ρ)⁻¹·(y − A·x̂0).

    strength: λ there; less trusts the measurement more.
    """

    def __init__(self, denoiser: Denoiser, measurement: Measurement, strength: float = 7.0) -> None:
        self.denoiser = denoiser
        self.measurement = measurement
        self.strength = strength

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        m = self.measurement
        x0 = self.denoiser(x, alpha, sigma, condition).x0
        a, s = level(alpha, x), level(sigma, x)
        rho: Tensor = self.strength * max(m.noise, LEAST_NOISE) ** 2 * (a / s).square()
        x0 = x0 + m.operator.adjoint(m.operator.solve(m.residual(x0), torch.as_tensor(rho)))
        return prediction_from_x0(x, x0, alpha, sigma)
