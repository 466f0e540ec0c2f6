"""What a denoiser makes of one noisy picture: its guess of the picture and of the noise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diffviz.denoisers.base import Denoiser
from diffviz.forward import noise
from diffviz.runs.editing import rms_distance


@dataclass(frozen=True)
class Guess:
    """x_t = α·x0 + σ·ε as the denoiser saw it, its guesses, and how far off they are (root mean
    square over the pixels). Pictures are (C, H, W)."""

    x_t: Tensor
    x0: Tensor
    eps: Tensor
    x0_error: float
    eps_error: float


@torch.no_grad()
def guess(
    denoiser: Denoiser, x0: Tensor, seed: int, alpha: float, sigma: float, slots: int = 0
) -> Guess:
    """Noise x0 (C, H, W) with the seed's ε to (alpha, sigma), and ask the denoiser what it sees.

    slots: how many conditions it takes; nothing is said of any.
    """
    eps = noise(seed, x0.shape)
    x_t = alpha * x0 + sigma * eps
    nothing_said = torch.zeros(1, slots, dtype=torch.int64)
    seen = denoiser(x_t[None], alpha, sigma, nothing_said if slots else None)
    x0_seen, eps_seen = seen.x0[0], seen.eps[0]
    return Guess(x_t, x0_seen, eps_seen, rms_distance(x0_seen, x0), rms_distance(eps_seen, eps))
