"""What the words of a run do, as the page's player is told: which pixels look each one up, and what
becomes of the run when one is another."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator

from torch import Tensor

from diffviz.checkpoints import Checkpoint
from diffviz.media.medium import columns
from diffviz.runs.asking import condition_of
from diffviz.runs.attention import RewordSettings, reworded, said, watched
from diffviz.runs.schema import RunSettings
from diffviz.serving.engine import Engine
from diffviz.serving.frames import frame, message
from diffviz.serving.ticket import Ticket

LABELS = ("as it was", "attention kept", "sampled anew")


def looked_up(
    settings: RunSettings, number: int, checkpoint: Checkpoint, engine: Engine, ticket: Ticket
) -> Iterator[str]:
    """JSON messages for the player, of its run of that number, which is made again: the words, and
    of each step the maps of each sample, bytes of which 255 is `most`."""
    steps = engine.pieces(watched(settings, checkpoint), ticket)
    labels = [word.label for word in said(checkpoint.card.data, settings.condition)]
    yield message(number, "words", labels=labels)
    for step, maps in steps:
        most = float(maps.max())
        levels = maps.div(most).mul(255).round().byte()
        told = {"index": step.index, "shape": maps.shape, "most": most, "maps": _base64(levels)}
        yield message(number, "words", one=told)


def said_otherwise(
    settings: RunSettings,
    other: RewordSettings,
    number: int,
    checkpoint: Checkpoint,
    engine: Engine,
    ticket: Ticket,
) -> Iterator[str]:
    """Likewise: how many steps are done, and then the first samples as they were, with the other
    words and attention kept, and with the other words alone."""
    to = condition_of(checkpoint.card.data, other.to)
    started = time.perf_counter()
    for step in engine.pieces(reworded(settings, to, other.kept, checkpoint), ticket):
        if step.index < settings.steps:
            yield message(number, "reworded", index=step.index)
    parts = [part.chunk(len(LABELS)) for part in (step.x, step.x0, step.eps)]
    seconds = time.perf_counter() - started
    for label, x, x0, eps in zip(LABELS, *parts, strict=True):
        alone = step._replace(x=x, x0=x0, eps=eps)
        shown = frame(checkpoint.medium, 0, alone, step.nfe, seconds)
        one = {**shown, "label": label, "count": len(x), "columns": columns(len(x))}
        yield message(number, "reworded", one=one)


def _base64(levels: Tensor) -> str:
    return base64.b64encode(levels.contiguous().cpu().numpy().tobytes()).decode()
