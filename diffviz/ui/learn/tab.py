"""The Learn tab: the sections of the lesson, and what runs their experiments."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import gradio as gr

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
from diffviz.ui.live_runs import live_run
from diffviz.ui.messages import answer
from diffviz.ui.sample.tab import NETWORK, SILENT


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
    running = view.experiment(
        backend.handler(_run), None, view, trigger_mode="multiple", **SILENT, **NETWORK
    )
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


async def _run(backend: Backend, event: gr.EventData, request: gr.Request) -> AsyncIterator[str]:
    """The messages of `live_run`, those of the experiment among them."""
    async with aclosing(live_run(_asked, _messages, backend, event, request)) as messages:
        async for message in messages:
            yield message


def _asked(backend: Backend, request: Any) -> dict[str, Any]:
    """{"experiment": its name, "settings"} → what is to run; raises ValueError, in a sentence."""
    runnable = {name: known for name, known in EXPERIMENTS.items() if known.run}
    name = request["experiment"]
    if not isinstance(name, str) or name not in runnable:
        raise ValueError(unknown("experiment", name, runnable))
    return {"run": runnable[name].run, "settings": runnable[name].settings(**request["settings"])}


def _messages(backend: Backend, asked: dict[str, Any], ticket: Ticket) -> Iterator[dict[str, Any]]:
    messages: Iterator[dict[str, Any]] = asked["run"](
        asked["settings"], lambda name: backend.models.served(name, "", ticket)
    )
    for message in messages:
        ticket.check()
        yield message
