"""The noising of a picture as something to take home: a film, a strip of its steps, or a figure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from diffviz.forward import add_noise, noise
from diffviz.media.files import film_gif, film_mp4
from diffviz.media.notes import png_note
from diffviz.media.picture import tile
from diffviz.runs.notes import note_of
from diffviz.runs.schema import NoiseSettings
from diffviz.schedules import make_schedule
from diffviz.serving.figures import BUSY, FIGURES, MAKING, save_figure
from diffviz.settings import unknown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FRAMES, STOPS = 41, 10
SIDE = 256  # pixels of the longer side of a film, at least
FILMS: dict[str, Callable[..., None]] = {"gif": partial(film_gif, noisy=True), "mp4": film_mp4}
KINDS = (*FILMS, "strip", *FIGURES, *(f"schedules-{kind}" for kind in FIGURES))


def noised(x0: Tensor, settings: NoiseSettings, count: int) -> Tensor:
    """x_t of x0 (C, H, W) at `count` times evenly from 0 to T, (count, C, H, W), each divided by
    √(α² + σ²) as the page shows it."""
    schedule, eps = settings.noise_schedule(), noise(settings.seed, x0.shape)
    times = torch.linspace(0, schedule.T, min(count, schedule.T + 1)).round().long().tolist()
    norms = [math.hypot(float(schedule.alpha[t]), float(schedule.sigma[t])) for t in times]
    return torch.stack(
        [add_noise(x0, eps, schedule, t) / norm for t, norm in zip(times, norms, strict=True)]
    )


def write_noising(
    x0: Tensor,
    settings: NoiseSettings,
    rivals: Sequence[str],
    kind: str,
    theme: str,
    path: Path,
) -> None:
    """Write one of KINDS. rivals: schedules that a figure of schedules has beside the settings'
    own. Raises ValueError, in a sentence."""
    note = note_of(settings)
    if kind in FILMS:
        scale = max(1, SIDE // max(x0.shape[1:]))
        with MAKING.turn(BUSY):
            frames = [tile(x_t[None], scale) for x_t in noised(x0, settings, FRAMES)]
            FILMS[kind](frames, path, note=note)
    elif kind == "strip":
        from PIL import Image

        strip = tile(noised(x0, settings, STOPS), per_row=STOPS)
        Image.fromarray(strip).save(path, pnginfo=png_note(note))
    elif kind in KINDS:
        save_figure(_drawing(x0, settings, rivals, kind in FIGURES), path, note, theme)
    else:
        raise ValueError(unknown("format", kind, KINDS))


def ending(kind: str) -> str:
    """Of the name of a file of a kind; raises ValueError for one that there is not."""
    if kind not in KINDS:
        raise ValueError(unknown("format", kind, KINDS))
    return FIGURES.get(kind.removeprefix("schedules-"), ".png" if kind == "strip" else f".{kind}")


def _drawing(
    x0: Tensor, settings: NoiseSettings, rivals: Sequence[str], of_picture: bool
) -> Callable[[str], Figure]:
    from diffviz import figures

    own = settings.noise_schedule()

    def draw(theme: str) -> Any:
        if of_picture:
            return figures.forward(x0, own, seed=settings.seed, theme=theme)
        return figures.schedules([own, *(make_schedule(r, settings.T) for r in rivals)], theme)

    return draw
