"""A denoiser whose guesses stay within the range of the data."""

from __future__ import annotations

from torch import Tensor

from diffviz.denoisers.base import Denoiser, Level, Prediction, prediction_from_x0


class ClippedDenoiser:
    """Another denoiser whose x̂0 is clipped to −1..1 and whose ε̂ is derived again from that, so
    that the two still agree with x_t."""

    def __init__(self, denoiser: Denoiser) -> None:
        self.denoiser = denoiser

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        x0 = self.denoiser(x, alpha, sigma, condition).x0.clamp(-1, 1)
        return prediction_from_x0(x, x0, alpha, sigma)
