"""How near a picture is to another, and to what was measured of it."""

from __future__ import annotations

import math

import torch.nn.functional as F
from torch import Tensor

from diffviz.guidance.operators import gaussian_kernel
from diffviz.runs.posing import Posed
from diffviz.runs.restoration import LEVEL, RestoreSettings

WINDOW = gaussian_kernel(1.5)  # of SSIM: 11 × 11
C1, C2 = (0.01 * 2) ** 2, (0.03 * 2) ** 2  # for values from −1 to 1


def psnr(one: Tensor, other: Tensor) -> float:
    """Peak signal-to-noise ratio 10·log10(2²/MSE) of pictures in −1..1, clipped to it; dB. ∞ where
    they are equal."""
    error = float((one.clamp(-1, 1) - other.clamp(-1, 1)).double().square().mean())
    return 10 * math.log10(4 / error) if error else math.inf


def ssim(one: Tensor, other: Tensor) -> float:
    """Structural similarity (Wang et al. 2004, eq. 13) of pictures (B, C, H, W) in −1..1, clipped
    to it: the mean over channels and where the window fits. NaN where it fits nowhere."""
    if min(one.shape[-2:]) < len(WINDOW):
        return math.nan
    a, b = (x.clamp(-1, 1).double().flatten(0, 1)[:, None] for x in (one, other))
    window = WINDOW.to(a.device)[None, None]

    def mean(x: Tensor) -> Tensor:
        return F.conv2d(x, window)

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    both = mean(a * b) - mean_a * mean_b
    alike = (2 * mean_a * mean_b + C1) * (2 * both + C2)
    return float((alike / ((mean_a**2 + mean_b**2 + C1) * (var_a + var_b + C2))).mean())


def distance(posed: Posed, x: Tensor) -> float:
    """The root mean square of A·x − y, in grey levels: how far a result is from what was
    measured."""
    residual = posed.measurement.residual(x)
    return float(residual.double().square().mean().sqrt()) / LEVEL


def quality(posed: Posed, x: Tensor) -> dict[str, float | None]:
    """The figures of results (B, C, H, W), each the mean over them; those that need the original
    are None where it is not known."""
    each = [one[None] for one in x]

    def mean(values: list[float]) -> float | None:
        value = sum(values) / len(values)
        return value if math.isfinite(value) else None

    known = posed.original
    return {
        "psnr": None if known is None else mean([psnr(one, known.to(one)) for one in each]),
        "ssim": None if known is None else mean([ssim(one, known.to(one)) for one in each]),
        "distance": mean([distance(posed, one) for one in each]),
    }


def spread(x: Tensor) -> tuple[Tensor, Tensor]:
    """Of results (B, C, H, W): their mean (1, C, H, W), and their standard deviation at each pixel,
    over all channels together (1, 1, H, W)."""
    std = x.var(0, correction=0, keepdim=True).mean(1, keepdim=True).sqrt()
    return x.mean(0, keepdim=True), std


def answers(
    settings: RestoreSettings, posed: Posed, x: Tensor
) -> dict[str, tuple[Tensor, float | None]]:
    """label → (picture (C, H, W), its PSNR): what was measured, the cheap answer, each of the
    results (B, C, H, W), and the original; the PSNR and the original where that is known."""
    names = [f"Ours, seed {seed}" for seed in settings.seeds] if len(x) > 1 else ["Ours"]
    ours = dict(zip(names, x, strict=True))
    made = {f"Cheap: {settings.entry.cheap_label}": posed.cheap[0], **ours}
    told: dict[str, tuple[Tensor, float | None]] = {"Measured": (posed.degraded[0], None)}
    told |= {label: (one, quality(posed, one[None])["psnr"]) for label, one in made.items()}
    if posed.original is not None:
        told["Original"] = (posed.original[0], None)
    return told
