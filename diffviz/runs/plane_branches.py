"""Ways not taken: from a step of a run in the plane on, with new noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from diffviz.checkpoints import Checkpoint
from diffviz.data.plane.clouds import Cloud
from diffviz.forward import StreamedNoise
from diffviz.runs.plane import PlaneSettings, guided_denoiser, run_points
from diffviz.runs.schema import MAX_SEED
from diffviz.samplers import SAMPLERS, Step, sample
from diffviz.settings import check_bounds

ANCESTRAL = "ddpm"  # walks where the run's own sampler draws no noise
MOST_SAMPLES, MOST_WAYS = 16, 64


class Branch(NamedTuple):
    """Where ways part: before update `step` of a run, `each` ways of each of these samples, with
    noise of that seed."""

    step: int
    samples: tuple[int, ...]
    each: int
    seed: int

    def check(self, settings: PlaneSettings) -> None:
        """Raises ValueError, in a sentence, for a branch that the run cannot have."""
        check_bounds("step", self.step, 0, settings.steps - 1, whole=True)
        check_bounds("branches", self.each, 1, MOST_WAYS, whole=True)
        check_bounds("seed", self.seed, 0, MAX_SEED, whole=True)
        if not 1 <= len(self.samples) <= MOST_SAMPLES:
            raise ValueError(f"choose 1 to {MOST_SAMPLES} samples whose ways part")
        for number in self.samples:
            check_bounds("a sample", number, 0, settings.count - 1, whole=True)


def run_branches(
    settings: PlaneSettings,
    branch: Branch,
    checkpoint: Checkpoint | None = None,
    cloud: Cloud | None = None,
) -> Iterator[Step]:
    """The ways not taken: the run of these settings as far as the branch's step, and from there
    each of its samples `each` times, (samples · each, 2), with new noise. A sampler that draws none
    on its way has one end; DDPM then walks from there. Raises ValueError as `run_points`."""
    cloud = cloud or settings.cloud()
    branch.check(settings)
    for step in run_points(settings, checkpoint, cloud):
        if step.index == branch.step:
            break
    samples = len(branch.samples) * branch.each
    there = settings.but(count=samples)
    denoiser, condition = guided_denoiser(there, cloud, checkpoint)
    schedule = settings.noise_schedule()
    parameters = settings.sampler_parameters
    draws = SAMPLERS[settings.sampler].order is None or parameters.get("eta", 0) > 0
    steps = sample(
        denoiser,
        schedule,
        schedule.grid(settings.steps, settings.spacing)[branch.step :],
        StreamedNoise(branch.seed, samples, cloud.info.shape),
        settings.sampler if draws else ANCESTRAL,
        condition,
        False,
        step.x[list(branch.samples)].repeat_interleave(branch.each, dim=0),
        **(parameters if draws else {}),
    )
    return (step._replace(index=step.index + branch.step) for step in steps)
