"""Runs in the plane: clouds of points, their denoisers, and samples of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, NamedTuple, Self

import torch
from pydantic import model_validator
from torch import Tensor

from diffviz.checkpoints import FOLDER, Checkpoint, checkpoint_names, load_checkpoint
from diffviz.data.plane.clouds import (
    DRAWN,
    FEWEST,
    WORD,
    Cloud,
    cloud_names,
    cloud_of_places,
    cloud_of_shape,
    cloud_of_word,
)
from diffviz.data.plane.shapes import MAX_POINTS
from diffviz.denoisers.base import Denoiser, Level, Prediction
from diffviz.denoisers.exact import MixtureDenoiser
from diffviz.forward import StreamedNoise
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.runs.conditions import conditions
from diffviz.runs.schema import SamplingSettings, ScheduleSettings
from diffviz.samplers import Step, sample
from diffviz.settings import Setting, Settings

READY = FOLDER / "plane"  # the denoisers that ship, one for each shape
MIXTURE, POINTS, LEARNED, YOURS = "mixture", "points", "learned", "yours"
DENOISERS = {
    MIXTURE: "Exact, of the mixture",
    POINTS: "Exact, of the points themselves",
    LEARNED: "Learned, ready-made",
    YOURS: "Learned, trained by you",
}
AT_ONCE = 2**21  # pairs of a sample and a component that are looked at together
MOST_PAIRS = 3e9  # of a run: a minute or two of a core


class CloudSettings(Settings):
    """Which points. drawn: x, y, x, y, … of those that somebody set, for the data called drawn."""

    data: Annotated[
        str, Setting(label="Data", help="What the points are of", choices=cloud_names)
    ] = "moons"
    points: Annotated[
        int,
        Setting(
            label="Points known",
            help="How many points the data set has",
            minimum=FEWEST,
            maximum=MAX_POINTS,
            step=1,
        ),
    ] = 1000
    word: Annotated[
        str, Setting(label="Word", help="For the data called word: its letters become points")
    ] = "noise"
    drawn: Annotated[
        tuple[float, ...] | None,
        Setting(
            label="For drawn data: x, y of each point in turn",
            help="For the data called drawn: x, y of each point in turn, such as 0,1,0.5,0.2,…",
        ),
    ] = None

    @model_validator(mode="after")
    def _cloud_possible(self) -> Self:
        if self.data in (WORD, DRAWN):
            self.cloud()
        return self

    def cloud(self) -> Cloud:
        """The points that the settings describe."""
        if self.data == WORD:
            return cloud_of_word(self.word, self.points)
        if self.data == DRAWN:
            places = self.drawn or ()
            if len(places) % 2:
                raise ValueError("drawn points are pairs of numbers, x and y")
            return cloud_of_places(torch.tensor(places, dtype=torch.float64).reshape(-1, 2))
        return cloud_of_shape(self.data, self.points)


class PlaneSettings(CloudSettings, ScheduleSettings, SamplingSettings):
    """All that determines a run in the plane, but for the weights of a denoiser of one's own.

    what: a class of the data, or nothing. blur: of the mixture of data that are no lumps, in which
    each point is a small Gaussian of that standard deviation.
    """

    without: ClassVar[frozenset[str]] = frozenset({"clip_x0"})

    denoiser: Annotated[
        str,
        Setting(label="Denoiser", help="What says where points came from", choices=DENOISERS),
    ] = MIXTURE
    blur: Annotated[
        float,
        Setting(
            label="Blur of the mixture",
            help="Of data that do not come in lumps the mixture has a Gaussian of this width at "
            "each point",
            minimum=0.01,
            maximum=0.5,
            step=0.01,
            advanced=True,
        ),
    ] = 0.06
    what: Annotated[str, Setting(label="Which class", help="A class of the data, or none")] = ""
    count: Annotated[
        int,
        Setting(
            label="Samples",
            help=f"Points that are drowned and brought back, up to {MAX_POINTS:,}",
            minimum=1,
            maximum=MAX_POINTS,
            step=1,
        ),
    ] = 1000
    steps: Annotated[
        int,
        Setting(label="Steps", help="Updates from noise to data", minimum=1, maximum=1000, step=1),
    ] = 50
    guidance: Annotated[
        float,
        Setting(
            label="Guidance",
            help="How much to insist on the class",
            minimum=0,
            maximum=8,
            step=0.1,
        ),
    ] = 1.0

    @model_validator(mode="after")
    def _run_possible(self) -> Self:
        self.noise_schedule().grid(self.steps, self.spacing)
        return self


class Components(NamedTuple):
    """An exact denoiser as numbers: means (K, 2), the standard deviation of all of them, and the
    class of each from 1, (K,), or none."""

    means: Tensor
    std: float
    classes: Tensor | None


def components(settings: PlaneSettings, cloud: Cloud) -> Components:
    """Of the exact denoiser that the settings mean, or that a learned one is held against."""
    if settings.denoiser != POINTS and len(cloud.modes):
        return Components(cloud.modes, cloud.spread, None)
    std = 0.0 if settings.denoiser == POINTS else settings.blur
    return Components(cloud.points, std, cloud.kinds + 1 if cloud.classes else None)


def exact(settings: PlaneSettings, cloud: Cloud) -> Denoiser:
    """Raises ValueError for more work than a run may be."""
    means, std, classes = components(settings, cloud)
    pairs = settings.count * len(means) * settings.steps
    if pairs > MOST_PAIRS:
        raise ValueError(
            f"{settings.count:,} samples in {settings.steps:,} steps, each held against "
            f"{len(means):,} points, are more than one run may be; ask for fewer of one of them"
        )
    return InParts(MixtureDenoiser(means, std, classes=classes), max(1, AT_ONCE // len(means)))


class InParts:
    """Another denoiser, asked of so many rows at once."""

    def __init__(self, denoiser: Denoiser, rows: int) -> None:
        self.denoiser = denoiser
        self.rows = rows

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        def part(value: Level, rows: slice) -> Level:
            return value[rows] if isinstance(value, Tensor) and value.dim() else value

        parts = [slice(first, first + self.rows) for first in range(0, len(x), self.rows)]
        found = [
            self.denoiser(
                x[rows],
                part(alpha, rows),
                part(sigma, rows),
                None if condition is None else condition[rows],
            )
            for rows in parts
        ]
        return Prediction(*(torch.cat(values) for values in zip(*found, strict=True)))


def ready_made(data: str) -> Checkpoint:
    """The denoiser of that shape that ships; raises ValueError where there is none."""
    known = checkpoint_names(READY)
    if data not in known:
        raise ValueError(
            f"there is no ready-made denoiser of {data} data; train one, or take an exact one"
        )
    return load_checkpoint(data, READY)


def run_points(
    settings: PlaneSettings, checkpoint: Checkpoint | None = None, cloud: Cloud | None = None
) -> Iterator[Step]:
    """The run's Steps, all samples together; nfe counts both sides of guidance.

    checkpoint: the denoiser that settings call yours. cloud: the settings' own, where it is there
    already. Raises ValueError at once, before the first, for what cannot be.
    """
    cloud = cloud or settings.cloud()
    denoiser, condition = guided_denoiser(settings, cloud, checkpoint)
    schedule = settings.noise_schedule()
    steps = sample(
        denoiser,
        schedule,
        schedule.grid(settings.steps, settings.spacing),
        StreamedNoise(settings.seed, settings.count, cloud.info.shape),
        settings.sampler,
        condition,
        False,
        None,
        **settings.sampler_parameters,
    )
    if not isinstance(denoiser, GuidedDenoiser):
        return steps
    return (step._replace(nfe=denoiser.evaluations) for step in steps)


def guided_denoiser(
    settings: PlaneSettings, cloud: Cloud, checkpoint: Checkpoint | None = None
) -> tuple[Denoiser, Tensor]:
    """The denoiser that the settings name, guided where they ask for a class, and the samples'
    condition. Raises ValueError for a class that there is not."""
    denoiser = denoiser_of(settings, cloud, checkpoint)
    if not settings.what:
        return denoiser, conditions(cloud.info, {}, settings.count)
    if not cloud.classes:
        raise ValueError(f"{settings.data} data have no classes to choose from")
    condition = conditions(cloud.info, {"class": settings.what}, settings.count)
    scale = torch.tensor(settings.guidance, dtype=torch.float64)
    nothing = conditions(cloud.info, {}, 1)
    return GuidedDenoiser(denoiser, scale, nothing, settings.guidance_interval), condition


def denoiser_of(
    settings: PlaneSettings, cloud: Cloud, checkpoint: Checkpoint | None = None
) -> Denoiser:
    """The denoiser that the settings name; raises ValueError where it is not there."""
    if settings.denoiser in (MIXTURE, POINTS):
        return exact(settings, cloud)
    if settings.denoiser == LEARNED:
        checkpoint = checkpoint or ready_made(settings.data)
    if checkpoint is None:
        raise ValueError("train a denoiser first, and then sample with it")
    slots = checkpoint.card.data.slots
    if len(slots) != len(cloud.info.slots) or any(
        len(one.values) != len(other.values)
        for one, other in zip(slots, cloud.info.slots, strict=True)
    ):
        raise ValueError("this denoiser was trained on data of other classes; train it again")
    return checkpoint.denoiser()
