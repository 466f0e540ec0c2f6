"""How near samplers come to where the exact path ends, for so many evaluations of the network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from diffviz.checkpoints import Checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.runs.editing import rms_distance
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.samplers import SAMPLERS, check_one_end

REFERENCE, REFERENCE_STEPS = "dpmpp-2m", 512
FITTED = 3  # of the finest runs, through which the slope goes: the order is that of short steps


class Run(NamedTuple):
    """A sampler's distance to the exact end, after so many steps."""

    sampler: str
    steps: int
    evaluations: int
    distance: float


def exact(settings: RunSettings) -> RunSettings:
    """The run that ends where the exact path does, but for a hundredth of what the coarsest leave:
    DPM-Solver++ 2M from the same noise in 512 steps, or in as many as there are."""
    steps = min(REFERENCE_STEPS, settings.T)
    return settings.but(sampler=REFERENCE, steps=steps, sampler_parameters={})


def runs_to(
    end: Tensor,
    checkpoint: Checkpoint,
    settings: RunSettings,
    samplers: Sequence[str],
    steps: Sequence[int],
    denoiser: Denoiser | None = None,
) -> Iterator[Run]:
    """One sampler after the other, the coarsest first, each from the settings' own noise.

    The distance is the root mean square of the difference to `end`, what `exact` makes of the same
    noise with the same network.

    Raises ValueError for a sampler that draws noise: its end is another picture, not an error.
    """
    check_one_end(samplers)
    runs = [
        settings.but(sampler=name, steps=count, sampler_parameters={})
        for name in dict.fromkeys(samplers)
        for count in sorted(set(steps))
    ]
    for one in runs:
        *_, last = run(one, checkpoint, denoiser=denoiser)
        yield Run(one.sampler, one.steps, last.nfe, rms_distance(last.x, end))


def convergence(
    checkpoint: Checkpoint,
    settings: RunSettings,
    samplers: Sequence[str],
    steps: Sequence[int],
    report: Callable[[str], None] = lambda line: None,
) -> Mapping[str, list[tuple[int, float]]]:
    """sampler → (evaluations, distance) for each of `steps`, as `runs_to` has them."""
    check_one_end(samplers)
    *_, reference = run(exact(settings), checkpoint)
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in samplers}
    for one in runs_to(reference.x, checkpoint, settings, samplers, steps):
        found[one.sampler].append((one.evaluations, one.distance))
        report(f"{one.sampler}, {one.steps} steps: {one.distance:.5f}")
    return found


def slopes(runs: Sequence[Run]) -> dict[str, float]:
    """sampler → its measured order: by which power of the number of steps the distance falls, over
    the FITTED finest; nothing where there are no two distances above 0."""
    found = {}
    for sampler, own in groupby(runs, attrgetter("sampler")):
        finest = [run for run in own if run.distance > 0][-FITTED:]
        if len(finest) > 1:
            steps = [math.log(run.steps) for run in finest]
            distances = [math.log(run.distance) for run in finest]
            found[sampler] = -float(np.polyfit(steps, distances, 1)[0])
    return found


def curves(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """sampler by sampler: its label, order, measured slope, and runs as [steps, evaluations,
    distance]."""
    found = slopes(runs)
    return [
        {
            "sampler": name,
            "label": SAMPLERS[name].label,
            "order": SAMPLERS[name].order,
            "slope": found.get(name),
            "runs": [list(run[1:]) for run in runs if run.sampler == name],
        }
        for name in dict.fromkeys(run.sampler for run in runs)
    ]
