"""A run as something to take home: GIF, MP4, PNG strip, or the code that repeats it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from diffviz.checkpoints import Checkpoint
from diffviz.export import VIEWS, save_gif, save_mp4, save_strip
from diffviz.runs import RunSettings, code, run
from diffviz.samplers import Step

CODE = "code"
FORMATS: dict[str, tuple[str, Callable[[Sequence[Step], Path, str], None]]] = {
    "gif": ("diffviz.gif", save_gif),
    "mp4": ("diffviz.mp4", save_mp4),
    "strip": ("diffviz-strip.png", save_strip),
}
# A film of more frames is longer to make than to wait for; the steps are then thinned out evenly.
MOST_FRAMES = 120


def write_file(settings: RunSettings, kind: str, view: str, checkpoint: Checkpoint) -> Path | str:
    """The path of a new file in a folder of its own, or the program's text for kind "code".

    Raises ValueError for a kind or view that is not there.
    """
    if view not in VIEWS:
        raise ValueError(f"unknown view {view!r}; choose from {', '.join(VIEWS)}")
    if kind == CODE:
        return code(settings, checkpoint.card.data, torch.get_num_threads())
    if kind not in FORMATS:
        raise ValueError(f"unknown format {kind!r}; choose from {', '.join([*FORMATS, CODE])}")
    name, save = FORMATS[kind]
    stride = -(-settings.steps // MOST_FRAMES)
    steps = [s for s in run(settings, checkpoint) if (settings.steps - s.index) % stride == 0]
    path = Path(tempfile.mkdtemp(prefix="diffviz-")) / name
    save(steps, path, view)
    return path
