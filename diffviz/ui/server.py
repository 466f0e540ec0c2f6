"""The web server: Gradio's page, our static files and a health check in one FastAPI app."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from diffviz.config import config

# Read by Gradio when it is imported. Its own analytics call an outside host and, cached for a
# short time only, make each event slower than the one before.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000")
# So is where uploads go.
os.environ["GRADIO_TEMP_DIR"] = str(config().uploads.resolve())

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from diffviz.data.uploads import UPLOADED
from diffviz.serving.service import Service, service
from diffviz.ui.page import CSS, HEAD, THEME, build_page
from diffviz.ui.train_routes import train_routes
from diffviz.ui.trainings import Trainings, trainings
from diffviz.web.prefix import Prefix

STATIC = Path(__file__).parent / "static"
OTHERS = 40  # events at once that do not run a network
GOODBYE_SECONDS = 3  # open pages hold event streams, which would keep the server from ending


def create_app() -> FastAPI:
    """The whole application, ready for an ASGI server."""
    settings = config()
    serving, found = service(), trainings()
    app = FastAPI(
        title="diffviz",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=partial(alive, serving, found),
    )

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    app.mount("/live", StaticFiles(directory=STATIC), name="live")  # Gradio has a /static
    app.include_router(train_routes(found))
    page = build_page()
    # Of events at once; our own line of visitors, who are told their number, must fit in.
    page.max_threads = serving.admission.places + serving.admission.line + OTHERS
    page.queue(max_size=settings.queue_size, api_open=False)
    page.state_session_capacity = settings.sessions
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="",
        theme=THEME,
        css=CSS,
        head=HEAD,
        ssr_mode=False,
        root_path=settings.root_path or None,
        run_history=False,
        max_file_size=f"{UPLOADED.megabytes}mb",
        show_error=False,
    )
    return mounted


@asynccontextmanager
async def alive(serving: Service, found: Trainings | None, _app: FastAPI) -> AsyncIterator[None]:
    """Runs and trainings go on while the app lives; trainings are saved when it ends."""
    if found:
        found.supervisor.start()
    yield
    serving.close()
    if found:
        found.supervisor.close()


def serve(host: str, port: int) -> None:
    """Serve until stopped."""
    print(f"diffviz is at http://{host}:{port}", flush=True)
    uvicorn.run(
        Prefix(create_app(), config().root_path),
        host=host,
        port=port,
        log_level="warning",
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )
