"""The settings of restorations, and what they ask for, posed as a measurement of a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Self

from pydantic import model_validator

from diffviz.checkpoints import Card
from diffviz.data import GENERAL
from diffviz.guidance.methods import METHODS
from diffviz.runs.schema import (
    MAX_RATIO,
    Model,
    Sampler,
    SamplingSettings,
    ScheduleSettings,
    takers,
)
from diffviz.runs.tasks import TASKS, Task
from diffviz.schedules import NoiseSchedule
from diffviz.settings import Setting, check_parameters, declared

SIZES = (64, 96, 128, 192, 256)  # of the longer side, at which denoisers of any size work
FACTORS = (2, 4, 8)
SIDES = ("all", "left", "right", "top", "bottom", "left and right", "top and bottom")
MAX_RESULTS = 8
LEVEL = 1 / 127.5  # of 256 grey levels, in −1..1
NEAR = 0.3  # σ/α: details are drowned, and what is larger is seen
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
    def title(self) -> str:
        """What is done, in a line."""
        method = "" if self.entry.on_path else f", {METHODS[self.method].label}"
        return f"{self.entry.label}{method}, {self.steps} step{'s' * (self.steps > 1)}"

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
