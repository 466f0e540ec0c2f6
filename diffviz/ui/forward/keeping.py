"""What is taken home of a picture that was brought back: a film of the way, or a strip of it."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from diffviz.serving.backend import Backend
from diffviz.serving.exports import FORMATS, MOST_FRAMES
from diffviz.serving.ticket import Ticket
from diffviz.ui.component import page_call
from diffviz.ui.forward.bringing_back import Edit, asked_back
from diffviz.ui.gradio_seams import event_data
from diffviz.ui.messages import checked, told_in_the_page
from diffviz.ui.sample.tab import NETWORK, SILENT, visitor

VIEWS = ("x", "x0")  # that the way is shown in
SIDE = 256  # pixels of the longer side, at least


def let_keep(backend: Backend, view: gr.HTML) -> None:
    """Let a live view's event "keep", {"request", "format", "view"}, make a file of its run again,
    and hand it to the browser's downloads."""
    kept = gr.File(label="Your file", elem_id="forward-back-file", visible=False)
    keeping = view.keep(backend.handler(_keep), None, kept, **SILENT, **NETWORK)
    keeping.success(None, kept, None, js=page_call("takeHome"), **SILENT)
    keeping.then(None, js=page_call("ended", "keeping"))
    view.back(None, None, [kept], js=page_call("hidden", 1), **SILENT)  # it is of another run


async def _keep(backend: Backend, event: gr.EventData, request: gr.Request) -> Any:
    with told_in_the_page():
        wanted = event_data(event, "request")
        edit, _ = await asyncio.to_thread(checked, partial(asked_back, backend), wanted)
        kind, seen = (str(event_data(event, name)) for name in ("format", "view"))
        path = await backend.admission.at_once(
            visitor(request), lambda ticket: written(backend, edit, kind, seen, ticket)
        )
    return gr.File(value=str(path), visible=True)


def written(backend: Backend, edit: Edit, kind: str, view: str, ticket: Ticket) -> Path:
    """The path of a new file of the whole way, there and back. Raises ValueError for a kind or a
    view that is not there."""
    for what, name, known in (("format", kind, tuple(FORMATS)), ("view", view, VIEWS)):
        if name not in known:
            raise ValueError(f"unknown {what} {name!r}; choose from {', '.join(known)}")
    extension, save = FORMATS[kind]
    steps = [stage.step for stage in edit.stages(backend.guessing, ticket)]
    stride = -(-len(steps) // MOST_FRAMES)
    scale = max(1, SIDE // max(edit.x0.shape[2:])) if kind != "strip" else 2
    settings = edit.settings
    name = f"diffviz-{edit.name}-{settings.mode}-t-{settings.t}{extension}"
    with backend.files.new(name) as path:
        save(steps[::-1][::stride][::-1], path, view, scale=scale, note=edit.note)
    return path
