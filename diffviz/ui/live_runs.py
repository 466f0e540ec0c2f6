"""A run that a live view asks for: its messages, one after the other, as its turn comes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any

import gradio as gr

from diffviz.serving.admission import InLine
from diffviz.serving.backend import Backend
from diffviz.serving.ticket import Ticket
from diffviz.ui.gradio_seams import event_data
from diffviz.ui.messages import answer, sentence
from diffviz.ui.sample.tab import visitor

Asked = dict[str, Any]
Messages = Iterator[dict[str, Any]]


async def live_run(
    check: Callable[[Backend, Any], Asked],
    make: Callable[[Backend, Asked, Ticket], Messages],
    backend: Backend,
    event: gr.EventData,
    request: gr.Request,
) -> AsyncGenerator[str, None]:
    """JSON messages, each with its request's id: {"waiting"}, one's number in the line, those that
    are made, or {"failed"}, a sentence.

    check: what the event's request asks for; raises what `answer` turns into a sentence. make: the
    messages of a run whose turn it is.
    """
    wanted = event_data(event, "request")
    number = wanted.get("id") if isinstance(wanted, dict) else None

    def message(**content: Any) -> str:
        return json.dumps({"id": number, **content})

    asked = await asyncio.to_thread(answer, partial(check, backend), wanted)
    if "error" in asked:
        yield message(failed=asked["error"])
        return
    try:
        made = backend.admission.parts(visitor(request), partial(make, backend, asked))
        async with aclosing(made) as parts:
            async for part in parts:
                yield message(waiting=part.number) if isinstance(part, InLine) else message(**part)
    except ValueError as error:
        yield message(failed=sentence(error))
