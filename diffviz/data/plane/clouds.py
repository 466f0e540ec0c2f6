"""A cloud: the points of a data set in the plane, and what is known of where they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from diffviz.data.base import DataInfo, Slot
from diffviz.data.plane.drawings import Ink, own_points, picture_mask, word_mask
from diffviz.data.plane.shapes import MAX_POINTS, SHAPES, Points, Shape, shape_named

WORD, DRAWN = "word", "drawn"
FEWEST = 8
DRAW_SEED = 20_240  # of the points that a data set has
OF_PICTURE = 1000  # points
SIGMA_DATA = 1.0  # all are normalised
OWN = {WORD: "Letters of a word", DRAWN: "Drawn, or of a picture"}


def cloud_names() -> dict[str, str]:
    """name → label of all that a cloud can be of."""
    return {**{name: shape.label for name, shape in SHAPES.items()}, **OWN}


@dataclass(frozen=True)
class Cloud:
    """points: (n, 2) float32; kinds: of each its class from 0, (n,) int64; classes: their names,
    none where there is nothing to tell apart. draw: that many more of the same kind, where more can
    be drawn; of what somebody drew there is no more than the points.

    modes: (K, 2), the middles of what comes in lumps, and their spread. line: as of a Shape.
    """

    name: str
    points: Tensor
    kinds: Tensor
    classes: tuple[str, ...]
    modes: Tensor
    spread: float
    draw: Callable[[int, Generator], Points] | None
    line: bool = False

    @property
    def info(self) -> DataInfo:
        return info_of(self.name, self.classes)

    def fresh(self, count: int, generator: Generator) -> Points:
        """`count` points that are not those of the cloud, where there can be others; of a drawing
        as many of its own, each drawn at random."""
        if self.draw:
            return self.draw(count, generator)
        which = torch.randint(len(self.points), (count,), generator=generator)
        return self.points[which], self.kinds[which]

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """As of a DataSet: of the cloud's own points."""
        which = torch.randint(len(self.points), (size,), generator=generator)
        return self.points[which], conditions_of(self.kinds[which], self.classes)


class Endless:
    """A shape as a DataSet of which every batch is new."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.info = info_of(shape.name, shape.classes)

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        whole, rest = divmod(size, MAX_POINTS)
        counts = [MAX_POINTS] * whole + [rest] * (rest > 0)
        drawn = [self.shape.points(count, generator) for count in counts]
        points, kinds = (torch.cat(parts) for parts in zip(*drawn, strict=True))
        return points, conditions_of(kinds, self.shape.classes)


def conditions_of(kinds: Tensor, classes: tuple[str, ...]) -> Tensor:
    """Classes as the rows that networks take, (n, slots) int64."""
    return kinds[:, None] + 1 if classes else torch.zeros(len(kinds), 0, dtype=torch.int64)


def info_of(name: str, classes: tuple[str, ...]) -> DataInfo:
    slots = (Slot("class", classes),) if classes else ()
    return DataInfo(name, (2,), SIGMA_DATA, slots, "CC0-1.0", "", "points")


def cloud_of_shape(name: str, count: int) -> Cloud:
    """So many points of an entry of SHAPES; raises ValueError naming those that there are."""
    shape = shape_named(name)
    points, kinds = shape.points(count, Generator().manual_seed(DRAW_SEED))
    spread = shape.spread / shape.scale
    return Cloud(
        name, points, kinds, shape.classes, shape.centres(), spread, shape.points, shape.line
    )


def cloud_of_ink(ink: Ink, count: int, name: str, classes: tuple[str, ...] = ()) -> Cloud:
    """So many points spread over the dark pixels of a word or a picture."""
    points, kinds = ink.draw(count, Generator().manual_seed(DRAW_SEED))
    return Cloud(name, points, kinds, classes, torch.zeros(0, 2), 0.0, ink.draw)


def cloud_of_word(word: str, count: int) -> Cloud:
    """Raises ValueError as `word_mask`."""
    letters = " ".join(word.split())
    classes = tuple(f"{place}: {letter}" for place, letter in enumerate(letters, start=1))
    return cloud_of_ink(Ink(*word_mask(word)), count, WORD, classes if len(classes) > 1 else ())


def places_of_picture(levels: NDArray[np.uint8], count: int = OF_PICTURE) -> list[float]:
    """x, y of each of so many points on the dark pixels of a grey picture (H, W), to be drawn data.
    Raises ValueError as `picture_mask`."""
    points, _ = Ink(picture_mask(levels)).draw(count, Generator().manual_seed(DRAW_SEED))
    return [round(value, 3) for value in points.flatten().tolist()]


def cloud_of_places(places: Tensor) -> Cloud:
    """The points that somebody set, (n, 2), normalised. Raises ValueError as `own_points`."""
    points = own_points(places.tolist())
    kinds = torch.zeros(len(points), dtype=torch.int64)
    return Cloud(DRAWN, points, kinds, (), torch.zeros(0, 2), 0.0, None)
