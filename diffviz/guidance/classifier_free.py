"""Classifier-free guidance: a denoiser that wraps a denoiser."""

from __future__ import annotations

import torch
from torch import Tensor

from diffviz.denoisers.base import Denoiser, Level, Prediction, level
from diffviz.device import send
from diffviz.parametrization import per_image


class GuidedDenoiser:
    """Classifier-free guidance (Ho & Salimans 2022, eq. 6, with w + 1 written as `scale`):

        ε̂ = ε̂(negative) + scale·(ε̂(condition) − ε̂(negative))

    scale 1 is plain conditional sampling, 0 ignores the condition, more than 1 exaggerates it; one
    number, or one for each picture (B,).
    negative: what to steer away from, (B, slots) or (1, slots); "nothing said" by default.
    interval: the values of σ/α at which guidance acts; elsewhere the plain conditional prediction
    stands (Kynkäänniemi et al. 2024). One batch of 2B goes through the network.
    evaluations: of the network so far, two where both sides are compared.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        scale: float | Tensor,
        negative: Tensor | None = None,
        interval: tuple[float, float] = (0.0, float("inf")),
    ) -> None:
        self.denoiser = denoiser
        self.scale = torch.as_tensor(scale, dtype=torch.float64).cpu()
        self.negative = negative
        self.interval = interval
        self.evaluations = 0

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        alpha, sigma = level(alpha, x), level(sigma, x)
        ratio = sigma / alpha
        acts = (ratio >= self.interval[0]) & (ratio <= self.interval[1])
        if condition is None or (self.scale == 1).all() or not acts.any():
            self.evaluations += 1
            return self.denoiser(x, alpha, sigma, condition)
        self.evaluations += 2
        negative = torch.zeros_like(condition) if self.negative is None else self.negative
        negative = send(negative, condition.device).expand_as(condition)
        with_and_without = torch.cat([condition, negative])
        both = self.denoiser(
            torch.cat([x, x]), torch.cat([alpha] * 2), torch.cat([sigma] * 2), with_and_without
        )
        scale = per_image(1 + acts.double() * (self.scale - 1), x)
        x0, eps = (
            plain + scale * (conditional - plain)
            for conditional, plain in (part.chunk(2) for part in both)
        )
        return Prediction(x0, eps)
