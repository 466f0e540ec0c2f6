"""The web server: Gradio's page, our static files and routes, and what guards them."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import gradio as gr
import httpx
import uvicorn
from fastapi import FastAPI, HTTPException, Response
from fastapi.staticfiles import StaticFiles
from starlette.middleware import Middleware
from starlette.responses import FileResponse
from starlette.types import ASGIApp, Scope

from diffviz.config import Config, read_config
from diffviz.data.own.uploads import UPLOADED
from diffviz.jobs.routes import train_routes
from diffviz.media.raster import decoder_advice
from diffviz.media.registry import MEDIA
from diffviz.metrics import Metrics
from diffviz.serving.backend import Backend, make_backend, suit_process
from diffviz.ui.gradio_mailboxes import Listening
from diffviz.ui.gradio_memory import remember_little
from diffviz.ui.gradio_queue import share_queue
from diffviz.ui.gradio_seams import (
    Uploads,
    answer_ranges,
    events_waiting,
    keep_apart,
    keep_little,
    lighten,
    look_at_files_elsewhere,
    sessions_kept,
    tell_of_links,
    uploads_in,
)
from diffviz.ui.gradio_uploads import take_uploads
from diffviz.ui.page import CSS, HEAD, ICON, SHARED_LINK, THEME, build_page
from diffviz.ui.payloads import check_request
from diffviz.web.connections import Bounds, options
from diffviz.web.headers import PagePolicy
from diffviz.web.logs import LOG, set_up_logs
from diffviz.web.pauses import watch_pauses
from diffviz.web.stack import guarded
from diffviz.web.watch import watch_routes

SCRIPTS = Path(__file__).parent
OTHERS = 40  # events at once that do not run a network
GOODBYE_SECONDS = 3  # open pages hold event streams, which would keep the server from ending


def create_app(settings: Config, metrics: Metrics | None = None) -> ASGIApp:
    """The whole application, ready for an ASGI server. metrics: its own, where the server that
    runs it counts there too."""
    metrics = metrics or Metrics()
    backend = make_backend(settings, metrics)
    with uploads_in(settings.uploads):
        return _app(settings, metrics, backend)


def _app(settings: Config, metrics: Metrics, backend: Backend) -> ASGIApp:
    page = build_page(backend)
    # Of events at once; our own line of visitors, who are told their number, must fit in.
    page.max_threads = settings.places + settings.line + OTHERS
    page.queue(max_size=settings.queue_size, api_open=False)
    failed = metrics.errors.inc
    queue = share_queue(page, settings.share_of_one, settings.listen_seconds, failed)
    page.state_session_capacity = settings.sessions
    keep_little()
    tell_of_links(SHARED_LINK)
    remember_little(failed)
    answer_ranges()
    look_at_files_elsewhere()
    take_uploads()
    keep_apart(page, metrics, settings.uploads)
    lighten(page)
    metrics.sessions.set_function(partial(sessions_kept, page))
    metrics.events_waiting.set_function(partial(events_waiting, page))
    app = FastAPI(
        title="diffviz",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=partial(alive, metrics, backend),
    )
    app.mount("/live", Scripts(directory=SCRIPTS), name="live")  # Gradio has a /static
    app.include_router(watch_routes(settings, metrics, queue.moves))
    app.include_router(train_routes(backend.trainings, backend.files.once))
    gr.mount_gradio_app(
        app,
        page,
        path="",
        app_kwargs={
            "middleware": [
                Middleware(PagePolicy, settings.frame_ancestors),
                Middleware(Uploads, settings.uploads),
            ]
        },
        theme=THEME,
        css=CSS,
        head=HEAD,
        footer_links=["gradio"],  # its other pages need addresses that are closed here
        ssr_mode=False,
        root_path=settings.root_path or None,
        run_history=False,
        max_file_size=f"{UPLOADED.megabytes}mb",
        show_error=False,
    )
    setattr(page, "favicon_path", str(ICON))  # noqa: B010  # as an argument it would be warned of where the path is ""
    check = partial(check_request, page, settings.uploads)
    outside = Listening(app, queue)
    return guarded(outside, settings, metrics, backend.files.room, UPLOADED.megabytes, check)


class Scripts(StaticFiles):
    """The JavaScript modules that lie beside our Python, those of media that have theirs elsewhere,
    the picture of a shared link, and nothing else."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not path.endswith(".js") and path != "lib/card.png":
            raise HTTPException(404)
        for medium in MEDIA.values():
            if medium.module and path == f"lib/renderers/{medium.renderer}.js":
                return FileResponse(medium.module, media_type="text/javascript")
        return await super().get_response(path, scope)


@asynccontextmanager
async def alive(metrics: Metrics, backend: Backend, app: FastAPI) -> AsyncIterator[None]:
    """Runs and trainings go on while the app lives; trainings are saved when it ends."""
    pauses = watch_pauses(metrics.loop_pauses.observe, metrics.loop_work.observe)
    works = (pauses, backend.files.room.watch(), warm_up(app))
    tasks = [asyncio.create_task(work) for work in works]
    backend.start()
    yield
    for task in tasks:
        task.cancel()
    backend.close()


async def warm_up(app: FastAPI) -> None:
    """Routes and the page are made ready at the first request for one, which takes a second."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        # /info is made once, with the address by which it is asked for first: not a stranger's.
        for path in ("/", "/gradio_api/app_id", "/gradio_api/info"):
            await client.get(path)
    gc.freeze()  # a collection holds everybody up, and need not look through all of this each time


def serve(host: str, port: int) -> None:
    """Serve until stopped."""
    settings = read_config()
    suit_process()
    set_up_logs(settings.log_level, settings.log_format == "json")
    if advice := decoder_advice():
        LOG.warning(advice)
    # Behind proxies all connections are theirs.
    each = settings.connections if settings.trusted_proxies else settings.connections_each
    bounds = Bounds(settings.connections, each, settings.slow_seconds)
    metrics = Metrics()
    app = create_app(settings, metrics)
    print(f"diffviz is at http://{host}:{port}{settings.root_path}", flush=True)
    uvicorn.run(
        app,
        host=host,
        port=port,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
        **options(bounds, metrics, behind_proxy=bool(settings.trusted_proxies)),
    )
