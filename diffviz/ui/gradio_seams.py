"""Where we reach into Gradio's private parts: the tests of this file are the gate for an upgrade.

What its queue tells of events that failed, how often it looks around, what it keeps of a visit, and
where its uploads go. (The queue itself: gradio_queue.py and gradio_mailboxes.py; what is bounded by
address: there and in gradio_memory.py.)
"""

from __future__ import annotations

import logging
import re
import sys
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import gradio.blocks
import gradio.processing_utils
import gradio.queueing
import gradio.ranged_response
import gradio.route_utils
import gradio.routes
import gradio.state_holder
import gradio.utils
from gradio.block_function import BlockFunction as BlockFunction
from gradio.components import Component
from gradio.state_holder import SessionState
from jinja2 import BaseLoader, Environment
from starlette.responses import FileResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from diffviz.metrics import METRICS, Metrics
from diffviz.web.clients import CLIENT
from diffviz.web.logs import LOG, REQUEST_ID

PROGRESS_SECONDS = 30.0
_OF_LINKS = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>')
_UPLOADS: ContextVar[Path] = ContextVar("uploads")
_gradios_move: Any = gradio.processing_utils.async_move_files_to_cache
_gradios_folder = gradio.utils.get_upload_folder


class _Traceback:
    """Stands where Gradio's modules have Python's `traceback`, with which they print failures of
    events; a gr.Error is an answer, not a failure."""

    @staticmethod
    def print_exc() -> None:
        failed = not isinstance(sys.exc_info()[1], gr.Error)
        if failed and (metrics := METRICS.get(None)):
            metrics.errors.inc()
        level = logging.ERROR if failed else logging.DEBUG
        LOG.log(level, "event failed", exc_info=True)


def keep_apart(page: gr.Blocks, metrics: Metrics, uploads: Path) -> None:
    """While an event is worked on, what is logged carries the id of its request, and what is
    counted and written is this app's."""
    modules: list[Any] = [gradio.queueing, gradio.route_utils, gradio.routes]
    for module in modules:
        module.traceback = _Traceback
    queue: Any = page._queue
    process = queue.process_events

    async def in_context(events: list[Any], *rest: Any, **more: Any) -> None:
        state = getattr(events[0].request, "scope", {}).get("state", {})
        CLIENT.set(state.get("client", ""))
        REQUEST_ID.set(state.get("request_id", ""))  # each batch is worked on in a task of its own
        METRICS.set(metrics)
        with uploads_in(uploads):
            await process(events, *rest, **more)

    queue.process_events = in_context


def look_at_files_elsewhere() -> None:
    """What Gradio does with each file of an event, on the event loop, is done in a thread."""
    module: Any = gradio.processing_utils

    async def moved(data: Any, block: Any, *rest: Any, **more: Any) -> Any:
        if data and isinstance(block, gr.File | gr.Image):
            return await to_thread(module.move_files_to_cache, data, block, *rest, **more)
        return await _gradios_move(data, block, *rest, **more)

    module.async_move_files_to_cache = moved


def answer_ranges() -> None:
    """A part of a file has no other headers than the whole. (Gradio's copies all of the request's
    into its answer.)"""
    module: Any = gradio.ranged_response

    def of_file(path: Path, _range: Any, headers: Any, **_: Any) -> FileResponse:
        kind, disposition = headers["Content-Type"], headers["Content-Disposition"]
        return FileResponse(
            path, media_type=kind, filename=path.name, content_disposition_type=disposition
        )

    module.RangedFileResponse = of_file


def lighten(page: gr.Blocks) -> None:
    """Spare what Gradio does for nothing here, while what runs networks waits for Python's lock: a
    hundred looks a second for the progress of a gr.Progress; and at each message two searches for
    matplotlib."""
    page._queue.progress_update_sleep_when_free = PROGRESS_SECONDS
    utils: Any = gradio.utils
    utils.MatplotlibBackendMananger = nullcontext


def show_no_progress(page: gr.Blocks, nowhere: Component) -> None:
    """Of events that hide their progress, none is looked for a place to show it in: at each message
    Gradio's page copies all that each of those holds, and of every event there was in it so far.

    nowhere: an invisible component, the first of the page, for that is where the search begins.
    """
    for event in page.fns.values():
        if event.show_progress == "hidden":
            event.show_progress_on = [nowhere]


class Visit(SessionState):
    """gr.State and components that changed for one visitor, and no more.

    Not what only Gradio's deep links need, which are closed here (web/gate.py). For them alone it
    copies the settings of all components (330 KB of each visit, and tens of milliseconds in which
    nobody else is answered), and every output's last value.
    """

    def __init__(self, blocks: gr.Blocks) -> None:
        no_copies: Any = SimpleNamespace(default_config=blocks.default_config, blocks=())
        super().__init__(no_copies)

    def __setitem__(self, key: int, value: Any) -> None:
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        """Nothing is copied."""

    def _update_value_in_config(self, key: int, value: Any) -> None:
        """Nothing is copied."""


def keep_little() -> None:
    """From now on Gradio's sessions are visits."""
    modules: list[Any] = [gradio.state_holder, gradio.blocks, gradio.route_utils]
    for module in modules:
        module.SessionState = Visit


def _upload_folder() -> str:
    """Stands where Gradio asks for its folder of uploads, of which it has one for all apps of a
    process: what GRADIO_TEMP_DIR says."""
    return str(_UPLOADS.get(None) or _gradios_folder())


for _module in (gradio.utils, gradio.blocks, gradio.routes, gradio.processing_utils):
    _module.get_upload_folder = _upload_folder  # type: ignore[attr-defined]


@contextmanager
def uploads_in(folder: Path) -> Iterator[None]:
    """What Gradio does in here, in making a page or for an event, it does with this folder."""
    before = _UPLOADS.set(folder.resolve())
    try:
        yield
    finally:
        _UPLOADS.reset(before)


class Uploads:
    """The same for what it does at a request."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self.app, self.folder = app, folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with uploads_in(self.folder):
            await self.app(scope, receive, send)


class _Templates(BaseLoader):
    """Gradio's page, with what is told of it where a link is shared in place of Gradio's own."""

    def __init__(self, gradios: BaseLoader, told: str) -> None:
        self.gradios, self.told = gradios, told

    def get_source(self, environment: Environment, template: str) -> Any:
        source, *rest = self.gradios.get_source(environment, template)
        first = _OF_LINKS.search(source)
        if first:
            rest_of_it = _OF_LINKS.sub("", source[first.end() :])
            source = source[: first.start()] + self.told + rest_of_it
        return source, *rest


def tell_of_links(told: str) -> None:
    """told: HTML for the page's head, a template that knows `config`."""
    environment = gradio.routes.templates.env
    gradios: Any = environment.loader
    if isinstance(gradios, _Templates):
        gradios = gradios.gradios
    environment.loader = _Templates(gradios, told)
    if environment.cache is not None:
        environment.cache.clear()


def event_data(event: gr.EventData, name: str) -> Any:
    """What a live view's `trigger(event, {name: …})` says; None where a program left it out."""
    return event._data.get(name) if isinstance(event._data, dict) else None


def sessions_kept(page: gr.Blocks) -> int:
    """Visits whose state is kept."""
    holder = getattr(page, "state_holder", None)
    return len(holder.session_data) if holder else 0


def events_waiting(page: gr.Blocks) -> int:
    """Events in the queue."""
    return len(page._queue)
