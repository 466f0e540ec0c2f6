"""A picture posed as a measurement: what a restoration asks of it, before any sampling."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from diffviz.autoencoders import pictures_shape
from diffviz.checkpoints import Card
from diffviz.forward import noise
from diffviz.guidance.measurement import Measurement
from diffviz.media.decoding import fitted
from diffviz.runs.restoration import LEVEL, RestoreSettings
from diffviz.runs.suited import check_mean
from diffviz.runs.tasks import margins, noise_in

PAINTED = -0.5  # of a mask, from −1 to 1; an edge that was smoothed belongs to the hole
USUAL_NOISE = 25.0  # grey levels, of a picture that is degraded by noise alone


@dataclass(frozen=True)
class Posed:
    """A picture as a task has it.

    degraded: what was measured, as a picture. cheap: the answer that needs no denoiser. kept:
    (H, W), 1 where the result is the picture's to the last bit. original: where it is known.
    Pictures are (1, C, H, W). scaled: whether the picture was larger than it is worked at.
    """

    measurement: Measurement
    degraded: Tensor
    cheap: Tensor
    original: Tensor | None
    kept: Tensor | None
    scaled: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a result, (C, H, W)."""
        return tuple(self.cheap.shape[1:])


def pose(
    settings: RestoreSettings, card: Card, picture: Tensor, mask: Tensor | None = None
) -> Posed:
    """What is asked for, of a picture (C, H, W) and, for inpainting, a mask (C, H, W) that is white
    where it is to be made anew; both in −1..1. Raises ValueError, in a sentence."""
    check_mean(card)
    task, info = settings.entry, card.data
    if info.medium != "picture" and not info.autoencoder:
        raise ValueError(f"{card.name} makes {info.medium}, not pictures; choose another denoiser")
    if info.autoencoder and not task.holes:
        raise ValueError(
            f"{card.name} works on latents, in which nothing but holes can be filled; choose"
            " another denoiser or task"
        )
    shape = pictures_shape(info)
    if task.coloured and shape[0] == 1:
        raise ValueError(f"{card.name} knows no colours; choose another denoiser")
    known = settings.degrade if task.degrades else task.needs_mask or task.coloured
    known = known and (len(picture) == 3 or not task.coloured)
    sides, enlarges = (picture.shape[1], picture.shape[2]), task.enlarges(settings)
    if known:  # then it is as large as the result, in whole blocks
        size = sides_of(settings, card, sides, (1, 1), int(enlarges[0]))
    else:
        size = sides_of(settings, card, sides, enlarges)
    seen = fitted(picture, (shape[0], *size))[None]
    kept = None
    if task.needs_mask:
        kept = kept_of(mask, picture, size)
    elif task.holes:
        frame = None if card.network.any_size else (shape[1], shape[2])
        seen, kept = grown(seen, settings, frame)
    operator = task.operator(settings, kept)
    measures = known or task.holes or task.coloured
    y = operator(seen) if measures else seen
    std = 0.0 if settings.noise is None else settings.noise * LEVEL
    if task.degrades and known:
        if task.on_path and settings.noise is None:
            std = USUAL_NOISE * LEVEL
        y = y + std * noise(settings.seed + 1, y.shape)
    if task.on_path and (known or settings.noise is None):
        std = noise_in(y)
    return Posed(
        Measurement(operator, y, 0.0 if task.holes else std, info.sigma_data),
        degraded=y,
        cheap=task.cheap(operator, y, std),
        original=seen if known else None,
        kept=kept,
        scaled=max(size) < max(picture.shape[1:]),
    )


def sides_of(
    settings: RestoreSettings,
    card: Card,
    picture: tuple[int, int],
    enlarges: tuple[float, float],
    unit: int = 1,
) -> tuple[int, int]:
    """(height, width) to which a picture of those sides is brought: as it is where the result fits
    into the size at which is worked, else smaller, in whole units. Raises ValueError where the
    denoiser's only size cannot be divided."""
    if card.network.any_size:
        scale = min(1.0, *(settings.size / (n * g) for n, g in zip(picture, enlarges, strict=True)))
        if scale == 1:
            return picture
        high, wide = (max(unit, unit * round(side * scale / unit)) for side in picture)
        return high, wide
    _, *known = pictures_shape(card.data)
    height, width = (n / g for n, g in zip(known, enlarges, strict=True))
    if settings.entry.degrades and (height % 1 or width % 1):
        factor = settings.factor
        raise ValueError(
            f"{card.name} makes {known[1]} × {known[0]} pixels, which are not blocks of "
            f"{factor} × {factor}; choose another factor"
        )
    return max(1, round(height)), max(1, round(width))


def kept_of(mask: Tensor | None, picture: Tensor, size: tuple[int, int]) -> Tensor:
    """(H, W), 1 where a mask is not white. Raises ValueError, in a sentence, for a mask that is
    missing, of another size than the picture, empty or full."""
    if mask is None:
        raise ValueError("a mask is missing: it is white where the picture is to be made anew")
    if mask.shape[1:] != picture.shape[1:]:
        (h, w), (high, wide) = mask.shape[1:], picture.shape[1:]
        raise ValueError(
            f"the mask has {w} × {h} pixels and the picture {wide} × {high}; they must be of one "
            "size"
        )
    kept = (fitted(mask, (1, *size))[0] < PAINTED).float()
    if kept.all():
        raise ValueError("the mask is empty: it must be white where the picture is to be made anew")
    if not kept.any():
        raise ValueError("the mask covers the whole picture: nothing is left to go by")
    return kept


def grown(
    seen: Tensor, settings: RestoreSettings, frame: tuple[int, int] | None
) -> tuple[Tensor, Tensor]:
    """A picture (1, C, h, w) in a larger frame, and where it lies there (H, W). frame: the only one
    that the denoiser knows."""
    around: list[int] = []  # left, right, top, bottom
    for axis, ends in zip((-1, -2), reversed(margins(settings.sides)), strict=True):
        side = seen.shape[axis]
        total = sum(ends) * round(settings.grow * side) if frame is None else frame[axis] - side
        before = (total // 2 if all(ends) else total) if ends[0] else 0
        around += [before, total - before]
    return pad(seen, around), pad(torch.ones(seen.shape[-2:]), around)
