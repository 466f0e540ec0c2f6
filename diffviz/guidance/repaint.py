"""RePaint (Lugmayr et al. 2022): inpainting by a denoiser that knows nothing of holes."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from diffviz.denoisers.base import Denoiser, Level, Prediction, level, prediction_from_x0
from diffviz.guidance.measurement import Measurement
from diffviz.guidance.operators import Mask
from diffviz.parametrization import per_image

STEP_BACK = 0.8  # of σ/α: how far a resampling goes towards the picture before it is noised again


class RePaint:
    """What is known of x_t is y, noised to the same level; what is not is the sample's own (eq. 8):

        x_t ← kept·(α·y + σ·z) + (1 − kept)·x_t.

    The two do not fit at first, for the sample was made without looking at this y; going a little
    way back to the picture and noising again lets them (algorithm 1, lines 6 to 8). resamplings:
    how often that is done at each step. Its noise comes from a seed of its own.
    """

    def __init__(
        self, denoiser: Denoiser, measurement: Measurement, resamplings: float = 4, seed: int = 0
    ) -> None:
        """Raises ValueError for an operator that is no Mask."""
        if not isinstance(measurement.operator, Mask):
            raise ValueError("RePaint fills holes; for other measurements choose another method")
        self.denoiser = denoiser
        self.measurement = measurement
        self.mask = measurement.operator
        self.resamplings = int(resamplings)
        self.generator = Generator().manual_seed(seed)

    def _noise(self, x: Tensor) -> Tensor:
        drawn = torch.randn(x.shape, generator=self.generator, dtype=torch.float32)
        return drawn.to(x)

    def _known(self, x: Tensor, a: Tensor, s: Tensor) -> Tensor:
        y = self.measurement.y.to(x)
        noised = per_image(a, x) * y + per_image(s, x) * self._noise(x)
        return self.mask(noised) + x - self.mask(x)

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        a, s = level(alpha, x), level(sigma, x)
        here = self._known(x, a, s)
        for _ in range(self.resamplings - 1):
            x0, eps = self.denoiser(here, a, s, condition)
            nearer = per_image(a, x) * x0 + per_image(STEP_BACK * s, x) * eps
            again = per_image(s * (1 - STEP_BACK**2) ** 0.5, x) * self._noise(x)
            here = self._known(nearer + again, a, s)
        x0 = self.denoiser(here, a, s, condition).x0
        y = self.measurement.y.to(x)
        return prediction_from_x0(here, self.mask(y) + x0 - self.mask(x0), alpha, sigma)
