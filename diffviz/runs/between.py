"""Between two seeds, or two conditions: one sample that turns into another. Noise goes along the
sphere on which it lies; of what is said both are asked, and their guesses mixed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from diffviz.checkpoints import Checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.device import CPU, send
from diffviz.forward import SeededNoise
from diffviz.media.registry import medium_of
from diffviz.runs.conditions import alone, conditions
from diffviz.runs.sampling import run
from diffviz.runs.schema import SEED, RunSettings

FRAMES, MOST_FRAMES = 32, 120
AT_ONCE = 8


def slerp(one: Tensor, other: Tensor, share: float) -> Tensor:
    """From one to the other on the great circle through both (Shoemake 1985):

        sin((1 − u)·θ)/sin θ · a + sin(u·θ)/sin θ · b,   cos θ = a·b/(|a|·|b|).

    The straight line between two draws of noise leads through the middle of the sphere on which
    nearly all noise lies, where a network has seen nothing; its halfway point has variance 1/2.
    """
    cosine = float((one * other).sum() / (one.norm() * other.norm()))
    angle = math.acos(max(-1.0, min(1.0, cosine)))
    if math.sin(angle) < 1e-6:  # one and the same draw: there is nowhere to go
        return one
    first, second = (math.sin(part * angle) / math.sin(angle) for part in (1 - share, share))
    return first * one + second * other


class SphericalNoise:
    """At each call, of the draws of two seeds, what lies between them at each of the shares, which
    are 0 at the one and 1 at the other."""

    def __init__(
        self,
        seeds: tuple[int, int],
        shares: Sequence[float],
        shape: Sequence[int],
        device: torch.device = CPU,
    ) -> None:
        self.ends = SeededNoise(seeds, shape)
        self.shares = shares
        self.device = device

    def __call__(self) -> Tensor:
        """(len(shares), *shape), float32."""
        one, other = self.ends()
        return send(torch.stack([slerp(one, other, share) for share in self.shares]), self.device)


def between(
    settings: RunSettings,
    seed: int,
    checkpoint: Checkpoint,
    denoiser: Denoiser | None = None,
    frames: int = FRAMES,
    to: Mapping[str, str] | None = None,
) -> Iterator[Tensor]:
    """Samples (1, …) of so many runs whose noise goes from the settings' seed to another, and what
    is said of them from the settings' condition to another: the first is the first of the settings'
    own run. With the same seed the noise stays. Raises ValueError, before the first, for a seed, a
    condition or a number of frames that there cannot be, and for samples that have no seed of their
    own.
    """
    info = checkpoint.card.data
    SEED.check(seed)
    if not 2 <= frames <= MOST_FRAMES:
        raise ValueError(f"frames must be from 2 to {MOST_FRAMES}, not {frames}")
    if medium_of(info).together:
        raise ValueError(f"{medium_of(info).plural} share one stream of noise: none has a seed")
    one = alone(settings, info, 0)
    other = None if to is None else conditions(info, to, 1)
    return _frames(one, seed, checkpoint, denoiser, frames, other)


def _frames(
    one: RunSettings,
    seed: int,
    checkpoint: Checkpoint,
    denoiser: Denoiser | None,
    frames: int,
    other: Tensor | None,
) -> Iterator[Tensor]:
    info, device = checkpoint.card.data, checkpoint.device
    for shares in torch.split(torch.linspace(0, 1, frames), AT_ONCE):
        noise = SphericalNoise((one.seed, seed), shares.tolist(), info.shape, device)
        count = len(shares)
        way = None if other is None else (other.expand(count, -1), shares)
        same = one.but(count=count)
        *_, last = run(same, checkpoint, denoiser=denoiser, noise=noise, to=way)
        yield from torch.split(last.x, 1)
