"""A distilled denoiser beside its teacher, from the same noise, as the page's player is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from diffviz.checkpoints import Card, Checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.runs.conditions import alone
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.runs.suited import suited
from diffviz.serving.frames import frame, message
from diffviz.serving.students import FEW, MANY, pair_of

Served = Callable[[str], tuple[Checkpoint, Denoiser | None]]


def few_steps(settings: RunSettings, number: int, served: Served) -> Iterator[str]:
    """JSON messages for the player, of its run of that number: what was made of its noise by the
    student in a few evaluations, and then by the teacher in many.

    served: a denoiser by its name. Raises ValueError before the first message where none of the two
    is this run's.
    """
    pair = pair_of(settings.model)
    if pair is None:
        raise ValueError(f"{settings.model} has no distilled denoiser beside it")
    for entrant in entrants(settings, *pair):
        checkpoint, denoiser = served(entrant.model)
        medium, started = checkpoint.medium, time.perf_counter()
        *_, last = run(entrant, checkpoint, denoiser=denoiser)
        shown = frame(medium, 0, last, last.nfe, time.perf_counter() - started)
        yield message(number, "few", one={**shown, "label": entrant.model, "count": entrant.count})


def entrants(settings: RunSettings, teacher: Card, student: Card) -> list[RunSettings]:
    """The runs from the settings' own noise, the quickest first; of columns the first alone."""
    same = alone(settings, student.data, 0) if settings.vary else settings
    same = same.but(sampler_parameters={}, spacing="trailing")

    def by(card: Card, **changes: Any) -> RunSettings:
        return same.but(model=card.name, **{**suited(card.data.name, card.distilled), **changes})

    asked = by(teacher)
    sides = 2 if asked.condition and asked.guidance != 1 else 1
    return [*(by(student, steps=count) for count in FEW), by(teacher, steps=MANY // sides)]
