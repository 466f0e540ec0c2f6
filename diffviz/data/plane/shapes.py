"""Shapes in the plane, drawn anew for every batch; all are brought to mean 0 and, over both
axes together, variance 1, so that one noise schedule means the same for each.

A new shape is one function and one entry of SHAPES.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor

MAX_POINTS = 10_000
Points = tuple[Tensor, Tensor]  # (n, 2) float32, and the class of each from 0, (n,) int64


@dataclass(frozen=True)
class Shape:
    """draw: (count, generator) → Points, not yet normalised. centre, scale: what is taken off, and
    divided by. classes: their names, or none. modes: (K, 2), the middles of what comes in lumps,
    not normalised, and their spread. line: whether all of it that matters is along x; across it
    there is the lumps' own spread, which in a diffusion model is a matter of its own."""

    name: str
    label: str
    draw: Callable[[int, Generator], Points]
    centre: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    classes: tuple[str, ...] = ()
    modes: tuple[tuple[float, float], ...] = field(default=())
    spread: float = 0.0
    line: bool = False

    def points(self, count: int, generator: Generator) -> Points:
        """`count` points, normalised. Raises ValueError for fewer than 1 or more than
        MAX_POINTS."""
        if not 1 <= count <= MAX_POINTS:
            raise ValueError(f"points must be from 1 to {MAX_POINTS:,}, not {count:,}")
        points, classes = self.draw(count, generator)
        return ((points - torch.tensor(self.centre)) / self.scale).float(), classes

    def centres(self) -> Tensor:
        """The modes as the points have them, (K, 2)."""
        return (torch.tensor(self.modes).reshape(-1, 2) - torch.tensor(self.centre)) / self.scale


def _uniform(count: int, generator: Generator, columns: int = 1) -> Tensor:
    return torch.rand(count, columns, generator=generator)


def _jitter(points: Tensor, std: float, generator: Generator) -> Tensor:
    return points + std * torch.randn(points.shape, generator=generator)


def _which(count: int, choices: int, generator: Generator) -> Tensor:
    return torch.randint(choices, (count,), generator=generator)


def _none(count: int) -> Tensor:
    return torch.zeros(count, dtype=torch.int64)


def _on_circle(angle: Tensor, radius: Tensor | float = 1.0) -> Tensor:
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=-1)


def moons(count: int, generator: Generator) -> Points:
    """Two half circles that reach into each other."""
    moon = _which(count, 2, generator)
    angle = math.pi * _uniform(count, generator)[:, 0]
    points = _on_circle(angle)
    points = torch.where(moon[:, None] == 0, points, torch.tensor([1.0, 0.5]) - points)
    return _jitter(points, 0.06, generator), moon


def spiral(count: int, generator: Generator) -> Points:
    """One arm, three quarters of a turn and more, thinner within."""
    turn = _uniform(count, generator)[:, 0].sqrt()
    return _jitter(_on_circle(3.5 * math.pi * turn, 2 * turn), 0.05, generator), _none(count)


def rings(count: int, generator: Generator) -> Points:
    """Three circles around one middle, as dense on each."""
    radii = torch.tensor([0.5, 1.2, 1.9])
    ring = torch.multinomial(radii, count, replacement=True, generator=generator)
    angle = 2 * math.pi * _uniform(count, generator)[:, 0]
    return _jitter(_on_circle(angle, radii[ring]), 0.05, generator), ring


def checkerboard(count: int, generator: Generator) -> Points:
    """The eight dark squares of a board of four by four."""
    square = _which(count, 8, generator)
    row, column = square // 2, square % 2 * 2
    corner = torch.stack([column + row % 2, row], dim=-1) - 2.0
    return corner + _uniform(count, generator, 2), _none(count)


def ring_of_modes(number: int, radius: float) -> tuple[tuple[float, float], ...]:
    angles = [2 * math.pi * k / number for k in range(number)]
    return tuple((radius * math.cos(angle), radius * math.sin(angle)) for angle in angles)


EIGHT = ring_of_modes(8, 2.0)
TWENTY_FIVE = tuple((float(x), float(y)) for x in range(-2, 3) for y in range(-2, 3))
TWO_BUMPS = ((-1.0, 0.0), (1.0, 0.0))
THREE_BUMPS = ((-1.5, 0.0), (0.3, 0.0), (1.5, 0.0))


def _lumps(modes: tuple[tuple[float, float], ...], std: float) -> Callable[..., Points]:
    def draw(count: int, generator: Generator) -> Points:
        mode = _which(count, len(modes), generator)
        return _jitter(torch.tensor(modes)[mode], std, generator), _none(count)

    return draw


def pinwheel(count: int, generator: Generator) -> Points:
    """Five blades, bent the more the farther out."""
    blade = _which(count, 5, generator)
    along = 1.0 + 0.3 * torch.randn(count, generator=generator)
    across = 0.08 * torch.randn(count, generator=generator)
    angle = blade * (2 * math.pi / 5) + 0.25 * torch.exp(along)
    turned = torch.stack(
        [along * angle.cos() - across * angle.sin(), along * angle.sin() + across * angle.cos()], -1
    )
    return turned, blade


def s_curve(count: int, generator: Generator) -> Points:
    """Two arcs that make an S."""
    angle = 3 * math.pi * (_uniform(count, generator)[:, 0] - 0.5)
    curve = torch.stack([angle.sin(), angle.sign() * (angle.cos() - 1)], dim=-1)
    return _jitter(curve, 0.05, generator), _none(count)


def swiss_roll(count: int, generator: Generator) -> Points:
    """A rolled band, seen from its end."""
    angle = 1.5 * math.pi * (1 + 2 * _uniform(count, generator)[:, 0])
    return _jitter(_on_circle(angle, angle / 5), 0.06, generator), _none(count)


def smiley(count: int, generator: Generator) -> Points:
    """An outline, two eyes and a mouth."""
    part = torch.multinomial(
        torch.tensor([0.55, 0.11, 0.11, 0.23]), count, replacement=True, generator=generator
    )
    angle = 2 * math.pi * _uniform(count, generator)[:, 0]
    disc = _on_circle(angle, 0.22 * _uniform(count, generator)[:, 0].sqrt())
    mouth = _on_circle(math.pi * (1.15 + 0.7 * angle / (2 * math.pi)), 1.15)
    points = _on_circle(angle, 2.0)
    for eye, x in ((1, -0.7), (2, 0.7)):
        points = torch.where(part[:, None] == eye, disc + torch.tensor([x, 0.6]), points)
    points = torch.where(part[:, None] == 3, mouth, points)
    return _jitter(points, 0.04, generator), _none(count)


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("moons", "Two moons", moons, (0.5, 0.25), 0.7079, ("upper", "lower")),
        Shape("spiral", "Spiral", spiral, (-0.3577, -0.0744), 0.9679),
        Shape("rings", "Rings", rings, (0, 0), 1.1017, ("inner", "middle", "outer")),
        Shape("checkerboard", "Checkerboard", checkerboard, (0, 0), 1.1547),
        Shape("eight", "Eight Gaussians", _lumps(EIGHT, 0.1), (0, 0), 1.4177, (), EIGHT, 0.1),
        Shape(
            "twenty-five",
            "Twenty-five Gaussians",
            _lumps(TWENTY_FIVE, 0.06),
            (0, 0),
            1.4155,
            (),
            TWENTY_FIVE,
            0.06,
        ),
        Shape(
            "two-bumps",
            "Two bumps on a line",
            _lumps(TWO_BUMPS, 0.15),
            (0, 0),
            0.7228,
            (),
            TWO_BUMPS,
            0.15,
            line=True,
        ),
        Shape(
            "three-bumps",
            "Three bumps on a line",
            _lumps(THREE_BUMPS, 0.12),
            (0.1, 0),
            0.8812,
            (),
            THREE_BUMPS,
            0.12,
            line=True,
        ),
        Shape("pinwheel", "Pinwheel", pinwheel, (0, 0), 0.7409, ("1", "2", "3", "4", "5")),
        Shape("s-curve", "S-curve", s_curve, (0, 0), 1.1024),
        Shape("swiss-roll", "Swiss roll", swiss_roll, (0.3954, 0.0378), 1.3597),
        Shape("smiley", "Smiley", smiley, (0, -0.0847), 1.1599),
    )
}


def shape_named(name: str) -> Shape:
    """The entry of SHAPES; raises ValueError naming those that there are."""
    if name not in SHAPES:
        raise ValueError(f"unknown shape {name!r}; choose from {', '.join(SHAPES)}")
    return SHAPES[name]
