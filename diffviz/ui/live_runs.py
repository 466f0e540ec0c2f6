"""A run that a live view asks for: its messages, one after the other, as its turn comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any, TypeVar

import gradio as gr

from diffviz.serving.admission import InLine
from diffviz.serving.backend import Backend
from diffviz.serving.ticket import Ticket
from diffviz.ui.gradio_seams import event_data
from diffviz.ui.messages import checked, sentence
from diffviz.ui.sample.tab import NETWORK, SILENT, visitor

Asked = TypeVar("Asked")
Messages = Iterator[dict[str, Any]]
# How Gradio is to take such an event.
LIVE: dict[str, Any] = {"trigger_mode": "multiple", **SILENT, **NETWORK}
Run = Callable[[Backend, gr.EventData, gr.Request], AsyncGenerator[str, None]]


def live_run(
    check: Callable[[Backend, Any], Asked], make: Callable[[Backend, Asked, Ticket], Messages]
) -> Run:
    """The handler of a live view's event: JSON messages, each with its request's id: {"waiting"},
    one's number in the line, those that are made, or {"failed"}, a sentence.

    check: what the event's request asks for, of which `checked` makes a sentence where it cannot
    be. make: the messages of a run whose turn it is.
    """

    async def run(
        backend: Backend, event: gr.EventData, request: gr.Request
    ) -> AsyncGenerator[str, None]:
        wanted = event_data(event, "request")
        number = wanted.get("id") if isinstance(wanted, dict) else None

        def message(**content: Any) -> str:
            return json.dumps({"id": number, **content})

        try:
            asked = await asyncio.to_thread(checked, partial(check, backend), wanted)
            made = backend.admission.parts(visitor(request), partial(make, backend, asked))
            async with aclosing(made) as parts:
                async for part in parts:
                    told = {"waiting": part.number} if isinstance(part, InLine) else part
                    yield message(**told)
        except ValueError as error:
            yield message(failed=sentence(error))

    return run
