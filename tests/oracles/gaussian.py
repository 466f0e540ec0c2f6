"""Data drawn from N(mean, std²), for which the probability-flow ODE has a closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from diffviz.schedules import NoiseSchedule


@dataclass(frozen=True)
class Gaussian:
    mean: float = 0.3
    std: float = 0.5

    def moments(self, schedule: NoiseSchedule, t: int) -> tuple[float, float]:
        """Mean and standard deviation of x_t."""
        alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
        return alpha * self.mean, math.hypot(alpha * self.std, sigma)

    def flow(self, x: Tensor, schedule: NoiseSchedule, t: int, s: int) -> Tensor:
        """The exact solution x_s of the probability-flow ODE from x_t.

        In y = x/α and r = σ/α: y(r) = μ + (y_t − μ)·√((std² + r²)/(std² + r_t²)), which says that
        x keeps its distance from the mean, counted in standard deviations of the marginal.
        """
        (mean_t, std_t), (mean_s, std_s) = self.moments(schedule, t), self.moments(schedule, s)
        return mean_s + (x - mean_t) * (std_s / std_t)
