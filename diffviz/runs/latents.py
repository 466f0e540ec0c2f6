"""Latent diffusion taken apart: picture → encoder → latent → noise → denoiser → decoder → picture,
each arrow timed; and latents that are mixed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, TypeVar

import torch
from torch import Tensor

from diffviz.autoencoders import Autoencoder
from diffviz.denoisers.base import Denoiser
from diffviz.device import finish
from diffviz.forward import add_noise, noise
from diffviz.runs.between import slerp
from diffviz.runs.editing import rms_distance
from diffviz.runs.schema import NoiseSettings
from diffviz.schedules import NoiseSchedule
from diffviz.settings import Setting, Settings, declared, unknown

Made = TypeVar("Made")


class ApartSettings(NoiseSettings):
    """A latent at t, and what is said to the denoiser that sees it there."""

    t: Annotated[int, replace(declared(NoiseSettings)["t"], label="t, from 1 to T", minimum=1)] = (
        500
    )
    what: Annotated[str, Setting(label="What it is said to be", help="A sentence, or none")] = ""


def linear(one: Tensor, other: Tensor, share: float) -> Tensor:
    """(1 − u)·a + u·b."""
    return torch.lerp(one, other, share)


WAYS: dict[str, Callable[[Tensor, Tensor, float], Tensor]] = {
    "linear": linear,
    "spherical": slerp,
}


class MixSettings(Settings):
    """Where a mixture of two latents lies, and by which way."""

    share: Annotated[
        float,
        Setting(
            label="Share of the other",
            help="0 is the one latent, 1 the other",
            minimum=0,
            maximum=1,
            step=0.01,
        ),
    ] = 0.5
    way: Annotated[
        str,
        Setting(
            label="Way between them",
            help="On the straight line, or on the great circle through both",
            choices=tuple(WAYS),
        ),
    ] = "linear"


@dataclass(frozen=True)
class Encoded:
    """A picture (C, H, W), its latent z, and what the decoder makes of that. psnr: of the latter,
    in dB. milliseconds: of the encoder, and of the decoder."""

    picture: Tensor
    z: Tensor
    decoded: Tensor
    psnr: float
    milliseconds: dict[str, float]


@dataclass(frozen=True)
class Apart:
    """x_t = α·z + σ·ε, the denoiser's one guess x̂0 of z, and what the decoder makes of either: of
    x_t scaled to α² + σ² = 1, the picture `noisy`. All are without a batch. distance: the root
    mean square of x̂0 − z. milliseconds: of each arrow."""

    x_t: Tensor
    x0: Tensor
    noisy: Tensor
    decoded: Tensor
    distance: float
    milliseconds: dict[str, float]


def timed(call: Callable[[], Made], device: torch.device) -> tuple[Made, float]:
    """What a call makes, and the milliseconds that it took with all that it gave the device."""
    started = time.perf_counter()
    made = call()
    finish(device)
    return made, 1e3 * (time.perf_counter() - started)


@torch.no_grad()
def encode(autoencoder: Autoencoder, picture: Tensor) -> Encoded:
    """Of a picture (C, H, W) in −1..1, as large as the autoencoder's own."""
    z, there = timed(lambda: autoencoder.encode(picture[None]), picture.device)
    decoded, back = timed(lambda: autoencoder.decode(z), picture.device)
    error = float((decoded[0].clamp(-1, 1) - picture).square().mean())
    psnr = 10 * math.log10(4 / error) if error else math.inf
    return Encoded(picture, z[0], decoded[0], psnr, {"encoder": there, "decoder": back})


@torch.no_grad()
def decode(autoencoder: Autoencoder, z: Tensor) -> tuple[Tensor, float]:
    """The pictures of latents (B, C, H, W), and the milliseconds that it took."""
    return timed(lambda: autoencoder.decode(z), z.device)


@torch.no_grad()
def take_apart(
    autoencoder: Autoencoder,
    denoiser: Denoiser,
    z: Tensor,
    schedule: NoiseSchedule,
    t: int,
    seed: int,
    condition: Tensor | None = None,
) -> Apart:
    """Noise a latent z (C, H, W) with the seed's ε, denoise it once, and decode both."""
    alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
    x_t, noising = timed(lambda: add_noise(z, noise(seed, z.shape), schedule, t), z.device)
    seen, denoising = timed(lambda: denoiser(x_t[None], alpha, sigma, condition), z.device)
    noisy, _ = decode(autoencoder, x_t[None] / math.hypot(alpha, sigma))
    decoded, decoding = decode(autoencoder, seen.x0)
    x0 = seen.x0[0]
    spent = {"noise": noising, "denoiser": denoising, "decoder": decoding}
    return Apart(x_t, x0, noisy[0], decoded[0], rms_distance(x0, z), spent)


def mixed(one: Tensor, other: Tensor, settings: MixSettings) -> Tensor:
    """What lies between two latents of the same shape. Raises ValueError for an unknown way."""
    if settings.way not in WAYS:
        raise ValueError(unknown("way", settings.way, WAYS))
    return WAYS[settings.way](one, other, settings.share)
