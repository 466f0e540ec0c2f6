"""The figures of a race, what each rival made at last and how they came there, and of a
translation, where each point went."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from torch import Tensor

from diffviz.figures.style import COLOURS, Figure, style
from diffviz.media.points import REACH
from diffviz.media.registry import MEDIA

CURVES = {"covered": "Modes covered", "astray": "Share astray", "energy": "Energy distance"}


class Raced(Protocol):
    """A race or a translation as `rivals.record` tells it."""

    @property
    def status(self) -> dict[str, Any]: ...

    def clouds(self, number: int) -> Tensor: ...


def race(raced: Raced, theme: str = "light") -> Figure:
    """Above, what each rival makes at last with its first seed, over the data; below, modes
    covered, samples astray and energy distance over the updates: a line for each seed."""
    told, rounds = raced.status["contest"], raced.status["points"]
    rivals, seeds = told["rivals"], len(told["seeds"])
    fields = len(told["fields"])
    with style(theme) as faint:
        figure = Figure(figsize=(2.5 * max(3, len(rivals)), 5.6), layout="constrained")
        above, below = figure.subfigures(2, 1, squeeze=False)[:, 0]
        clouds = raced.clouds(raced.status["sheets"][-1])[:, 0]
        axes = above.subplots(1, len(rivals), squeeze=False)[0]
        for ax, rival, cloud, colour in zip(axes, rivals, clouds, COLOURS, strict=False):
            if told["medium"] == "points":
                scatter(ax, np.reshape(told["data"], (-1, 2)), faint)
                scatter(ax, cloud.numpy(), colour)
            else:
                ax.imshow(MEDIA[told["medium"]].sheet(cloud, 2, None))
            ax.set(xticks=[], yticks=[], title=rival["label"])
            ax.grid(False)
        axes = below.subplots(1, len(CURVES), squeeze=False)[0]
        for ax, (field, label) in zip(axes, CURVES.items(), strict=True):
            column = 2 + told["fields"].index(field)
            for place, rival in enumerate(rivals):
                for seed in range(seeds):
                    start = fields * (place * seeds + seed)
                    ax.plot(
                        [point[2 + start] for point in rounds],
                        [point[column + start] for point in rounds],
                        color=COLOURS[place],
                        linestyle="-",
                        linewidth=1,
                        alpha=0.8,
                        label=rival["label"] if seed == 0 else None,
                    )
            ax.set(title=label, xlabel="updates")
        ax.set_yscale("log")
        ax.legend()
    return figure


def translation(translated: Raced, theme: str = "light") -> Figure:
    """For each translator where the points began, arrived (over the data there) and came back to;
    each keeps its colour, which tells where it began."""
    told = translated.status["contest"]
    begin = np.reshape(told["begin"], (-1, 2))
    colours = hsv_to_rgb([(turn, 0.75, 0.75) for turn in _turns(begin)])
    clouds = translated.clouds(translated.status["sheets"][-1])
    names = told["translators"]
    with style(theme) as faint:
        figure = Figure(figsize=(7.5, 2.7 * len(names)), layout="constrained")
        rows = figure.subplots(len(names), 3, squeeze=False)
        for (first, there, back), name, (arrived, again) in zip(rows, names, clouds, strict=True):
            scatter(first, begin, colours)
            scatter(there, np.reshape(told["data"], (-1, 2)), faint)
            scatter(there, arrived.numpy(), colours)
            scatter(back, again.numpy(), colours)
            titles = told["source"], f"{name['label']}: {told['target'].lower()}", "and back"
            for ax, title in zip((first, there, back), titles, strict=True):
                ax.set(xticks=[], yticks=[], title=title)
                ax.grid(False)
    return figure


def _turns(points: np.ndarray) -> np.ndarray:
    """Directions from the centre, as shares of a turn."""
    across, up = (points - points.mean(0)).T
    turns: np.ndarray = np.arctan2(up, across) / (2 * np.pi) % 1
    return turns


def scatter(ax: Axes, points: Any, colour: Any) -> None:
    """Points (n, 2) in the plane."""
    ax.scatter(points[:, 0], points[:, 1], s=5, color=colour, linewidths=0)
    ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
