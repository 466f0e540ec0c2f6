"""Latents: (C, H, W) of about unit variance, which stand for a picture behind a decoder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from diffviz.media.levels import grey_levels
from diffviz.media.medium import Medium
from diffviz.media.picture import tile

REACH = 3.0  # standard deviations, from black to white
MOST_CHANNELS = 64
USUAL = 32  # pixels of a side of the pictures that scales are meant for


def maps(z: Tensor) -> Tensor:
    """The channels of latents (…, C, H, W) side by side, as one grey picture (…, 1, rows, columns)
    in −1..1, where ±REACH are black and white; mid-grey where there is no channel."""
    *lead, c, h, w = z.shape
    across = math.ceil(math.sqrt(c))
    down = math.ceil(c / across)
    sheet = torch.zeros(*lead, down * across, h, w, dtype=z.dtype, device=z.device)
    sheet[..., :c, :, :] = (z / REACH).clamp(-1, 1)
    grid = sheet.reshape(*lead, down, across, h, w).transpose(-3, -2)
    return grid.reshape(*lead, 1, down * h, across * w)


def halves(z: Tensor) -> Tensor:
    """Latents (…, C, H, W) as float16, byte by byte: (…, C, H, 2·W) uint8, on the CPU."""
    return z.detach().half().contiguous().cpu().view(torch.uint8)


def shown_as(
    picture: Callable[[Tensor], Tensor], preview: Sequence[Sequence[float]] = ()
) -> Medium:
    """Latents, shown as the pictures (B, 1 or 3, H, W) that a function makes of them, (B, C, H, W).

    preview: of each of the picture's channels, the weights of the latent's channels and a constant,
    where a decoder is too slow for each frame: these carry the latents, of which a page paints the
    preview.
    """

    def pictures(z: Tensor) -> Tensor:
        """(…, C, H, W) → (…, 1 or 3, H, W)"""
        flat = picture(z.reshape(-1, *z.shape[-3:]))
        return flat.reshape(*z.shape[:-3], *flat.shape[1:])

    def encode(z: Tensor) -> Tensor:
        return grey_levels(pictures(z))

    def sheet(z: Tensor, scale: int = 1, per_row: int | None = None) -> np.ndarray:
        shown = pictures(z)
        return tile(shown, _less(scale, shown), per_row)

    def strip(z: Tensor, scale: int = 1) -> np.ndarray:
        shown = pictures(z).flatten(0, 1)
        return tile(shown, _less(scale, shown), per_row=z.shape[1])

    @lru_cache(16)  # a decoder is not run for each answer that tells a shape
    def seen(shape: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(pictures(torch.zeros(1, *shape)).shape[1:])

    return Medium(
        "latent",
        "latents",
        _accepts,
        encode,
        sheet,
        strip,
        renderer="latent" if preview else "picture",
        network="text-unet",
        pictures=pictures,
        sent=halves if preview else None,
        facts={"preview": preview} if preview else {},
        seen=seen,
    )


def _less(scale: int, shown: Tensor) -> int:
    """The scale for pictures that are large as they are."""
    return min(scale, max(1, scale * USUAL // max(shown.shape[-2:])))


def _accepts(shape: tuple[int, ...]) -> bool:
    return (
        len(shape) == 3
        and 1 <= shape[0] <= MOST_CHANNELS
        and all(1 <= side <= 256 for side in shape[1:])
    )


LATENT = shown_as(maps)
