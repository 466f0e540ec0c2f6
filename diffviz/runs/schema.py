"""The settings of a sampling run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from diffviz.data import DEFAULT
from diffviz.samplers import check_sampler
from diffviz.schedules import NoiseSchedule, Parameter, drawn_schedule, make_schedule

EACH = "each"  # as a slot's value: picture i takes value i, in turn


MAX_COUNT, MAX_STEPS, MAX_SEED = 16, 1000, 2**31 - 1


GUIDANCE = Parameter("guidance", "guidance", 1.5, 0.0, 10.0, 0.1)


@dataclass(frozen=True)
class Variation:
    """What differs between pictures from one and the same noise: a slot, whose values may hold ""
    for "not said", or "guidance"."""

    what: str
    values: tuple[str, ...] | tuple[float, ...]


@dataclass(frozen=True)
class RunSettings:
    """All that determines a run's pictures.

    condition: slot → value; a slot that is left out is "not said". negative: likewise, what to
    steer away from. handles: of a drawn schedule, which takes the place of the named one.

    Picture i has the seed `seed + i` for itself; with `vary` every noise makes as many pictures as
    there are values, which are next to each other.
    """

    model: str = DEFAULT
    condition: Mapping[str, str] = field(default_factory=dict)
    negative: Mapping[str, str] = field(default_factory=dict)
    vary: Variation | None = None
    count: int = 1
    seed: int = 0
    sampler: str = "ddim"
    sampler_parameters: Mapping[str, float] = field(default_factory=dict)
    steps: int = 20
    spacing: str = "trailing"
    schedule: str = "cosine"
    schedule_parameters: Mapping[str, float] = field(default_factory=dict)
    handles: tuple[float, ...] | None = None
    T: int = 1000
    zero_terminal_snr: bool = False
    guidance: float = GUIDANCE.default
    clip_x0: bool = False

    def check(self) -> None:
        """Raises ValueError, in a sentence, for what is out of bounds or unknown."""
        check_sampler(self.sampler, **self.sampler_parameters)
        GUIDANCE.check(self.guidance)
        for name, value, low, high in (
            ("count", self.count, 1, MAX_COUNT),
            ("steps", self.steps, 1, MAX_STEPS),
            ("seed", self.seed, 0, MAX_SEED),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value}")
        if self.vary:
            if not self.vary.values or self.count % len(self.vary.values):
                raise ValueError(
                    f"{self.count} pictures are not whole rows of {len(self.vary.values)}"
                )
            if self.vary.what == GUIDANCE.name:
                for scale in self.vary.values:
                    GUIDANCE.check(float(scale))
        self.grid(self.noise_schedule())

    @property
    def columns(self) -> int:
        """How many pictures come from each noise."""
        return len(self.vary.values) if self.vary else 1

    @property
    def seeds(self) -> list[int]:
        """Of each picture."""
        return [self.seed + i // self.columns for i in range(self.count)]

    @property
    def scale(self) -> float | list[float]:
        """The guidance; of each picture, where it varies."""
        if self.vary and self.vary.what == GUIDANCE.name:
            return [float(self.vary.values[i % self.columns]) for i in range(self.count)]
        return self.guidance

    def noise_schedule(self) -> NoiseSchedule:
        """The schedule that the settings describe."""
        if self.handles is not None:
            return drawn_schedule(self.handles, self.T, zero_terminal_snr=self.zero_terminal_snr)
        return make_schedule(
            self.schedule,
            self.T,
            zero_terminal_snr=self.zero_terminal_snr,
            **self.schedule_parameters,
        )

    def grid(self, schedule: NoiseSchedule) -> list[int]:
        return schedule.grid(self.steps, self.spacing)

    @property
    def sides(self) -> int:
        """Network evaluations behind one of the denoiser's: 2 where guidance compares two."""
        varies = self.vary is not None and self.vary.what == GUIDANCE.name
        said = self.condition or (self.vary and not varies)
        return 2 if said and (varies or self.guidance != 1) else 1
