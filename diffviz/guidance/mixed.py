"""Between two conditions: a denoiser that wraps a denoiser."""

from __future__ import annotations

from torch import Tensor

from diffviz.denoisers.base import Denoiser, Level, Prediction
from diffviz.device import send
from diffviz.parametrization import per_image


class MixedDenoiser:
    """Both conditions are asked, and their guesses mixed (Liu et al. 2022, "Compositional visual
    generation with composable diffusion models", eq. 10):

        D(x) = (1 − u)·D(x | a) + u·D(x | b),

    which at each noise level is the score of p(x | a)^(1 − u)·p(x | b)^u. It asks nothing of how
    conditions are embedded, so that classes, slots and sentences go over into others alike.
    other: b, (B, slots). share: u of each picture, (B,).
    """

    def __init__(self, denoiser: Denoiser, other: Tensor, share: Tensor) -> None:
        self.denoiser = denoiser
        self.other = other
        self.share = share

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        share = per_image(self.share.double(), x)
        there = self.denoiser(x, alpha, sigma, send(self.other, x.device))
        here = self.denoiser(x, alpha, sigma, condition)
        return Prediction(*(a + share * (b - a) for a, b in zip(here, there, strict=True)))
