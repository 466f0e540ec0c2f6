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
class RunSettings:
    """All that determines a run's pictures.

    condition: slot → value; a slot that is left out is "not said". handles: of a drawn schedule,
    which takes the place of the named one. Picture i has the seed `seed + i` for itself.
    """

    model: str = "fashion"
    condition: Mapping[str, str] = field(default_factory=dict)
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
        self.grid(self.noise_schedule())

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
        return 1 if self.guidance == 1 or not self.condition else 2


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


def run(
    settings: RunSettings, checkpoint: Checkpoint, condition: Tensor | None = None
) -> Iterator[Step]:
    """The run's Steps. Raises ValueError at once, before the first, for bad settings.

    condition: (count, slots) in place of the settings' own.
    """
    settings.check()
    info = checkpoint.card.data
    schedule = settings.noise_schedule()
    if condition is None:
        condition = conditions(info, settings.condition, settings.count)
    denoiser: Denoiser = checkpoint.denoiser()
    if condition.any():
        denoiser = GuidedDenoiser(denoiser, settings.guidance)
    return sample(
        denoiser,
        schedule,
        settings.grid(schedule),
        SeededNoise(range(settings.seed, settings.seed + settings.count), info.shape),
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
    if settings.condition:
        denoiser = f"diffviz.GuidedDenoiser({denoiser}, scale={settings.guidance!r})"
    extra = {"clip_x0": True} if settings.clip_x0 else {}
    extra_code = "".join(
        f",\n    {name}={value!r}"
        for name, value in {**extra, **settings.sampler_parameters}.items()
    )
    condition = conditions(info, settings.condition, settings.count).tolist()
    seeds = f"range({settings.seed}, {settings.seed + settings.count})"
    said = ", ".join(f"{k}={v}" for k, v in settings.condition.items()) or "nothing said"
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
        condition = torch.tensor({condition})  # {said}

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
