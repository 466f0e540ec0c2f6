"""A run in the plane as something to take home: PNG, SVG, GIF, MP4, or the code that repeats it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch

from diffviz.runs.code import points_code
from diffviz.runs.plane import YOURS, denoiser_of
from diffviz.runs.plane_views import PlaneViews
from diffviz.serving.engine import Engine
from diffviz.serving.made_files import MadeFiles
from diffviz.serving.plane import MOST_STATES, Walk, evenly, prepare
from diffviz.serving.ticket import Ticket
from diffviz.settings import unknown
from diffviz.training.points import PointsTraining

CODE = "code"
FIGURES, FILMS = ("png", "svg"), ("gif", "mp4")
FORMATS = (*FIGURES, *FILMS, CODE)
MOST_FRAMES = 40  # each is a figure of its own, which takes longer than the run


class Wanted(NamedTuple):
    """place: which of the states that the page has a figure shows. training: of one's own denoiser,
    for the code."""

    walk: Walk
    views: PlaneViews
    kind: str
    place: int
    theme: str
    training: PointsTraining | None


def prepare_export(request: Any) -> Wanted:
    """{"settings", "network", "views", "format", "place", "theme", "training"} of a page, checked.
    Raises ValueError, in a sentence."""
    walk = prepare({**request, "beside": None})
    kind, training = str(request["format"]), request.get("training")
    if kind not in FORMATS:
        raise ValueError(unknown("format", kind, FORMATS))
    asked = None
    if walk.settings.denoiser == YOURS and kind == CODE:
        if not training:
            raise ValueError("how this denoiser was trained is not known here; train it again")
        of = ("data", "points", "word", "drawn")
        asked = PointsTraining(**training, **{name: getattr(walk.settings, name) for name in of})
    theme = "dark" if request.get("theme") == "dark" else "light"
    return Wanted(walk, PlaneViews(**request["views"]), kind, int(request["place"]), theme, asked)


def export_points(wanted: Wanted, files: MadeFiles, engine: Engine, ticket: Ticket) -> Path | str:
    """The path of a new file in a folder of its own, or the program's text."""
    from diffviz.figures import save
    from diffviz.figures.plane import film, plane
    from diffviz.media.files import film_gif, film_mp4

    walk, settings = wanted.walk, wanted.walk.settings
    if wanted.kind == CODE:
        training = wanted.training and training_source(wanted.training)
        return points_code(settings, training or "", torch.get_num_threads())
    steps = list(engine.pieces(walk.run(), ticket))
    denoiser = denoiser_of(settings, walk.cloud, walk.checkpoint)
    with files.new(f"diffviz-{settings.data}-seed-{settings.seed}.{wanted.kind}") as path:
        if wanted.kind in FIGURES:
            kept = evenly(len(steps), MOST_STATES)
            index = kept[max(0, min(wanted.place, len(kept) - 1))]
            made = plane(steps, settings, walk.cloud, denoiser, index, wanted.views, wanted.theme)
            save(made, path)
        else:
            few = [steps[index] for index in evenly(len(steps), MOST_FRAMES)]
            pictures = film(few, settings, walk.cloud, denoiser, wanted.views, wanted.theme)
            (film_gif if wanted.kind == "gif" else film_mp4)(pictures, path)
    return path


def training_source(training: PointsTraining) -> str:
    said = ", ".join(f"{name}={value!r}" for name, value in training.said().items())
    return f"diffviz.PointsTraining({said})"
