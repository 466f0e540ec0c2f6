"""The Learn tab: the sections of the lesson, and what runs their experiments."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from diffviz.data.examples import example
from diffviz.lessons.experiments import EXPERIMENTS
from diffviz.lessons.experiments.minimal import CODE, source
from diffviz.lessons.experiments.race import recorded
from diffviz.lessons.experiments.reverse import PICTURE
from diffviz.lessons.lesson import sections
from diffviz.lessons.notebook import notebook
from diffviz.lessons.teacher import teacher
from diffviz.media.levels import grey_levels
from diffviz.serving.backend import Backend
from diffviz.serving.ticket import Ticket
from diffviz.settings import unknown
from diffviz.ui.component import live_view
from diffviz.ui.live_runs import LIVE, live_run
from diffviz.ui.messages import answer


def learn_tab(backend: Backend) -> None:
    """Build the tab inside the current gr.Blocks."""
    view = live_view(
        "learn/view",
        "learn-view",
        "The lesson",
        events=("experiment", "halt"),
        value=json.dumps(facts()),
        server_functions=[notebook_told],
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
        "code": {name: source(name) for name in CODE},
        "picture": {
            "shape": levels.shape,
            "levels": base64.b64encode(levels.numpy().tobytes()).decode(),
        },
    }


def notebook_told(request: Any) -> dict[str, Any]:
    """The lesson as a notebook, {"notebook": its text}."""
    return answer(lambda _: {"notebook": notebook()}, request)


def _asked(backend: Backend, request: Any) -> tuple[Any, Any]:
    """{"experiment": its name, "settings"} → what is to run, and with what; raises ValueError, in a
    sentence."""
    runnable = {name: known for name, known in EXPERIMENTS.items() if known.run}
    name = request["experiment"]
    if not isinstance(name, str) or name not in runnable:
        raise ValueError(unknown("experiment", name, runnable))
    return runnable[name].run, runnable[name].settings(**request["settings"])


def _messages(backend: Backend, asked: tuple[Any, Any], ticket: Ticket) -> Iterator[dict[str, Any]]:
    run, settings = asked
    for message in run(settings, lambda name: backend.models.served(name, "", ticket)):
        ticket.check()
        yield message


EXPERIMENT = live_run(_asked, _messages)
