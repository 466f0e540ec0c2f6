"""The end that a race is measured against, as the page's player is told of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from diffviz.checkpoints import Checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.measure.convergence import exact
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.serving.frames import halves

PAUSE = 0.5  # seconds between messages


def reference(
    settings: RunSettings, number: int, checkpoint: Checkpoint, denoiser: Denoiser | None = None
) -> Iterator[str]:
    """JSON messages for the player, of its run of that number: how many of the reference's steps
    are done, and at the end what it came to."""
    told = time.monotonic()
    for step in run(exact(settings), checkpoint, denoiser=denoiser):
        if (now := time.monotonic()) >= told + PAUSE:
            told = now
            yield message(number, index=step.index)
    yield message(number, index=step.index, result=halves(step.x))


def message(number: int, **content: object) -> str:
    """With the run that it is about."""
    return json.dumps({"run": number, "events": [{"kind": "reference", **content}]})
