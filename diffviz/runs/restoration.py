"""The settings of restorations, and what they ask for, posed as a measurement of a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Self

import torch
from pydantic import model_validator
from torch import Tensor
from torch.nn.functional import pad

from diffviz.checkpoints import Card
from diffviz.data import GENERAL
from diffviz.forward import noise
from diffviz.guidance.measurement import Measurement
from diffviz.guidance.methods import METHODS
from diffviz.media.decoding import fitted
from diffviz.runs.schema import (
    MAX_RATIO,
    Model,
    Sampler,
    SamplingSettings,
    ScheduleSettings,
    takers,
)
from diffviz.runs.tasks import TASKS, Task, margins, noise_in
from diffviz.schedules import NoiseSchedule
from diffviz.settings import Setting, check_parameters, declared

SIZES = (64, 96, 128, 192, 256)  # of the longer side, at which denoisers of any size work
FACTORS = (2, 4, 8)
SIDES = ("all", "left", "right", "top", "bottom", "left and right", "top and bottom")
MAX_RESULTS = 8
LEVEL = 1 / 127.5  # of 256 grey levels, in −1..1
PAINTED = -0.5  # of a mask, from −1 to 1; an edge that was smoothed belongs to the hole
NEAR = 0.3  # σ/α: details are drowned, and what is larger is seen
USUAL_NOISE = 25.0  # grey levels, of a picture that is degraded by noise alone
SAMPLING = declared(SamplingSettings)


class Restoration(ScheduleSettings, SamplingSettings):
    """What is to become of a picture, by which method of posterior sampling.

    noise: None where it is to be found. degrade: whether the picture is first made worse, so that
    the original is known.
    """

    task: Annotated[str, Setting(label="Task", help="What is to be done", choices=TASKS)] = (
        "inpaint"
    )
    method: Annotated[
        str, Setting(label="Method", help="Of posterior sampling", choices=METHODS)
    ] = "ddnm"
    method_parameters: Annotated[
        Mapping[str, float],
        Setting(
            label="The method's own parameters, by name",
            help=f"The method's own parameters: {takers(METHODS)}",
            option="method-parameter",
            advanced=True,
        ),
    ] = {}
    factor: Annotated[
        int, Setting(label="Factor", help="How many times more pixels each way", choices=FACTORS)
    ] = 4
    blur: Annotated[
        float,
        Setting(
            label="Blur",
            help="Standard deviation of the blur",
            minimum=0.5,
            maximum=5,
            step=0.1,
            unit="pixels",
        ),
    ] = 1.5
    length: Annotated[
        float,
        Setting(
            label="Length",
            help="How far the camera moved",
            minimum=2,
            maximum=30,
            step=1,
            unit="pixels",
        ),
    ] = 9
    angle: Annotated[
        float,
        Setting(
            label="Angle",
            help="In which direction it moved; 0 is to the right, 90 is up",
            minimum=0,
            maximum=180,
            step=5,
            unit="degrees",
        ),
    ] = 30
    noise: Annotated[
        float | None,
        Setting(
            label="Noise",
            help="Standard deviation of the noise, of 255 grey levels; for denoising it is found "
            "where it is not said",
            minimum=0,
            maximum=100,
            step=1,
            unit="grey levels",
        ),
    ] = None
    grow: Annotated[
        float,
        Setting(
            label="Grow by",
            help="How far the frame grows at each side, as a share of the picture",
            minimum=0.05,
            maximum=0.5,
            step=0.05,
        ),
    ] = 0.25
    sides: Annotated[
        str, Setting(label="At", help="At which sides the frame grows", choices=SIDES)
    ] = "all"
    degrade: Annotated[
        bool,
        Setting(
            label="Make it worse first",
            help="The picture is degraded first, so that the result can be compared with it",
        ),
    ] = False
    size: Annotated[
        int,
        Setting(
            label="Work at",
            help="Pixels of the longer side at which a denoiser of any size works; a larger "
            "picture is scaled down",
            choices=SIZES,
            unit="pixels",
        ),
    ] = 128
    begin: Annotated[
        float | None,
        Setting(
            label="Begin at",
            help="The cheap answer, noised to this level, is where sampling begins; "
            f"{MAX_RATIO} is from noise alone. What suits the denoiser, where it is not said",
            minimum=0.05,
            maximum=MAX_RATIO,
            unit="σ/α",
        ),
    ] = None
    count: Annotated[
        int,
        replace(
            SAMPLING["count"],
            label="Results",
            help=f"Results from as many seeds, up to {MAX_RESULTS}: there is no one answer",
            maximum=MAX_RESULTS,
        ),
    ] = 1
    steps: Annotated[int, replace(SAMPLING["steps"], maximum=250)] = 30
    sampler: Sampler = "ddpm"
    schedule: Annotated[str, declared(ScheduleSettings)["schedule"]] = "karras"

    @model_validator(mode="after")
    def _method_possible(self) -> Self:
        method = METHODS[self.method]
        check_parameters(f"method {method.name!r}", method.parameters, self.method_parameters)
        if method.holes and not self.entry.holes:
            raise ValueError(
                f"{method.label} fills holes; for this task choose from "
                f"{', '.join(name for name, other in METHODS.items() if not other.holes)}"
            )
        self.grid(self.noise_schedule())
        return self

    @property
    def entry(self) -> Task:
        return TASKS[self.task]

    @property
    def seeds(self) -> list[int]:
        """Of each result."""
        return [self.seed + i for i in range(self.count)]

    def grid(self, schedule: NoiseSchedule) -> list[int]:
        return schedule.grid(self.steps, self.spacing)

    def beginning(self, card: Card) -> float:
        """The σ/α at which sampling begins; MAX_RATIO for noise alone. A denoiser of any size has
        seen parts of pictures: what is large in one it takes from the cheap answer, but no colours
        from a grey one."""
        if self.begin is not None:
            return self.begin
        return NEAR if card.network.any_size and not self.entry.coloured else MAX_RATIO

    @property
    def evaluations(self) -> int:
        """Of the network at each step, for each result; a gradient counts for two."""
        if self.entry.on_path:
            return 1
        return METHODS[self.method].cost(**self.method_parameters)


class RestoreSettings(Restoration):
    """All that determines a restoration of a picture. condition, negative: slot → value, as for
    RunSettings."""

    model: Model = GENERAL
    condition: Annotated[
        Mapping[str, str], Setting(label="What", help="What to make, such as class=sandal")
    ] = {}
    negative: Annotated[
        Mapping[str, str], Setting(label="But not", help="What guidance steers away from")
    ] = {}


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
    task, info = settings.entry, card.data
    if info.medium != "picture":
        raise ValueError(f"{card.name} makes {info.medium}, not pictures; choose another denoiser")
    if task.coloured and info.shape[0] == 1:
        raise ValueError(f"{card.name} knows no colours; choose another denoiser")
    known = settings.degrade if task.degrades else task.needs_mask or task.coloured
    known = known and (len(picture) == 3 or not task.coloured)
    sides, enlarges = (picture.shape[1], picture.shape[2]), task.enlarges(settings)
    if known:  # then it is as large as the result, in whole blocks
        size = sides_of(settings, card, sides, (1, 1), int(enlarges[0]))
    else:
        size = sides_of(settings, card, sides, enlarges)
    seen = fitted(picture, (info.shape[0], *size))[None]
    kept = None
    if task.needs_mask:
        kept = kept_of(mask, picture, size)
    elif task.holes:
        frame = None if card.network.any_size else (info.shape[1], info.shape[2])
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
    known = (card.data.shape[1], card.data.shape[2])
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
