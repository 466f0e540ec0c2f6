"""The ready-made denoisers of shapes in the plane, and how near their samples come to the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from diffviz.checkpoints import save_checkpoint
from diffviz.data.plane.clouds import Endless
from diffviz.data.plane.shapes import SHAPES
from diffviz.runs.plane import READY
from diffviz.training.points import PointsTraining, train_points

NAME = "plane"  # as `make` knows them
COMMAND = f"python -m diffviz make {NAME}"
LIKE = PointsTraining(width=64, depth=3, updates=3000, batch=512, learning_rate=0.01)
# Those that are harder than the rest.
HARDER: Mapping[str, Mapping[str, int]] = {
    "checkerboard": {"updates": 6000},
    "rings": {"updates": 6000, "batch": 1024},
    "twenty-five": {"updates": 6000},
}

# All but one: so short a training weighs its three bumps wrongly.
SHIPPED = tuple(name for name in SHAPES if name != "three-bumps")


def settings_of(name: str) -> PointsTraining:
    return LIKE.but(data=name, **HARDER.get(name, {}))


def make_ready(
    note: Callable[[str], None], folder: Path = READY, names: tuple[str, ...] = SHIPPED
) -> int:
    """Train one for each shape, of points that are always new; returns the files' size in bytes."""
    folder.mkdir(exist_ok=True)
    total = 0
    for name in names:
        settings = settings_of(name)
        *_, learned = train_points(settings, Endless(SHAPES[name]), every=2000)
        note(f"{name}: loss {learned.losses[0]:.4f}")
        checkpoint = learned.checkpoint
        card = replace(checkpoint.card, training={**checkpoint.card.training, "command": COMMAND})
        path = save_checkpoint(replace(checkpoint, card=card), folder)
        total += path.stat().st_size
    return total
