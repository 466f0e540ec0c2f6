"""A trained network as a denoiser."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from diffviz.denoisers.base import Level, Prediction, level
from diffviz.device import send
from diffviz.parametrization import Parametrization, beside, per_image


class LearnedDenoiser:
    """A trained network as a denoiser, after EDM (Karras et al. 2022, section 5).

    The network sees x_t scaled to unit variance, x_t / √(σ² + α²σ_data²), and log(σ/α)/4. Neither
    depends on the schedule that led there, so one network serves them all.

    max_ratio, min_ratio: the range of σ/α that the network was trained on; beyond it the network
    is told the nearest that it knows.
    """

    def __init__(
        self,
        network: nn.Module,
        parametrization: Parametrization,
        sigma_data: float,
        min_ratio: float = 0.0,
        max_ratio: float = float("inf"),
    ) -> None:
        self.network = network
        self.parametrization = parametrization
        self.sigma_data = sigma_data
        self.min_ratio = min_ratio
        self.max_ratio = max_ratio
        wide = any(value.dtype == torch.float64 for value in network.parameters())
        self.dtype = torch.float64 if wide else torch.float32

    def output(self, x: Tensor, alpha: Tensor, sigma: Tensor, condition: Tensor | None) -> Tensor:
        """The network's own output F for x (B, …), with float64 alpha and sigma (B,).

        x is where the network is; the rest follows it."""
        if condition is None:
            condition = torch.zeros(len(x), 0, dtype=torch.int64)
        output: Tensor = self.network(*self.seen(x, alpha, sigma), send(condition, x.device))
        return output

    def seen(self, x: Tensor, alpha: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """What the network is shown of x: scaled, and its noise level."""
        c_in = (sigma**2 + (alpha * self.sigma_data) ** 2).rsqrt()
        noise_level = (sigma / alpha).clamp(self.min_ratio, self.max_ratio).log() / 4
        return x * per_image(c_in, x), beside(noise_level, x)

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        alpha, sigma = level(alpha, x), level(sigma, x)
        output = self.output(x.to(self.dtype), alpha, sigma, condition).to(x.dtype)
        return Prediction(*self.parametrization.solve(x, output, alpha, sigma, self.sigma_data))
