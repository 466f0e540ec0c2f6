"""Restorations for visitors: checked, run by the engine, told frame by frame or kept in files."""

from __future__ import annotations

import base64
import time
from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from diffviz.guidance.methods import METHODS
from diffviz.measure.fidelity import answers, quality, spread
from diffviz.media.levels import fingerprint, grey_levels
from diffviz.media.medium import VIEWS, columns
from diffviz.media.picture import PICTURE
from diffviz.runs.asking import condition_of, speaks
from diffviz.runs.code import restore_code
from diffviz.runs.notes import note_of
from diffviz.runs.posing import Posed, pose
from diffviz.runs.restoration import LEVEL, Restoration, RestoreSettings
from diffviz.runs.restoring import restore
from diffviz.samplers import Step
from diffviz.serving.exports import CODE, FORMATS, MOST_FRAMES
from diffviz.serving.figures import FIGURES, save_figure
from diffviz.serving.frames import frame, outside
from diffviz.serving.made_files import MadeFiles
from diffviz.serving.models import TRAINED, Models
from diffviz.serving.ticket import Ticket
from diffviz.settings import unknown

MOST_PIXELS = 8 * 128 * 128  # of all results of a run


class Prepared(NamedTuple):
    """A restoration, checked and ready for its turn. name: of the denoiser; token: whose it is."""

    settings: RestoreSettings
    posed: Posed
    name: str
    token: str

    def steps(self, models: Models, ticket: Ticket) -> Iterator[Step]:
        checkpoint, denoiser = models.served(self.name, self.token, ticket)
        return restore(self.settings, self.posed, checkpoint, denoiser)


def prepare(
    models: Models,
    asked: Restoration,
    denoiser: str,
    words: tuple[str, str],
    picture: Tensor,
    mask: Tensor | None,
    token: str = "",
) -> Prepared:
    """What is asked of a picture. words: what to make, and what not. Raises ValueError, in a
    sentence."""
    checkpoint = models.model(denoiser, token)
    info = checkpoint.card.data
    what, but_not = words
    settings = asked.part(
        RestoreSettings,
        model=checkpoint.card.name,
        condition=condition_of(info, what),
        negative=condition_of(info, but_not) if speaks(info) else {},
    )
    posed = pose(settings, checkpoint.card, picture, mask)
    _, height, width = posed.shape
    if settings.count * height * width > MOST_PIXELS:
        most = max(1, MOST_PIXELS // (height * width))
        raise ValueError(
            f"of {width} × {height} pixels there can be {most} results at once; ask for fewer, or "
            "work at fewer pixels"
        )
    return Prepared(settings, posed, denoiser, token)


def told(prepared: Prepared, models: Models, ticket: Ticket) -> Iterator[dict[str, Any]]:
    """Messages for the page: {"start"}, a {"frame"} a step, and the {"end"}."""
    started = time.perf_counter()
    settings, posed = prepared.settings, prepared.posed
    steps = prepared.steps(models, ticket)
    first = next(steps)
    schedule = settings.noise_schedule()
    grid = schedule.grid(min(settings.steps, first.t), settings.spacing, start=first.t)
    card = models.model(prepared.name, prepared.token).card
    yield {
        "start": {
            "shape": posed.shape,
            "count": settings.count,
            "columns": columns(settings.count),
            "steps": len(grid) - 1,
            "grid": grid,
            "outside": outside(schedule, grid, card.ratio_range),
            "noise": posed.measurement.noise / LEVEL,
            "scaled": posed.scaled,
            "each": settings.evaluations,
            "seeds": settings.seeds,
            "notes": [note_of(settings.but(count=1, seed=seed)) for seed in settings.seeds],
            "degraded": picture_sent(posed.degraded),
            "cheap": {
                **picture_sent(posed.cheap),
                "label": settings.entry.cheap_label,
                **quality(posed, posed.cheap),
            },
            "original": None if posed.original is None else picture_sent(posed.original),
        }
    }
    step = first
    yield {"frame": frame(PICTURE, 0, first, first.nfe, time.perf_counter() - started)}
    for step in steps:
        yield {"frame": frame(PICTURE, 0, step, step.nfe, time.perf_counter() - started)}
    mean, std = spread(step.x)
    most = max(float(std.max()), LEVEL)
    yield {
        "end": {
            "fingerprint": fingerprint(step.x),
            "ours": quality(posed, step.x),
            "look": quality(posed, first.x0),
            "mean": {**picture_sent(mean), **quality(posed, mean)},
            "spread": {**picture_sent(2 * std / most - 1), "most": most / LEVEL},
        }
    }


def picture_sent(x: Tensor) -> dict[str, Any]:
    """A picture (1, C, H, W) as the page takes one."""
    levels = grey_levels(x[0])
    return {"shape": levels.shape, "levels": base64.b64encode(levels.numpy().tobytes()).decode()}


def finished(prepared: Prepared, models: Models, ticket: Ticket) -> tuple[Tensor, dict[str, Any]]:
    """The results (count, C, H, W), and facts about them."""
    last = deque(prepared.steps(models, ticket), maxlen=1).pop()
    settings, posed = prepared.settings, prepared.posed
    facts = {
        "task": settings.task,
        "method": METHODS[settings.method].label,
        "size": [posed.shape[2], posed.shape[1]],
        "scaled": posed.scaled,
        "noise": posed.measurement.noise / LEVEL,
        "evaluations": last.nfe,
        "fingerprint": fingerprint(last.x),
        "result": quality(posed, last.x),
        "cheap": {"is": settings.entry.cheap_label, **quality(posed, posed.cheap)},
    }
    return last.x, facts


def export(
    prepared: Prepared, models: Models, files: MadeFiles, kind: str, view: str, ticket: Ticket
) -> Path | str:
    """As `exports.write_file`, of a restoration."""
    settings, posed = prepared.settings, prepared.posed
    if view not in VIEWS:
        raise ValueError(f"unknown view {view!r}; choose from {', '.join(VIEWS)}")
    if kind == CODE:
        own = prepared.name.startswith(TRAINED)
        return restore_code(settings, settings.entry.needs_mask, torch.get_num_threads(), own)
    if kind not in FORMATS and kind not in FIGURES:
        raise ValueError(unknown("format", kind, [*FORMATS, *FIGURES, CODE]))
    steps = list(prepared.steps(models, ticket))
    if kind in FIGURES:
        made = answers(settings, posed, steps[-1].x)
        with files.new(f"diffviz-{settings.task}-figure{FIGURES[kind]}") as path:
            save_figure(partial(_figure, made, settings), path, note_of(settings))
        return path
    extension, save = FORMATS[kind]
    stride = -(-len(steps) // MOST_FRAMES)
    scale = max(1, 256 // max(posed.shape[1:]))
    with files.new(f"diffviz{extension}") as path:
        save(steps[::-1][::stride][::-1], path, view, scale=scale, note=note_of(settings))
    return path


def _figure(
    made: Mapping[str, tuple[Tensor, float | None]], settings: RestoreSettings, theme: str
) -> Any:
    from diffviz import figures

    return figures.answers(made, settings.title, theme)
