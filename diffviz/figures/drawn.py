"""The figures: each takes what was computed, and computes nothing but where it is drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, ScalarFormatter
from torch import Tensor

from diffviz.figures.style import Figure, style
from diffviz.forward import add_noise, noise
from diffviz.media.medium import columns, view_of
from diffviz.samplers import Step
from diffviz.schedules import NoiseSchedule

MOST_PICTURES = 9  # in a strip; of more steps the most evenly spaced are shown
VIEWS = {"x": "$x_t$", "x0": r"$\hat{x}_0$", "eps": r"$\hat{\epsilon}$"}


def schedules(compared: Sequence[NoiseSchedule], theme: str = "light") -> Figure:
    """ᾱ_t and log-SNR of schedules over t/T, side by side."""
    with style(theme):
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        share, snr = figure.subplots(1, 2)
        for schedule in compared:
            time = torch.arange(schedule.T + 1) / schedule.T
            share.plot(time, schedule.alpha_bar, label=schedule.name)
            inside = schedule.log_snr.isfinite()
            snr.plot(time[inside], schedule.log_snr[inside], label=schedule.name)
        share.set(title=r"Share of the picture, $\bar\alpha_t$", xlabel="$t/T$", ylim=(-0.02, 1.02))
        snr.set(title=r"log-SNR, $\log\,\alpha_t^2/\sigma_t^2$", xlabel="$t/T$")
        snr.legend()
    return figure


def forward(
    x0: Tensor, schedule: NoiseSchedule, count: int = 7, seed: int = 0, theme: str = "light"
) -> Figure:
    """x0 (C, H, W) at `count` times from 0 to T, over the log-SNR at each."""
    eps = noise(seed, x0.shape)
    times = evenly(schedule.T + 1, count)
    with style(theme) as faint:
        figure = Figure(figsize=(1.35 * len(times), 2.9), layout="constrained")
        grid = figure.add_gridspec(2, len(times), height_ratios=(3, 2))
        for place, t in enumerate(times):
            x_t = add_noise(x0, eps, schedule, t)
            scale = math.hypot(float(schedule.alpha[t]), float(schedule.sigma[t]))
            show(figure.add_subplot(grid[0, place]), x_t / scale, f"t = {t}")
        below = figure.add_subplot(grid[1, :])
        inside = schedule.log_snr.isfinite()
        below.plot(torch.arange(schedule.T + 1)[inside], schedule.log_snr[inside])
        for t in times:
            below.axvline(t, color=faint, linestyle=":", linewidth=1, zorder=0)
        below.axhline(
            0, color=faint, linestyle="-", linewidth=1, zorder=0
        )  # as much noise as picture
        below.set(xlabel=f"t, schedule {schedule.name}", ylabel="log-SNR")
        below.margins(x=0.5 / len(times) / 2)
    return figure


def sampling(
    steps: Sequence[Step],
    views: Sequence[str] = ("x", "x0"),
    sample: int = 0,
    theme: str = "light",
    seen: Callable[[Step, str], Tensor] = view_of,
) -> Figure:
    """One sample of a run, from noise to picture: a row for each view. seen: how its medium shows a
    view of a step, as pictures."""
    chosen = evenly(len(steps), MOST_PICTURES)
    with style(theme):
        figure = Figure(figsize=(1.15 * len(chosen), 1.3 * len(views)), layout="constrained")
        axes = figure.subplots(len(views), len(chosen), squeeze=False)
        for row, view in zip(axes, views, strict=True):
            for ax, index in zip(row, chosen, strict=True):
                show(ax, seen(steps[index], view)[sample])
            row[0].set_ylabel(VIEWS[view], rotation=0, ha="right", va="center", fontsize=12)
        for ax, index in zip(axes[0], chosen, strict=True):
            ax.set_title(f"t = {steps[index].t}", fontsize=9, loc="center")
    return figure


def samples(pictures: Tensor, labels: Sequence[str] = (), theme: str = "light") -> Figure:
    """Pictures (N, C, H, W) in a grid, each with its label."""
    across = columns(len(pictures))
    down = -(-len(pictures) // across)
    with style(theme):
        figure = Figure(figsize=(1.3 * across, 1.45 * down), layout="constrained")
        axes = figure.subplots(down, across, squeeze=False).ravel()
        for place, ax in enumerate(axes):
            if place < len(pictures):
                show(ax, pictures[place], labels[place] if place < len(labels) else "")
            else:
                ax.set_axis_off()
    return figure


def answers(
    told: Mapping[str, tuple[Tensor, float | None]], note: str = "", theme: str = "light"
) -> Figure:
    """What was made of one picture, side by side. told: label → (picture (C, H, W), PSNR in dB
    where the original is known), as `measure.fidelity.answers` has them."""
    with style(theme):
        figure = Figure(figsize=(2.2 * len(told), 2.9), layout="constrained")
        axes = figure.subplots(1, len(told), squeeze=False)[0]
        for ax, (label, (picture, psnr)) in zip(axes, told.items(), strict=True):
            show(ax, picture, label)
            ax.set_xlabel("" if psnr is None else f"PSNR {psnr:.2f} dB")
        if note:
            figure.suptitle(note)
    return figure


def losses(
    points: Sequence[Sequence[float]], ratios: Sequence[float], theme: str = "light"
) -> Figure:
    """A training's loss over the pictures seen, and by noise level, at first and at last.

    points: (pictures seen, mean loss, the loss at each noise level), as `/train_status` and the
    jobs' store have them. ratios: σ/α of each level. Raises ValueError where there are no points.
    """
    if not points:
        raise ValueError("this training has no points yet: it has just begun")
    with style(theme) as faint:
        figure = Figure(figsize=(9, 3.6), layout="constrained")
        curve, levels = figure.subplots(1, 2)
        seen = [point[0] for point in points]
        curve.plot(seen, [point[1] for point in points], color=faint, linestyle="-", linewidth=1)
        curve.plot(seen, smoothed([point[1] for point in points]))
        curve.set(title="Loss", xlabel="pictures seen", yscale="log")
        curve.xaxis.set_major_locator(MaxNLocator(5))
        for point, label in ((points[0], "at first"), (points[-1], "at last")):
            levels.plot(ratios, point[2:], marker="o", markersize=3.5, label=label)
        levels.set(
            title="Loss by noise level", xlabel=r"$\sigma/\alpha$", xscale="log", yscale="log"
        )
        levels.legend()
    return figure


def convergence(
    distances: Mapping[str, Sequence[tuple[int, float]]],
    note: str = "",
    theme: str = "light",
) -> Figure:
    """How near samplers come to the exact end, for so many evaluations.

    distances: label → (evaluations, root mean square distance), as `measure.convergence` has them.
    """
    with style(theme):
        figure = Figure(figsize=(6, 4.2), layout="constrained")
        ax = figure.subplots()
        for label, found in distances.items():
            ax.plot(*zip(*found, strict=True), marker="o", markersize=4, label=label)
        ax.set(xscale="log", yscale="log", xlabel="evaluations of the network")
        ax.set(title="Distance to the reference" + (f": {note}" if note else ""))
        ax.xaxis.set_major_locator(LogLocator(2))
        ax.xaxis.set_major_formatter(ScalarFormatter())
        ax.xaxis.set_minor_locator(NullLocator())
        ax.legend()
    return figure


def show(ax: Axes, picture: Tensor, title: str = "") -> None:
    """A picture (C, H, W) in −1..1, in its own pixels."""
    levels = picture.detach().float().cpu().add(1).div(2).clamp(0, 1).permute(1, 2, 0)
    look: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 1} if levels.shape[2] == 1 else {}
    ax.imshow(levels.squeeze(2).numpy(), interpolation="nearest", **look)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=9, loc="center")
    ax.grid(False)


def evenly(length: int, count: int) -> list[int]:
    """At most `count` indices of 0 … length − 1, the first and the last among them."""
    return sorted({round(i) for i in torch.linspace(0, length - 1, min(count, length)).tolist()})


def smoothed(values: Sequence[float], keep: float = 0.9) -> list[float]:
    """An exponential mean that does not start from 0, as in Adam and on the page."""
    mean, means = 0.0, []
    for count, value in enumerate(values, start=1):
        mean = keep * mean + (1 - keep) * value
        means.append(mean / (1 - keep**count))
    return means
