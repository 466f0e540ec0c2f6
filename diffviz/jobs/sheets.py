"""Sample sheets: pictures from the same noise and conditions at every checkpoint of a training."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffviz.autoencoders import medium_shown
from diffviz.checkpoints import Checkpoint
from diffviz.data.base import DataInfo
from diffviz.runs.sampling import run
from diffviz.runs.schema import EACH, RunSettings
from diffviz.storage import write_whole

COUNT, STEPS, SEED = 10, 12, 0
VIEWS = ("x", "x0")


def sheet_settings(info: DataInfo) -> RunSettings:
    """The run behind every sheet: a picture for each value of the first slot, as far as they go."""
    condition = {slot.name: EACH for slot in info.slots[:1] if slot.length == 1}
    return RunSettings(condition=condition, count=COUNT, steps=STEPS, seed=SEED)


def draw_sheet(checkpoint: Checkpoint) -> list[Tensor]:
    """What a page is sent (views, STEPS + 1, COUNT, …), uint8, of x_t and of x̂0 at each step; and
    where that is less than what `encode` makes, this of the results, (COUNT, …)."""
    medium = checkpoint.medium
    steps = list(run(sheet_settings(checkpoint.card.data), checkpoint))
    views = (torch.stack([getattr(step, view) for step in steps]) for view in VIEWS)
    sheet = [(medium.sent or medium.encode)(torch.stack(list(views)))]
    return [*sheet, medium.encode(steps[-1].x)] if medium.sent else sheet


def save_sheet(sheet: Sequence[Tensor], path: Path) -> None:
    """The sheet's bytes in order, gzipped, which a browser unpacks by itself."""
    bytes_in_order = b"".join(part.contiguous().numpy().tobytes() for part in sheet)
    content = gzip.compress(bytes_in_order, compresslevel=5, mtime=0)
    write_whole(path, lambda temporary: temporary.write_bytes(content))


def describe_sheet(info: DataInfo) -> dict[str, Any]:
    """What a page has to know in order to draw a sheet."""
    settings, medium = sheet_settings(info), medium_shown(info)
    slot = next((slot.values for slot in info.slots[:1] if slot.length == 1), ())
    one = medium.sent(torch.zeros(info.shape)) if medium.sent else None
    return {
        "views": VIEWS,
        "shape": (STEPS + 1, COUNT, *medium.seen(info.shape)),
        "renderer": medium.renderer,
        "facts": medium.facts,
        # Bytes of all samples at a step, where the sheet ends with the results decoded.
        "undecoded": 0 if one is None else COUNT * one.numel(),
        "t": settings.grid(settings.noise_schedule()),
        "labels": [slot[i % len(slot)] for i in range(COUNT)] if slot else [],
    }
