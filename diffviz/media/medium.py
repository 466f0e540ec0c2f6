"""What a sample is to the rest: how it is shown, tiled and written to files."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

if TYPE_CHECKING:
    from diffviz.samplers import Step

VIEWS = {"x": "xₜ", "x0": "x̂0", "eps": "ε̂"}


def view_of(step: Step, view: str) -> Tensor:
    """What is shown of a step as x_t, x̂0 or ε̂, (B, …). x_t comes scaled to α² + σ² = 1, which
    changes nothing on variance-preserving schedules and keeps the others in sight."""
    if view == "x":
        return step.x / math.hypot(step.alpha, step.sigma)
    return {"x0": step.x0, "eps": step.eps}[view]


def columns(count: int) -> int:
    """How many of `count` samples stand in a row; the page's player does the same."""
    return math.ceil(math.sqrt(count))


@dataclass(frozen=True)
class Medium:
    """An entry of MEDIA.

    plural: of what people call a sample. accepts: whether samples of that shape are of it.
    encode: samples (…, *shape) as bytes for the page, uint8 of any shape, one sample after the
    other. sheet: samples (B, *shape) side by side as one picture (rows, columns, 3) uint8, at a
    scale, so many in a row. strip: the same of runs (B, S, *shape), a step beside the other.

    sent: what frames of a run carry in place of what `encode` makes, where that takes long; the
    renderer tells the two apart. facts: what else it has to know.
    pictures: what is drawn of samples where they stand in figures.
    seen: the shape that the renderer is told of what `encode` sends of samples of a shape.
    renderer: of the JavaScript module that draws what `encode` sends; it lies in the page's own
    ui/lib/renderers/NAME.js, or is the file `module`. network: the kind of the usual network.
    together: whether one stream of noise serves all samples of a run, for media of which there are
    many small ones; otherwise each has a seed of its own.
    files: what it is written to; media/files.py makes them of sheets and strips.
    """

    name: str
    plural: str
    accepts: Callable[[tuple[int, ...]], bool]
    encode: Callable[[Tensor], Tensor]
    sheet: Callable[[Tensor, int, int | None], np.ndarray]
    strip: Callable[[Tensor, int], np.ndarray]
    renderer: str
    network: str
    module: Path | None = None
    seen: Callable[[tuple[int, ...]], tuple[int, ...]] = tuple
    sent: Callable[[Tensor], Tensor] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    pictures: Callable[[Tensor], Tensor] = lambda x: x
    view: Callable[[Step, str], Tensor] = view_of
    together: bool = False
    files: tuple[str, ...] = ("png", "strip", "gif", "mp4")

    def drawn(self, step: Step, view: str) -> Tensor:
        """What a figure draws of a step."""
        return self.pictures(self.view(step, view))
