"""Panels in rows: pictures, clouds of points, curves and bars, each with what it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import ClassVar, NamedTuple

from matplotlib.axes import Axes
from torch import Tensor

from diffviz.figures.drawn import show
from diffviz.figures.races import scatter
from diffviz.figures.style import COLOURS, Figure, style

TEXT = 0.6  # inches above and below a panel
LETTERS = 13  # of a title, in an inch


@dataclass(frozen=True)
class Panel(ABC):
    """title: above it; note: below. size: (width, height) in inches."""

    title: str
    note: str = ""
    size: ClassVar[tuple[float, float]] = (3.4, 2.4)

    @abstractmethod
    def draw(self, ax: Axes, colour: str) -> None: ...

    def bare(self, ax: Axes) -> None:
        """Without ticks, for what has no axes."""
        ax.set(xticks=[], yticks=[])
        ax.grid(False)


@dataclass(frozen=True)
class Picture(Panel):
    """x: (C, H, W) in −1..1."""

    size: ClassVar[tuple[float, float]] = (1.3, 1.3)
    x: Tensor | None = None

    def draw(self, ax: Axes, colour: str) -> None:
        assert self.x is not None
        show(ax, self.x)


@dataclass(frozen=True)
class Cloud(Panel):
    """points: (n, 2)."""

    size: ClassVar[tuple[float, float]] = (2.2, 2.0)
    points: Tensor | None = None

    def draw(self, ax: Axes, colour: str) -> None:
        assert self.points is not None
        scatter(ax, self.points, colour)
        self.bare(ax)


@dataclass(frozen=True)
class Curves(Panel):
    """curves: label → (x, y). along: what x is. log: whether y is."""

    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]] | None = None
    along: str = ""
    log: bool = False

    def draw(self, ax: Axes, colour: str) -> None:
        for label, (x, y) in (self.curves or {}).items():
            ax.plot(x, y, label=label)
        ax.set(yscale="log" if self.log else "linear", xlabel=self.along)
        if len(self.curves or {}) > 1:
            ax.legend()


@dataclass(frozen=True)
class Bars(Panel):
    """lengths: label → how long. unit: in which. limit: a line across, where there is one."""

    size: ClassVar[tuple[float, float]] = (4.6, 1.3)
    lengths: Mapping[str, float] | None = None
    unit: str = ""
    limit: float | None = None

    def draw(self, ax: Axes, colour: str) -> None:
        lengths = self.lengths or {}
        bars = ax.barh(list(lengths), list(lengths.values()), color=colour, height=0.6)
        ax.bar_label(bars, fmt="{:.3g}", padding=3)
        if self.limit is not None:
            ax.axvline(self.limit, color=COLOURS[1], linestyle="--")
        ax.invert_yaxis()
        ax.margins(x=0.15)
        ax.set_xlabel(self.unit)


class Row(NamedTuple):
    """heading: of all, where the first of them has no title."""

    panels: Sequence[Panel]
    heading: str = ""


def panels(rows: Sequence[Row], theme: str = "light") -> Figure:
    """Rows of panels, from the top. Raises ValueError where there are none."""
    if not all(row.panels for row in rows):
        raise ValueError("there is nothing to draw yet: it has not run")
    sizes = [[panel.size for panel in row.panels] for row in rows]
    width = max(sum(across for across, _ in row) for row in sizes)
    heights = [max(up for _, up in row) + TEXT for row in sizes]
    with style(theme):
        figure = Figure(figsize=(max(width, 3.0), sum(heights)), layout="constrained")
        grid = figure.add_gridspec(len(rows), 1, height_ratios=heights)
        for place, (row, size) in enumerate(zip(rows, sizes, strict=True)):
            ratios = [across for across, _ in size]
            inside = grid[place].subgridspec(1, len(size), width_ratios=ratios)
            for column, panel in enumerate(row.panels):
                ax = figure.add_subplot(inside[column])
                panel.draw(ax, COLOURS[0])
                title = fill(panel.title, int(LETTERS * panel.size[0]))
                ax.set_title(title, fontsize=9, loc="center")
                if panel.note:
                    ax.set_xlabel(panel.note, fontsize=8)
                if column == 0 and row.heading:
                    ax.set_title(row.heading, fontsize=9, loc="left")
    return figure
