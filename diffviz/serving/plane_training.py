"""Trainings in the plane for visitors, who watch the denoiser as it learns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from diffviz.data.plane.clouds import Cloud
from diffviz.runs.plane import YOURS, PlaneSettings, run_points
from diffviz.serving.engine import Engine
from diffviz.serving.plane import network_sent, sent
from diffviz.serving.ticket import Ticket
from diffviz.training.points import Learned, PointsTrainer, PointsTraining

TOLD_SECONDS = 0.15  # between two looks at how it stands
SEEN, SEEN_STEPS = 500, 16  # samples, and their steps, of a look
MOST_WORK = 3e12  # of updates × batch × weights: three minutes of a core or so


class Lesson(NamedTuple):
    """A training, checked and ready for its turn; run: how its samples are made meanwhile."""

    settings: PointsTraining
    cloud: Cloud
    run: PlaneSettings


def prepare_lesson(request: Any) -> Lesson:
    """{"training", "settings" of a run} of a page, checked. Raises ValueError, in a sentence."""
    run = PlaneSettings(**{**request["settings"], "denoiser": YOURS})
    same = {name: getattr(run, name) for name in ("data", "points", "word", "drawn")}
    return lesson(PointsTraining(**{**request["training"], **same}), run)


def lesson(settings: PointsTraining, run: PlaneSettings) -> Lesson:
    """Raises ValueError for more than a visitor may ask for."""
    weights = settings.depth * settings.width**2 + 16 * settings.width
    if settings.updates * settings.batch * weights > MOST_WORK:
        raise ValueError(
            f"{settings.updates:,} steps of {settings.batch:,} points for so large a network take "
            "too long here; ask for fewer steps, a smaller batch or a smaller network"
        )
    seen = {"count": min(run.count, SEEN), "steps": min(run.steps, SEEN_STEPS)}
    return Lesson(
        settings, settings.cloud(), run.but(sampler="ddim", sampler_parameters={}, **seen)
    )


def learned(lesson: Lesson, engine: Engine, ticket: Ticket) -> Iterator[Learned]:
    """How it stands, as soon as there is something to see, then every TOLD_SECONDS, and at the
    end."""
    trainer = PointsTrainer(lesson.cloud, lesson.settings)
    told = 0.0
    for updates in engine.pieces(trainer.pieces(), ticket):
        done = updates == lesson.settings.updates
        if done or time.monotonic() >= told + TOLD_SECONDS:
            told = time.monotonic()
            yield trainer.told()


def taught(lesson: Lesson, engine: Engine, ticket: Ticket) -> Iterator[dict[str, Any]]:
    """Messages for the page: {"learned"}: losses, weights and samples, and the {"trained"}."""
    started = time.perf_counter()
    for stand in learned(lesson, engine, ticket):
        *_, last = engine.pieces(run_points(lesson.run, stand.checkpoint, lesson.cloud), ticket)
        done = stand.updates == lesson.settings.updates
        yield {
            "trained" if done else "learned": {
                "updates": stand.updates,
                "of": lesson.settings.updates,
                "seconds": round(time.perf_counter() - started, 3),
                "losses": [round(loss, 5) for loss in stand.losses],
                "network": network_sent(stand.checkpoint),
                "xs": sent(last.x),
            }
        }
