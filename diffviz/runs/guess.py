"""What a denoiser makes of one noisy picture: its guess of the picture and of the noise."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from diffviz.autoencoders import Autoencoder
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
    denoiser: Denoiser,
    x0: Tensor,
    seed: int,
    alpha: float,
    sigma: float,
    slots: int = 0,
    coder: Autoencoder | None = None,
) -> Guess:
    """Noise x0 (C, H, W) with the seed's ε to (alpha, sigma), and ask the denoiser what it sees.

    slots: how many conditions it takes; nothing is said of any. coder: of a denoiser of latents,
    which are noised in the picture's place: the guess then is its picture, decoded, x_t and ε̂ are
    as the preview has them, and the error of ε̂ is that in latents.
    """
    if coder:
        return _in_latents(denoiser, coder, x0, seed, alpha, sigma, slots)
    eps = noise(seed, x0.shape)
    x_t = alpha * x0 + sigma * eps
    nothing_said = torch.zeros(1, slots, dtype=torch.int64)
    seen = denoiser(x_t[None], alpha, sigma, nothing_said if slots else None)
    x0_seen, eps_seen = seen.x0[0], seen.eps[0]
    return Guess(x_t, x0_seen, eps_seen, rms_distance(x0_seen, x0), rms_distance(eps_seen, eps))


def _in_latents(
    denoiser: Denoiser,
    coder: Autoencoder,
    x0: Tensor,
    seed: int,
    alpha: float,
    sigma: float,
    slots: int,
) -> Guess:
    seen = guess(denoiser, coder.encode(x0[None])[0], seed, alpha, sigma, slots)
    picture = coder.decode(seen.x0[None])[0]
    x_t, eps = coder.enlarged_preview(torch.stack([seen.x_t, seen.eps]))
    return Guess(x_t, picture, eps, rms_distance(picture, x0), seen.eps_error)
