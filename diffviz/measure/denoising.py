"""How well a denoiser denoises: one look at pictures that it never saw, beside BM3D's."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffviz.denoisers.base import Denoiser
from diffviz.forward import noise
from diffviz.measure.fidelity import psnr
from diffviz.runs.restoration import LEVEL

SIGMAS = (15.0, 25.0, 50.0, 75.0)  # grey levels, those of the papers on denoising
Method = Callable[[Tensor, float], Tensor]
"""From a noisy picture (C, H, W), black −1 and white 1, and σ in the same unit, to a clean one."""


def one_look(denoiser: Denoiser) -> Method:
    """x̂0 of x0 + σ·ε, brought to α² + σ² = 1, which is what denoisers know."""

    @torch.no_grad()
    def look(noisy: Tensor, sigma: float) -> Tensor:
        alpha = (1 + sigma**2) ** -0.5
        return denoiser(alpha * noisy[None], alpha, alpha * sigma).x0[0]

    return look


def bm3d() -> Method | None:
    """Block-matching and 3D filtering in colour (Dabov et al. 2007), of PyPI's `bm3d`; None where
    that is not installed. Its licence is for non-commercial use, so that it does not come along."""
    try:
        from bm3d import bm3d as filtered  # type: ignore[import-not-found]
        from bm3d import bm3d_rgb
    except ImportError:
        return None

    def look(noisy: Tensor, sigma: float) -> Tensor:
        levels = noisy.permute(1, 2, 0).double().numpy() / 2 + 0.5
        clean = (bm3d_rgb if levels.shape[2] == 3 else filtered)(levels, sigma / 2)
        return torch.from_numpy(np.atleast_3d(clean)).permute(2, 0, 1).float() * 2 - 1

    return look


def denoising(
    methods: Mapping[str, Method],
    pictures: Sequence[Tensor],
    sigmas: Sequence[float] = SIGMAS,
    seed: int = 0,
    report: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """For each method and each σ (in grey levels) the mean PSNR over the pictures (C, H, W), in dB;
    and for each method the median of its seconds a picture. All see the same noise: that of
    seed + i for the i-th picture, which is neither rounded nor clipped."""
    decibels: dict[str, dict[str, list[float]]] = {
        name: {f"{sigma:g}": [] for sigma in sigmas} for name in methods
    }
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for number, picture in enumerate(pictures):
        eps = noise(seed + number, tuple(picture.shape))
        for sigma in sigmas:
            noisy = picture + sigma * LEVEL * eps
            for name, method in methods.items():
                started = time.perf_counter()
                seen = method(noisy, sigma * LEVEL)
                seconds[name].append(time.perf_counter() - started)
                decibels[name][f"{sigma:g}"].append(psnr(seen, picture))
        report(number + 1)
    return {
        "pictures": len(pictures),
        "psnr_by_sigma": {
            name: {sigma: round(statistics.mean(values), 2) for sigma, values in rows.items()}
            for name, rows in decibels.items()
        },
        "seconds_a_picture": {
            name: round(statistics.median(times), 3) for name, times in seconds.items()
        },
    }
