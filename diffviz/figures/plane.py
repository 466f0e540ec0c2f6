"""The plane as a figure: samples on their way, with paths, field and density as wanted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection

from diffviz.data.plane.clouds import Cloud
from diffviz.denoisers.base import Denoiser
from diffviz.figures.style import COLOURS, Figure, style
from diffviz.runs.conditions import conditions
from diffviz.runs.plane import PlaneSettings, components
from diffviz.runs.plane_views import (
    NONE,
    REACH,
    PlaneViews,
    density,
    grid,
    line_density,
    vectors,
)
from diffviz.samplers import Step

SIDE, ARROWS, COLUMNS = 96, 22, 180
MOST_PATHS = 300
LONGEST = 0.95  # the share of arrows that are at most a cell long


def plane(
    run: Sequence[Step],
    settings: PlaneSettings,
    cloud: Cloud,
    denoiser: Denoiser,
    index: int = -1,
    views: PlaneViews | None = None,
    theme: str = "light",
) -> Figure:
    """A run's state at one of its steps, the last by default, scaled to α² + σ² = 1."""
    views = views or PlaneViews()
    step, schedule = run[index], settings.noise_schedule()
    states = torch.stack([one.x / math.hypot(one.alpha, one.sigma) for one in run])
    with style(theme) as faint:
        figure = Figure(figsize=(4.6, 4.8), layout="constrained")
        ax = figure.subplots()
        ax.grid(False)
        if views.density:
            seen = density(components(settings, cloud), schedule, step.t, SIDE).sqrt()
            ends = (-REACH, REACH, -REACH, REACH)
            ax.imshow(seen.numpy(), origin="lower", extent=ends, cmap="Blues", alpha=0.6, zorder=0)
        known, here = cloud.points.numpy(), states[index].numpy()
        ax.scatter(known[:, 0], known[:, 1], s=2, color=faint, zorder=1)
        if views.field != NONE:
            _field(ax, views, denoiser, settings, cloud, step.t)
        if views.paths:
            ways = states[:, :MOST_PATHS].transpose(0, 1).numpy()
            lines = LineCollection(list(ways), colors=COLOURS[0], linewidths=0.5, alpha=0.25)
            ax.add_collection(lines)
        ax.scatter(here[:, 0], here[:, 1], s=4, color=COLOURS[0], alpha=0.85, zorder=3)
        ax.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal", xticks=[], yticks=[])
        ax.set_title(f"t = {step.t}")
    return figure


def plane_over_t(
    run: Sequence[Step], settings: PlaneSettings, cloud: Cloud, theme: str = "light"
) -> Figure:
    """Of data on a line the whole process: x against t, p_t(x) as shade, each column by its own
    highest, and the run's paths. Raises ValueError for other data."""
    if not cloud.line:
        raise ValueError(f"{settings.data} data are not on a line, of which x over t is all")
    schedule, parts = settings.noise_schedule(), components(settings, cloud)
    times = [round((column + 0.5) / COLUMNS * schedule.T) for column in range(COLUMNS)]
    seen = torch.stack([line_density(parts, schedule, t, SIDE) for t in times], dim=1)
    states = torch.stack([one.x[:, 0] / math.hypot(one.alpha, one.sigma) for one in run])
    with style(theme):
        figure = Figure(figsize=(7.2, 3.4), layout="constrained")
        ax = figure.subplots()
        ax.grid(False)
        shade = (seen / seen.amax(0)).numpy()
        ends = (0, schedule.T, -REACH, REACH)
        ax.imshow(shade, origin="lower", extent=ends, cmap="Blues", alpha=0.7, aspect="auto")
        ways = states[:, :MOST_PATHS].numpy()
        ax.plot([one.t for one in run], ways, color=COLOURS[1], linestyle="-", lw=0.5, alpha=0.4)
        ax.set(xlim=(0, schedule.T), ylim=(-REACH, REACH), xlabel="t", ylabel="$x_t$")
    return figure


def _field(
    ax: Axes, views: PlaneViews, denoiser: Denoiser, settings: PlaneSettings, cloud: Cloud, t: int
) -> None:
    """As arrows, or as streamlines, which are drawn where they have room."""
    places = grid(ARROWS)
    said = {"class": settings.what} if settings.what else {}
    rows = conditions(cloud.info, said, len(places))
    found = vectors(views.field, denoiser, settings.noise_schedule(), t, places, rows).numpy()
    if views.streamlines:
        axis = places[:ARROWS, 0].numpy()
        across, up = found.T.reshape(2, ARROWS, ARROWS)
        ink = mpl.rcParams["text.color"]
        ax.streamplot(axis, axis, across, up, color=ink, linewidth=0.6, arrowsize=0.7, zorder=2)
        return
    longest = float(np.quantile(np.hypot(*found.T), LONGEST)) or 1.0
    scale = longest / (2 * REACH / ARROWS)
    look = {"color": mpl.rcParams["text.color"], "width": 0.003, "zorder": 2}
    ax.quiver(*places.numpy().T, *found.T, angles="xy", scale_units="xy", scale=scale, **look)


def film(
    run: Sequence[Step],
    settings: PlaneSettings,
    cloud: Cloud,
    denoiser: Denoiser,
    views: PlaneViews | None = None,
    theme: str = "light",
) -> list[np.ndarray]:
    """A picture (rows, columns, 3) uint8 of each step."""
    pictures = []
    for index in range(len(run)):
        figure = plane(run, settings, cloud, denoiser, index, views, theme)
        canvas: Any = FigureCanvasAgg(figure)  # its methods are untyped
        canvas.draw()
        pictures.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    return pictures
