"""A sampling run from its settings, and the code that repeats it: what the page, the command line
and the endpoints all start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import dedent

import torch
from torch import Tensor

from diffviz.checkpoints import Checkpoint
from diffviz.data.base import DataInfo
from diffviz.denoisers import Denoiser, GuidedDenoiser
from diffviz.forward import SeededNoise
from diffviz.samplers import Step, check_sampler, sample
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

    model: str = "fashion"
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


def conditions(info: DataInfo, condition: Mapping[str, str], count: int) -> Tensor:
    """Slot values by name as (count, slots) int64; raises ValueError naming the choices."""
    slots = {slot.name: slot for slot in info.slots}
    if unknown := set(condition) - set(slots):
        raise ValueError(
            f"unknown condition {', '.join(sorted(unknown))}; choose from {', '.join(slots)}"
        )
    table = torch.zeros(count, len(slots), dtype=torch.int64)
    for column, slot in enumerate(info.slots):
        value = condition.get(slot.name)
        if value == EACH:
            table[:, column] = torch.arange(count) % len(slot.values) + 1
        elif value in slot.values:
            table[:, column] = slot.values.index(value) + 1
        elif value is not None:
            raise ValueError(
                f"unknown {slot.name} {value!r}; choose from {', '.join(slot.values)} or {EACH}"
            )
    return table


def rows(settings: RunSettings, info: DataInfo) -> Tensor:
    """The condition of each picture, (count, slots) int64; raises ValueError as `conditions`."""
    table = conditions(info, settings.condition, settings.count)
    vary = settings.vary
    if vary and vary.what != GUIDANCE.name:
        for i in range(settings.count):
            value = str(vary.values[i % settings.columns])
            one = conditions(info, {vary.what: value} if value else {}, 1)[0]
            column = [slot.name for slot in info.slots].index(vary.what)
            table[i, column] = one[column]
    return table


def run(
    settings: RunSettings,
    checkpoint: Checkpoint,
    condition: Tensor | None = None,
    denoiser: Denoiser | None = None,
) -> Iterator[Step]:
    """The run's Steps. Raises ValueError at once, before the first, for bad settings.

    condition: (count, slots) in place of the settings' own. denoiser: in place of the checkpoint's
    own; it is evaluated elsewhere, perhaps.
    """
    settings.check()
    info = checkpoint.card.data
    schedule = settings.noise_schedule()
    if condition is None:
        condition = rows(settings, info)
    denoiser = denoiser or checkpoint.denoiser()
    if condition.any():
        scale = torch.tensor(settings.scale, dtype=torch.float64)
        negative = conditions(info, settings.negative, 1)
        denoiser = GuidedDenoiser(denoiser, scale, negative)
    return sample(
        denoiser,
        schedule,
        settings.grid(schedule),
        SeededNoise(settings.seeds, info.shape),
        settings.sampler,
        condition,
        settings.clip_x0,
        None,
        **settings.sampler_parameters,
    )


def code(settings: RunSettings, info: DataInfo, threads: int) -> str:
    """A Python program that repeats the run with the library, to the last bit on one machine.

    threads: how many the run had; the order of floating-point sums may depend on it.
    """
    options = {"zero_terminal_snr": True} if settings.zero_terminal_snr else {}
    if settings.handles is not None:
        schedule = call("drawn_schedule", list(settings.handles), T=settings.T, **options)
    else:
        schedule = call(
            "make_schedule",
            settings.schedule,
            T=settings.T,
            **options,
            **settings.schedule_parameters,
        )
    denoiser = "checkpoint.denoiser()"
    table = rows(settings, info)
    if table.any():
        scale = settings.scale
        written = repr(scale) if isinstance(scale, float) else f"torch.tensor({scale})"
        negative = conditions(info, settings.negative, 1).tolist()
        extra = f", negative=torch.tensor({negative})" if settings.negative else ""
        denoiser = f"diffviz.GuidedDenoiser({denoiser}, scale={written}{extra})"
    options = {"clip_x0": True} if settings.clip_x0 else {}
    extra_code = "".join(
        f",\n    {name}={value!r}"
        for name, value in {**options, **settings.sampler_parameters}.items()
    )
    seeds = f"range({settings.seed}, {settings.seed + settings.count})"
    if settings.vary:
        seeds = repr(settings.seeds)
    words = ", ".join(f"{k}={v}" for k, v in settings.condition.items()) or "nothing said"
    return dedent(
        f"""\
        # Repeats a run of diffviz, to the last bit on the same machine.
        import diffviz
        import torch

        torch.set_num_threads({threads})
        checkpoint = diffviz.load_checkpoint({settings.model!r})
        denoiser = {denoiser}
        schedule = {schedule}
        grid = schedule.grid({settings.steps}, {settings.spacing!r})
        noise = diffviz.SeededNoise({seeds}, {info.shape})
        condition = torch.tensor({table.tolist()})  # {words}

        for step in diffviz.sample(
            denoiser,
            schedule,
            grid,
            noise,
            sampler={settings.sampler!r},
            condition=condition@EXTRA@,
        ):
            print(f"t = {{step.t}}: alpha {{step.alpha:.4f}}, sigma {{step.sigma:.4f}}")

        print("fingerprint", diffviz.fingerprint(step.x))
        diffviz.save_png(step.x, "diffviz.png")
        """
    ).replace("@EXTRA@", extra_code)


def call(function: str, *positional: object, **named: object) -> str:
    """The source of a call of one of the library's functions."""
    arguments = [repr(value) for value in positional]
    arguments += [f"{name}={value!r}" for name, value in named.items()]
    return f"diffviz.{function}({', '.join(arguments)})"
