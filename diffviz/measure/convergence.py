"""How near samplers come to where the exact path ends, for so many evaluations of the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from diffviz.checkpoints import Checkpoint
from diffviz.runs.editing import rms_distance
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.samplers import check_one_end

REFERENCE, REFERENCE_STEPS = "dpmpp-2m", 512


def exact(settings: RunSettings) -> RunSettings:
    """The run that ends where the exact path does, but for a hundredth of what the coarsest leave:
    DPM-Solver++ 2M from the same noise in 512 steps, or in as many as there are."""
    steps = min(REFERENCE_STEPS, settings.T)
    return settings.but(sampler=REFERENCE, steps=steps, sampler_parameters={})


def convergence(
    checkpoint: Checkpoint,
    settings: RunSettings,
    samplers: Sequence[str],
    steps: Sequence[int],
    report: Callable[[str], None] = lambda line: None,
) -> Mapping[str, list[tuple[int, float]]]:
    """sampler → (evaluations, distance) for each of `steps`, all from the settings' own noise.

    The distance is the root mean square of the difference to what `exact` makes of the same noise
    with the same network.

    Raises ValueError for a sampler that draws noise: its end is another picture, not an error.
    """
    check_one_end(samplers)
    runs = [
        (name, settings.but(sampler=name, steps=count, sampler_parameters={}))
        for name in samplers
        for count in sorted(set(steps))
    ]
    *_, reference = run(exact(settings), checkpoint)
    found: dict[str, list[tuple[int, float]]] = {name: [] for name in samplers}
    for name, asked in runs:
        *_, last = run(asked, checkpoint)
        found[name].append((last.nfe, rms_distance(last.x, reference.x)))
        report(f"{name}, {asked.steps} steps: {found[name][-1][1]:.5f}")
    return found
