"""What a race is measured against, as the page's player is told of it: the end of the exact path,
and by how many steps samplers come how near to it."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence

from diffviz.checkpoints import Checkpoint
from diffviz.data.base import DataInfo
from diffviz.denoisers.base import Denoiser
from diffviz.measure.convergence import Run, curves, exact, runs_to
from diffviz.runs.conditions import alone
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.samplers import SAMPLERS, Step, draws_noise
from diffviz.serving.frames import halves, message

PAUSE = 0.5  # seconds between messages
FEW = 2  # samples that stand for a race's, where it is walked again and again
AT = (2, 4, 8, 16, 32, 64)  # steps


def reference(
    settings: RunSettings, number: int, checkpoint: Checkpoint, denoiser: Denoiser | None = None
) -> Iterator[str]:
    """JSON messages for the player, of its run of that number: how many of the reference's steps
    are done, and at the end what it came to."""
    last = yield from _walked(settings, number, "reference", checkpoint, denoiser)
    yield message(number, "reference", index=last.index, result=halves(last.x))


def orders(
    settings: RunSettings,
    rivals: Sequence[str],
    number: int,
    checkpoint: Checkpoint,
    denoiser: Denoiser | None = None,
) -> Iterator[str]:
    """As `reference`, of a race: which samplers are compared, how many of the reference's steps are
    done, each {"one"} distance as it is measured, and the {"curves"}. Samplers that draw noise have
    no one end and are left out.

    Raises ValueError before the first message where there is nothing to compare.
    """
    samplers = one_ended(settings.against(rivals))
    few = a_few(settings, checkpoint.card.data)
    at = [steps for steps in AT if steps < exact(few).steps]
    if not samplers:
        raise ValueError("all of these draw noise on their way; choose one that has one end")
    if len(at) < 2:
        raise ValueError(f"a slope needs more than {AT[1]} noise levels, not {settings.T}")
    labels = [{"name": name, "label": SAMPLERS[name].label} for name in samplers]
    yield message(number, "orders", index=0, samplers=labels)
    end = yield from _walked(few, number, "orders", checkpoint, denoiser)
    found: list[Run] = []
    for one in runs_to(end.x, checkpoint, few, samplers, at, denoiser):
        found.append(one)
        yield message(number, "orders", one=one._asdict())
    yield message(number, "orders", curves=curves(found))


def one_ended(entrants: Sequence[RunSettings]) -> list[str]:
    """Their samplers that draw no noise and have an order."""
    return list(
        dict.fromkeys(
            entrant.sampler
            for entrant in entrants
            if SAMPLERS[entrant.sampler].order is not None
            and not draws_noise(entrant.sampler, **entrant.sampler_parameters)
        )
    )


def a_few(settings: RunSettings, info: DataInfo) -> RunSettings:
    """The run of its first samples, from the same noise; of columns the first alone."""
    if settings.vary:
        return alone(settings, info, 0)
    return settings.but(count=min(settings.count, FEW))


def _walked(
    settings: RunSettings,
    number: int,
    kind: str,
    checkpoint: Checkpoint,
    denoiser: Denoiser | None,
) -> Generator[str, None, Step]:
    """The end of the exact path, with messages of that kind on the way."""
    told = time.monotonic()
    for step in run(exact(settings), checkpoint, denoiser=denoiser):
        if (now := time.monotonic()) >= told + PAUSE:
            told = now
            yield message(number, kind, index=step.index)
    return step
