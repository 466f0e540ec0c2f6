"""Courses: what rivals learn, and how what they make is measured against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from diffviz.data.base import DataInfo
from diffviz.data.digits import load_digits
from diffviz.data.plane.shapes import SHAPES, Shape
from diffviz.measure.points import ASTRAY, energy_distance, nearest_point
from diffviz.settings import unknown

# A mode counts with a fifth of the samples that are its due. So few come by chance next to never:
# of 1,000 samples each of 25 modes is due 40, and fewer than 8 of these have a chance of 10⁻⁹.
FAIR = 0.2
CELLS, LLOYD = 24, 20  # of shapes that do not come in lumps, and iterations to find them
KNOWN, HELD_OUT = 4000, 1000  # points: those that astray is measured by, and others
WITHIN = 0.99  # of fresh data is not astray, where no standard deviation says what is
FARTHEST = 1e3  # where a number that is none, or beyond, is taken to be


class Score(NamedTuple):
    """What samples are worth. visited, covered: how many modes have their FAIR share, of all
    samples, each taken to be of the mode nearest to it, and of those that are not astray. astray:
    the share of samples that are near no mode. energy: the energy distance to held-out data."""

    visited: int
    covered: int
    astray: float
    energy: float


@dataclass(frozen=True)
class Modes:
    """middles: (N, D), each of the mode `of`, (N,). shares: (K,), how much of the data is each
    mode's. reach: what is farther than this from every middle is astray."""

    middles: Tensor
    of: Tensor
    shares: Tensor
    reach: float

    def assign(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """The mode of each sample (n, D), (n,), and which are astray, (n,)."""
        rows, distances = nearest_point(samples, self.middles)
        return self.of[rows], distances > self.reach

    def having(self, modes: Tensor, count: int) -> int:
        """How many modes have their FAIR share of `count` samples, of which these are the modes."""
        found = torch.bincount(modes, minlength=len(self.shares))
        return int((found >= FAIR * count * self.shares).sum())


@dataclass(frozen=True)
class Course:
    """batch: (size, generator) → samples to learn from. held_out: (M, …), what results are held
    against, and fresh: as many again, to show how near one can come.

    code, noise: how many numbers an autoencoder's code and a GAN's noise have. weights, updates: of
    each rival, where nothing else is said. points, shown: samples that are measured, and of these
    kept to be seen.
    """

    name: str
    label: str
    info: DataInfo
    batch: Callable[[int, Generator], Tensor]
    held_out: Tensor
    fresh: Tensor
    modes: Modes
    code: int
    noise: int
    weights: int
    updates: int
    points: int
    shown: int

    def score(self, samples: Tensor) -> Score:
        """Of samples (n, …); numbers that are none are taken to be far away."""
        flat = samples.detach().double().nan_to_num(FARTHEST).clamp(-FARTHEST, FARTHEST).flatten(1)
        modes, astray = self.modes.assign(flat)
        return Score(
            self.modes.having(modes, len(flat)),
            self.modes.having(modes[~astray], len(flat)),
            float(astray.double().mean()),
            energy_distance(flat, self.held_out.flatten(1)),
        )

    def collapsed(self, score: Score) -> bool:
        """The rule: fewer than half of the modes have their FAIR share of the samples.

        Half, because who has lost a mode or two still shows what the data is; and samples count for
        the mode nearest to them even where they are astray, because a blur over all modes fails in
        another way, which `astray` tells."""
        return score.visited < len(self.modes.shares) / 2


def course_named(name: str) -> Course:
    """Raises ValueError, naming those that there are."""
    if name not in COURSES:
        raise ValueError(unknown("course", name, COURSES))
    return _made(name)


@cache
def _made(name: str) -> Course:
    return _digits() if name == DIGITS else _plane(SHAPES[name])


def _seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def _plane(shape: Shape) -> Course:
    known, held_out, fresh = (
        shape.points(count, _seeded(2**31 + i))[0]  # what no race draws to learn from
        for i, count in enumerate((KNOWN, HELD_OUT, HELD_OUT))
    )
    return Course(
        shape.name,
        shape.label,
        DataInfo(shape.name, (2,), 1.0, (), "", "", "points"),
        lambda size, generator: shape.points(size, generator)[0],
        held_out,
        fresh,
        _lumps(shape) if shape.modes else _cells(known, held_out),
        code=2,
        noise=16,
        weights=50_000,
        updates=5000,
        points=1000,
        shown=200,
    )


def _lumps(shape: Shape) -> Modes:
    centres = shape.centres()
    count = len(centres)
    shares = torch.full((count,), 1 / count)
    return Modes(centres, torch.arange(count), shares, ASTRAY * shape.spread / shape.scale)


def _cells(known: Tensor, held_out: Tensor) -> Modes:
    """Of a shape without lumps: the cells of k means (Lloyd 1982)."""
    centres = known[:CELLS]
    for _ in range(LLOYD):
        of, _ = nearest_point(known, centres)
        centres = torch.stack([known[of == cell].mean(0) for cell in range(CELLS)])
    of, _ = nearest_point(known, centres)
    return _of_data(known, of, held_out)


def _of_data(known: Tensor, of: Tensor, held_out: Tensor) -> Modes:
    """With the data itself as middles; astray is what is farther from it than real data is."""
    _, distances = nearest_point(held_out, known)
    shares = torch.bincount(of) / len(of)
    return Modes(known, of, shares, float(distances.quantile(WITHIN)))


def _digits() -> Course:
    """Two of six pictures are held out. A sample's mode is the class of the nearest picture."""
    digits = load_digits()
    x0, condition = digits.rows(slice(None))
    part = torch.arange(len(x0)) % 6
    held_out, fresh, train = x0[part == 0], x0[part == 1], x0[part > 1]
    of = condition[part > 1, 0] - 1

    def batch(size: int, generator: Generator) -> Tensor:
        return train[torch.randint(len(train), (size,), generator=generator)]

    info = digits.info
    return Course(
        DIGITS,
        "Handwritten digits, 16 × 16",
        DataInfo(info.name, info.shape, info.sigma_data, (), info.licence, info.credit),
        batch,
        held_out,
        fresh,
        _of_data(train.flatten(1), of, held_out.flatten(1)),
        code=16,
        noise=64,
        weights=600_000,
        updates=5000,
        points=500,
        shown=20,
    )


DIGITS = "digits"
# Name → label. Those that come in lumps first: there a lost mode is seen at once.
COURSES = {
    name: SHAPES[name].label
    for name in ("eight", "twenty-five", *(n for n in SHAPES if not SHAPES[n].modes))
} | {DIGITS: "Handwritten digits, 16 × 16"}
