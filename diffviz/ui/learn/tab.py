"""The Learn tab: the sections of the lesson, and what runs their experiments."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

from cachetools import TTLCache

from diffviz.data.examples import example
from diffviz.lessons.experiments import EXPERIMENTS
from diffviz.lessons.experiments.experiment import Experiment
from diffviz.lessons.experiments.minimal import CODE, source
from diffviz.lessons.experiments.race import recorded
from diffviz.lessons.experiments.reverse import PICTURE
from diffviz.lessons.lesson import sections
from diffviz.lessons.notebook import notebook
from diffviz.lessons.teacher import teacher
from diffviz.media.levels import grey_levels
from diffviz.serving.backend import Backend
from diffviz.serving.figures import FIGURES, save_figure, taken_home
from diffviz.serving.ticket import Ticket
from diffviz.settings import Settings, unknown
from diffviz.ui.component import live_view
from diffviz.ui.live_runs import LIVE, live_run
from diffviz.ui.messages import answer

# What ran lately, so that a figure is of the times that were measured, and costs no other run.
_recent: TTLCache[tuple[str, Settings], list[dict[str, Any]]] = TTLCache(32, 3600)
_known = Lock()


def learn_tab(backend: Backend) -> None:
    """Build the tab inside the current gr.Blocks."""
    view = live_view(
        "learn/view",
        "learn-view",
        "The lesson",
        events=("experiment", "halt"),
        server_functions=[notebook_told],
        facts=facts(),
    )
    running = view.experiment(backend.handler(EXPERIMENT), None, view, **LIVE)
    view.halt(None, cancels=[running], api_visibility="private")


def facts() -> dict[str, Any]:
    """What the page's code must know: all sections, and a picture for those experiments that the
    browser does by itself."""
    levels = grey_levels(example(PICTURE))
    return {
        "sections": [section.model_dump(mode="json") for section in sections()],
        "teacher": teacher(),
        "recorded": recorded(),
        "runnable": [name for name, known in EXPERIMENTS.items() if known.run],
        "code": {name: source(name) for name in CODE},
        "picture": {
            "shape": levels.shape,
            "levels": base64.b64encode(levels.numpy().tobytes()).decode(),
        },
    }


def notebook_told(request: Any) -> dict[str, Any]:
    """{"tried": settings by SECTION/NAME of its experiment} → the lesson as a notebook that repeats
    these, {"notebook": its text}."""
    return answer(lambda asked: {"notebook": notebook(changes=dict(asked["tried"]))}, request)


class Asked(NamedTuple):
    """figure: its format and theme, where it is what is wanted of the run."""

    experiment: Experiment
    settings: Settings
    figure: tuple[str, str] | None


def _asked(backend: Backend, request: Any) -> Asked:
    """{"experiment": its name, "settings", "figure": {"format", "theme"} or nothing} → what is to
    run; raises ValueError, in a sentence."""
    runnable = {name: known for name, known in EXPERIMENTS.items() if known.run}
    name = request["experiment"]
    if not isinstance(name, str) or name not in runnable:
        raise ValueError(unknown("experiment", name, runnable))
    figure = None
    if wanted := request.get("figure"):
        figure = str(wanted["format"]), str(wanted["theme"])
        if figure[0] not in FIGURES:
            raise ValueError(unknown("format", figure[0], FIGURES))
    return Asked(runnable[name], runnable[name].settings(**request["settings"]), figure)


def _messages(backend: Backend, asked: Asked, ticket: Ticket) -> Iterator[dict[str, Any]]:
    run = _run(backend, asked, ticket)
    if asked.figure:
        with _known:
            messages = _recent.get((asked.experiment.name, asked.settings))
        yield {"file": _figure(asked.experiment.name, messages or list(run), *asked.figure)}
    else:
        yield from run


def _run(backend: Backend, asked: Asked, ticket: Ticket) -> Iterator[dict[str, Any]]:
    assert asked.experiment.run
    messages = []
    for message in asked.experiment.run(
        asked.settings, lambda name: backend.models.served(name, "", ticket)
    ):
        ticket.check()
        messages.append(message)
        yield message
    with _known:
        _recent[asked.experiment.name, asked.settings] = messages


def _figure(name: str, messages: Sequence[dict[str, Any]], kind: str, theme: str) -> dict[str, Any]:
    from diffviz.lessons.figures import figure

    return taken_home(
        f"diffviz-{name}{FIGURES[kind]}",
        lambda path: save_figure(partial(figure, name, messages), path, "", theme),
    )


EXPERIMENT = live_run(_asked, _messages)
