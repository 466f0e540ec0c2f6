"""A run as something to take home: GIF, MP4, PNG strip, or the code that repeats it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from diffviz.checkpoints import Card, Checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.media.files import film_gif, save_gif, save_mp4, save_png, save_strip
from diffviz.media.levels import fingerprint
from diffviz.media.medium import VIEWS, Medium
from diffviz.runs.between import between
from diffviz.runs.code import code
from diffviz.runs.conditions import alone
from diffviz.runs.notes import note_of
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.samplers import Step
from diffviz.serving.figures import FIGURES, save_figure
from diffviz.serving.frames import names_of, words
from diffviz.serving.made_files import MadeFiles
from diffviz.serving.models import TRAINED
from diffviz.settings import unknown

CODE = "code"
FORMATS: dict[str, tuple[str, Callable[..., None]]] = {
    "gif": (".gif", save_gif),
    "mp4": (".mp4", save_mp4),
    "strip": ("-strip.png", save_strip),
}
# A film of more frames is longer to make than to wait for; the steps are then thinned out evenly.
MOST_FRAMES = 120
BETWEEN_FPS = 12
MOST_LETTERS = 60  # of what was asked for, in a file's name


def write_file(
    files: MadeFiles,
    settings: RunSettings,
    kind: str,
    view: str,
    checkpoint: Checkpoint,
    denoiser: Denoiser,
    rivals: Sequence[str] = (),
) -> Path | str:
    """The path of a new file in a folder of its own, or the program's text for kind "code".

    rivals: samplers that race against the settings' own, each a lane with its name.
    Raises ValueError for a kind or view that is not there.
    """
    if view not in VIEWS:
        raise ValueError(f"unknown view {view!r}; choose from {', '.join(VIEWS)}")
    named = settings.but(model=checkpoint.card.name)
    if kind == CODE:
        own = settings.model.startswith(TRAINED)
        return code(named, torch.get_num_threads(), rivals, own)
    medium = checkpoint.medium
    there = [name for name in FORMATS if name in medium.files]
    if kind not in there and kind not in FIGURES:
        raise ValueError(unknown("format", kind, [*there, *FIGURES, CODE]))
    stride = -(-settings.steps // MOST_FRAMES)
    entrants, lanes = settings.against(rivals), {}
    for name, entrant in zip(names_of(entrants) if rivals else [""], entrants, strict=True):
        made = run(entrant, checkpoint, denoiser=denoiser)
        lanes[name] = [step for step in made if (settings.steps - step.index) % stride == 0]
    more: dict[str, Any] = {"headings": settings.headings}
    if settings.vary and kind != "strip":
        more["per_row"] = settings.columns
    note = note_of(named, **({"rivals": list(rivals)} if rivals else {}))
    name = file_name(settings, checkpoint.card, view, rivals)
    if kind in FIGURES:
        with files.new(f"{name}-figure{FIGURES[kind]}") as path:
            save_figure(partial(_figure, next(iter(lanes.values())), medium), path, note)
        return path
    extension, save = FORMATS[kind]
    with files.new(name + extension) as path:
        save(lanes, path, view, medium=medium, note=note, **more)
    return path


def _figure(steps: Sequence[Step], medium: Medium, theme: str) -> Any:
    """One sample's way, x_t above x̂0."""
    from diffviz.figures import sampling

    return sampling(steps, theme=theme, seen=medium.drawn)


def write_between(
    files: MadeFiles,
    settings: RunSettings,
    seed: int,
    checkpoint: Checkpoint,
    denoiser: Denoiser,
    to: Mapping[str, str] | None = None,
) -> Path:
    """The path of a new GIF in which the run's first sample turns into that of another seed, and of
    another condition where one is given. Raises ValueError as `between`."""
    card, medium = checkpoint.card, checkpoint.medium
    samples = list(between(settings, seed, checkpoint, denoiser, to=to))
    one = alone(settings.but(model=card.name), card.data, 0)
    with files.new(f"{file_name(one, card)}-to-{seed}.gif") as path:
        sheets = [medium.sheet(x, 8, None) for x in samples]
        film_gif(sheets, path, BETWEEN_FPS, note_of(one, to=seed, **({"said": to} if to else {})))
    return path


def file_name(
    settings: RunSettings, card: Card, view: str = "x", rivals: Sequence[str] = ()
) -> str:
    """What tells one run's files from another's, without the ending: such as
    diffviz-MODEL-a-frog-with-an-axe-x0-seed-3."""
    parts = ["diffviz", card.name, words(settings, card.data)[:MOST_LETTERS]]
    parts += ["race"] * bool(rivals) + [view] * (view != "x") + ["seed", str(settings.seed)]
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


def write_picture(
    files: MadeFiles, settings: RunSettings, checkpoint: Checkpoint, denoiser: Denoiser
) -> tuple[Path, dict[str, Any]]:
    """The path of a new PNG with the run's results, and facts about the run."""
    last = deque(run(settings, checkpoint, denoiser=denoiser), maxlen=1).pop()
    per_row = settings.columns if settings.vary else None
    with files.new(file_name(settings, checkpoint.card) + ".png") as path:
        note = note_of(settings.but(model=checkpoint.card.name))
        save_png(last.x, path, per_row=per_row, medium=checkpoint.medium, note=note)
    facts = {
        "fingerprint": fingerprint(last.x),
        "evaluations": last.nfe,
        "seeds": settings.seeds,
        "settings": settings.model_dump(mode="json"),
    }
    return path, facts
