"""The forward process: noise that is a function of its seed, added at once or step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Generator, Tensor

from diffviz.device import CPU, send
from diffviz.schedules import NoiseSchedule


def noise(seed: int, shape: Sequence[int]) -> Tensor:
    """Standard normal noise of that shape, float32, the same for a seed for ever.

    The values are float16's, so that what a browser receives in 2 bytes is this noise to the bit.
    """
    generator = Generator().manual_seed(seed)
    return torch.randn(tuple(shape), generator=generator).half().float()


class SeededNoise:
    """A stream of noise for a batch of pictures in which each picture has a seed of its own,
    so that it comes out the same alone or among others. The first draw of a seed is `noise(seed)`.
    """

    def __init__(
        self, seeds: Sequence[int], shape: Sequence[int], device: torch.device = CPU
    ) -> None:
        self.generators = [Generator().manual_seed(seed) for seed in seeds]
        self.shape = tuple(shape)
        self.device = device

    def __call__(self) -> Tensor:
        """(len(seeds), *shape), float32, drawn on the CPU and moved to the device."""
        draws = [torch.randn(self.shape, generator=generator) for generator in self.generators]
        return send(torch.stack(draws).half().float(), self.device)


class StreamedNoise:
    """One stream of noise for `count` samples at once, much faster where these are many and small:
    a sample then depends on its place among how many. repeats: so many samples next to each other
    have the same noise. Raises ValueError where that does not divide the count."""

    def __init__(
        self,
        seed: int,
        count: int,
        shape: Sequence[int],
        repeats: int = 1,
        device: torch.device = CPU,
    ) -> None:
        if repeats < 1 or count % repeats:
            raise ValueError(f"{count} samples are not whole rows of {repeats}")
        self.generator = Generator().manual_seed(seed)
        self.shape = (count // repeats, *shape)
        self.repeats = repeats
        self.device = device

    def __call__(self) -> Tensor:
        """(count, *shape), float32, drawn on the CPU and moved to the device."""
        draw = torch.randn(self.shape, generator=self.generator).half().float()
        return send(draw.repeat_interleave(self.repeats, dim=0), self.device)


def add_noise(x0: Tensor, eps: Tensor, schedule: NoiseSchedule, t: int) -> Tensor:
    """x_t = α_t·x0 + σ_t·ε: straight to t, whatever t is (Ho et al. 2020, eq. 4)."""
    return float(schedule.alpha[t]) * x0 + float(schedule.sigma[t]) * eps


def transition(schedule: NoiseSchedule, s: int, t: int) -> tuple[float, float]:
    """(α_{t|s}, σ_{t|s}) of one noising step x_t = α_{t|s}·x_s + σ_{t|s}·z, for s < t.

    α_{t|s} = α_t/α_s, σ²_{t|s} = σ_t² − α²_{t|s}σ_s² (Kingma et al. 2021, appendix, eq. 21 and 22).
    """
    ratio = float(schedule.alpha[t] / schedule.alpha[s])
    variance = float(schedule.sigma[t]) ** 2 - (ratio * float(schedule.sigma[s])) ** 2
    return ratio, max(variance, 0.0) ** 0.5


def noising_chain(
    x0: Tensor, eps: Tensor, schedule: NoiseSchedule, indices: Sequence[int], seed: int = 0
) -> Iterator[Tensor]:
    """x_t for each of the rising indices, one small noising step after another, each with noise of
    its own, and the last exactly where `add_noise(x0, eps, …)` lands at once.

    In the ratio r = σ/α as its clock, (x_t/α_t − x0) of the Markov chain is a Brownian motion W
    at time r². Pinning it, W + (r²/r_n²)(r_n·ε − W_n), gives a path of the same law whose end is
    known (a Brownian bridge to a random end), so that both ways of noising can share one ε.
    The steps' own noise is `counter_noise`, which the browser computes too.
    """
    ratios = [float(schedule.sigma[t] / schedule.alpha[t]) for t in indices]
    path = torch.zeros_like(x0)
    free, before = [], 0.0
    for step, ratio in enumerate(ratios):
        if np.isfinite(ratio):  # at α = 0 only the end is left, and that is ε
            z = torch.from_numpy(counter_noise(seed, step, x0.numel())).reshape(x0.shape)
            path = path + (ratio**2 - before**2) ** 0.5 * z.to(x0)
            before = ratio
        free.append(path)
    for t, ratio, path in zip(indices[:-1], ratios[:-1], free[:-1], strict=True):
        share = (ratio / ratios[-1]) ** 2
        pull = ratio**2 / ratios[-1] * eps - share * free[-1]
        yield float(schedule.alpha[t]) * (x0 + path + pull)
    yield add_noise(x0, eps, schedule, indices[-1])


def counter_noise(seed: int, step: int, count: int) -> np.ndarray:
    """`count` standard normals (float64) that depend on (seed, step) and their place alone.

    A hash of counters (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") through
    Box and Muller's transform; ui/lib/noise.js holds the same few lines for the browser.
    """
    with np.errstate(over="ignore"):  # arithmetic modulo 2³² is meant
        key = _mix(np.uint32(step) ^ _mix(np.uint32(seed & 0xFFFFFFFF)))
        counter = np.arange(count, dtype=np.uint32)
        first = (_mix(2 * counter ^ key) + 0.5) / 2**32
        second = (_mix((2 * counter + 1) ^ key) + 0.5) / 2**32
    normals: np.ndarray = np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second)
    return normals


def _mix(h: np.typing.ArrayLike) -> np.ndarray:
    """A bijection of 32-bit words in which each bit of the input stirs all of the output
    (the finaliser of MurmurHash3, Appleby 2011)."""
    word = np.asarray(h, dtype=np.uint32)
    word = (word ^ (word >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    word = (word ^ (word >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return word ^ (word >> np.uint32(16))
