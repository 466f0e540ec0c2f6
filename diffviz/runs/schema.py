"""The settings of runs: sampling, noising and editing; each is declared here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from diffviz.data import DEFAULT
from diffviz.grids import SPACINGS
from diffviz.samplers import SAMPLERS, check_sampler
from diffviz.schedules import MAX_STEPS as MAX_T
from diffviz.schedules import MIN_STEPS as MIN_T
from diffviz.schedules import SCHEDULES, NoiseSchedule, drawn_schedule, make_schedule
from diffviz.settings import Setting, Settings, check_bounds, declared, to_text

EACH = "each"  # as a slot's value: picture i takes value i, in turn
DRAWN = "drawn"  # as a schedule's name: the one that the handles describe
MAX_COUNT, MAX_STEPS, MAX_SEED = 16, 1000, 2**31 - 1
MAX_EDIT_STEPS = 200  # of each way
MAX_RATIO = 1000  # of σ/α, to which guidance may be bounded
BACK, INVERT = "back", "invert"
MODES = {BACK: "noised by the seed, and brought back", INVERT: "inverted, and brought back"}

Guidance = Annotated[
    float,
    Setting(
        label="Guidance",
        help="How much to insist on what was asked for",
        minimum=0,
        maximum=10,
        step=0.1,
        hint=True,
    ),
]
Seed = Annotated[
    int,
    Setting(
        label="Seed of the noise",
        help="Of the noise ε; with several pictures of the first one's, the next has the next",
        minimum=0,
        maximum=MAX_SEED,
        step=1,
    ),
]


Model = Annotated[str, Setting(label="Denoiser", help="A denoiser in checkpoints/")]
Sampler = Annotated[
    str, Setting(label="Sampler", help="Update rule", choices=SAMPLERS, advanced=True)
]


def schedules() -> dict[str, Any]:
    """name → what has a label, of all that can be chosen."""
    return {**SCHEDULES, DRAWN: "Drawn in Forward"}


def takers(kinds: Mapping[str, Any]) -> str:
    """Which entries of a registry take which parameters, for a help text."""
    return "; ".join(
        f"{kind.name} takes {', '.join(p.name for p in kind.parameters)}"
        for kind in kinds.values()
        if kind.parameters
    )


class ScheduleSettings(Settings):
    """A noise schedule. handles: values of ᾱ, for the one called drawn."""

    schedule: Annotated[
        str,
        Setting(label="Noise schedule", help="Noise schedule", choices=schedules, advanced=True),
    ] = "cosine"
    schedule_parameters: Annotated[
        Mapping[str, float],
        Setting(
            label="The schedule's own parameters, by name",
            help=f"The schedule's own parameters: {takers(SCHEDULES)}",
            option="schedule-parameter",
            advanced=True,
        ),
    ] = {}
    handles: Annotated[
        tuple[float, ...] | None,
        Setting(
            label="For a drawn schedule: values of ᾱ from 1 to above 0",
            help="For a drawn schedule: values of ᾱ, falling from 1 to above 0, such as 1,0.5,0.01",
            advanced=True,
        ),
    ] = None
    T: Annotated[
        int,
        Setting(
            label="T",
            help="The schedule's number of noising steps",
            minimum=MIN_T,
            maximum=MAX_T,
            step=1,
            advanced=True,
        ),
    ] = 1000
    zero_terminal_snr: Annotated[
        bool,
        Setting(
            label="Zero terminal SNR",
            help="Rescale the schedule so that nothing of the picture is left at T",
            advanced=True,
        ),
    ] = False

    @model_validator(mode="after")
    def _possible(self) -> Self:
        self.noise_schedule()
        return self

    def noise_schedule(self) -> NoiseSchedule:
        """The schedule that the settings describe."""
        zero = self.zero_terminal_snr
        if self.schedule == DRAWN:
            return drawn_schedule(self.handles or (), self.T, zero_terminal_snr=zero)
        parameters = self.schedule_parameters
        return make_schedule(self.schedule, self.T, zero_terminal_snr=zero, **parameters)


class NoiseSettings(ScheduleSettings):
    """The forward process, straight to t."""

    t: Annotated[
        int,
        Setting(
            label="t, from 0 to T",
            help="The noising step, 0 to T",
            minimum=0,
            maximum=MAX_T,
            step=1,
        ),
    ] = 500
    seed: Seed = 0

    @model_validator(mode="after")
    def _possible(self) -> Self:
        lowest = declared(type(self))["t"].minimum or 0
        if self.t is not None:  # where a command says T/2
            check_bounds("t", self.t, lowest, self.noise_schedule().T, whole=True, of="T")
        return self


class SamplingSettings(Settings):
    """How pictures are sampled, whatever they are of.

    Picture i has the seed `seed + i` for itself.
    """

    count: Annotated[
        int,
        Setting(
            label="How many",
            help=f"Pictures, up to {MAX_COUNT}",
            minimum=1,
            maximum=MAX_COUNT,
            step=1,
        ),
    ] = 1
    steps: Annotated[
        int,
        Setting(
            label="Steps",
            help="Updates from noise to picture",
            minimum=1,
            maximum=MAX_STEPS,
            step=1,
        ),
    ] = 20
    guidance: Guidance = 1.5
    seed: Seed = 0
    sampler: Sampler = "ddim"
    sampler_parameters: Annotated[
        Mapping[str, float],
        Setting(
            label="The sampler's own parameters, by name",
            help=f"The sampler's own parameters: {takers(SAMPLERS)}",
            option="sampler-parameter",
            advanced=True,
        ),
    ] = {}
    spacing: Annotated[
        str,
        Setting(
            label="Spacing of the steps",
            help="Which of the T steps are visited",
            choices=tuple(SPACINGS),
            advanced=True,
        ),
    ] = "trailing"
    clip_x0: Annotated[
        bool,
        Setting(
            label="Clip x̂0 to −1..1 at each step",
            help="Clip each guess x̂0 to −1..1",
            advanced=True,
        ),
    ] = False
    guidance_from: Annotated[
        float,
        Setting(
            label="Guidance from",
            help="Guidance acts from this noise level on; below, the plain prediction stands",
            minimum=0,
            maximum=MAX_RATIO,
            unit="σ/α",
            advanced=True,
            hint=True,
        ),
    ] = 0
    guidance_to: Annotated[
        float,
        Setting(
            label="Guidance to",
            help=f"Guidance acts up to this noise level; {MAX_RATIO} is up to pure noise",
            minimum=0,
            maximum=MAX_RATIO,
            unit="σ/α",
            advanced=True,
            hint=True,
        ),
    ] = MAX_RATIO

    @model_validator(mode="after")
    def _sampler_possible(self) -> Self:
        check_sampler(self.sampler, **self.sampler_parameters)
        if self.guidance_from > self.guidance_to:
            raise ValueError("guidance from must be at most guidance to")
        return self

    @property
    def guidance_interval(self) -> tuple[float, float]:
        """The values of σ/α at which guidance acts (Kynkäänniemi et al. 2024)."""
        whole = self.guidance_to >= MAX_RATIO
        return self.guidance_from, math.inf if whole else self.guidance_to


@dataclass(frozen=True)
class Variation:
    """What differs between pictures from one and the same noise: a slot, whose values may hold ""
    for "not said", or "guidance"."""

    what: str
    values: tuple[str, ...] | tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.what}={to_text(self.values)}"


def variation(value: Any) -> Any:
    """A Variation as text has it, WHAT=VALUE,VALUE; what is no text as it is."""
    if not isinstance(value, str):
        return value
    what, equals, values = value.partition("=")
    if not (what and equals):
        raise ValueError(f"vary must look like NAME=VALUE,VALUE, not {value!r}")
    parts = tuple(values.split(","))
    if what != GUIDANCE.name:
        return Variation(what, parts)
    try:
        return Variation(what, tuple(float(part) for part in parts))
    except ValueError:
        raise ValueError(f"{what} must be numbers with commas between, not {values!r}") from None


class RunSettings(ScheduleSettings, SamplingSettings):
    """All that determines a run's pictures.

    condition: slot → value; a slot that is left out is "not said". negative: likewise, what to
    steer away from. handles: of a drawn schedule, which takes the place of the named one.

    Picture i has the seed `seed + i` for itself; with `vary` every noise makes as many pictures as
    there are values, which are next to each other.
    """

    model: Model = DEFAULT
    condition: Annotated[
        Mapping[str, str],
        Setting(
            label="What",
            help=f"What to make, such as class=dress; class={EACH} takes all in turn",
        ),
    ] = {}
    negative: Annotated[
        Mapping[str, str], Setting(label="But not", help="What guidance steers away from")
    ] = {}
    vary: Annotated[
        Variation | None,
        BeforeValidator(variation),
        Setting(
            label="What differs from column to column",
            help="What differs between pictures of one noise, such as class=dress,bag or "
            "guidance=1,2,4",
        ),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _handles_draw(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("handles"):
            return {**values, "schedule": DRAWN}
        return values

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.vary:
            if not self.vary.values or self.count % len(self.vary.values):
                raise ValueError(
                    f"count {self.count} is no multiple of the {len(self.vary.values)} values of"
                    f" {self.vary.what} to compare, a column each"
                )
            if self.vary.what == GUIDANCE.name:
                for scale in self.vary.values:
                    GUIDANCE.check(float(scale))
        self.grid(self.noise_schedule())
        return self

    @property
    def columns(self) -> int:
        """How many pictures come from each noise."""
        return len(self.vary.values) if self.vary else 1

    @property
    def seeds(self) -> list[int]:
        """Of each picture."""
        return [self.seed + i // self.columns for i in range(self.count)]

    @property
    def headings(self) -> list[str]:
        """Of the columns, where they differ in something."""
        if not self.vary:
            return []
        guided = self.vary.what == GUIDANCE.name
        return [
            f"guidance {float(value):g}" if guided else str(value or "not said")
            for value in self.vary.values
        ]

    def against(self, rivals: Iterable[str]) -> list[Self]:
        """A race from the same x_T: this run, and one by each of those samplers."""
        return [self, *(self.but(sampler=name, sampler_parameters={}) for name in rivals)]

    @property
    def scale(self) -> float | list[float]:
        """The guidance; of each picture, where it varies."""
        if self.vary and self.vary.what == GUIDANCE.name:
            return [float(self.vary.values[i % self.columns]) for i in range(self.count)]
        return self.guidance

    def grid(self, schedule: NoiseSchedule) -> list[int]:
        return schedule.grid(self.steps, self.spacing)


class EditSettings(Settings):
    """What is to become of a picture.

    mode: "back" noises it with the seed's ε, "invert" finds the noise that leads back to it.
    t: how far into the noise. steps: of each way; t holds no more than t of them.
    guidance: of "back"; more than sampling wants, for the words have the picture against them.
    Inversion has none: it would exaggerate the errors of both ways, which then do not cancel
    (Mokady et al. 2023, section 3.1). sampler: of "back"; inversion is DDIM's.
    was: what the picture is, told to the denoiser on inversion's way up; with another class on the
    way back this is a dual diffusion bridge (Su et al. 2023). "": the same both ways.
    """

    t: Annotated[
        int,
        Setting(
            label="t, from 1 to T",
            help="How far into the noise, 1 to T",
            minimum=1,
            maximum=MAX_T,
            step=1,
        ),
    ] = 500
    steps: Annotated[
        int,
        Setting(label="Steps", help="Of each way", minimum=1, maximum=MAX_EDIT_STEPS, step=1),
    ] = 50
    mode: Annotated[
        str,
        Setting(
            label="Mode",
            help="Image-to-image, or DDIM inversion there and back",
            choices=tuple(MODES),
        ),
    ] = BACK
    seed: Seed = 0
    guidance: Guidance = 4.0
    sampler: Sampler = "ddim"
    was: Annotated[
        str,
        Setting(
            label="What it is",
            help="Of inversion: what the picture is said to be on the way up; at first what it "
            "becomes",
        ),
    ] = ""

    @model_validator(mode="after")
    def _sampler_possible(self) -> Self:
        check_sampler(self.sampler)
        if self.mode == INVERT and self.sampler != "ddim":
            raise ValueError("inversion goes there and back in DDIM's steps; leave the sampler out")
        return self

    def grid(self, schedule: NoiseSchedule) -> list[int]:
        """The indices from t down to 0; raises ValueError for a t beyond T."""
        return schedule.grid(min(self.steps, self.t), start=self.t)


class EditRun(ScheduleSettings, EditSettings):
    """All that determines what becomes of a picture."""

    model: Model = DEFAULT
    what: Annotated[
        str, Setting(help="What to make of it: a class, or words where it knows them")
    ] = ""


GUIDANCE, SEED = (declared(SamplingSettings)[name] for name in ("guidance", "seed"))
