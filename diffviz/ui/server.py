"""The web server: Gradio's page, our static files and a health check in one FastAPI app."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Read by Gradio when it is imported. Its own analytics call an outside host and, cached for a
# short time only, make each event slower than the one before.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("GRADIO_ANALYTICS_CACHE_FREQUENCY", "1000000")

import gradio as gr
import torch
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from diffviz.ui.page import CSS, HEAD, THEME, build_page

STATIC = Path(__file__).parent / "static"
THREADS = 2


def create_app() -> FastAPI:
    """The whole application, ready for an ASGI server."""
    torch.set_num_threads(min(THREADS, os.cpu_count() or 1))
    app = FastAPI(title="diffviz", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    app.mount("/live", StaticFiles(directory=STATIC), name="live")  # Gradio has a /static
    page = build_page()
    page.queue(max_size=64, api_open=False)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page,
        path="",
        theme=THEME,
        css=CSS,
        head=HEAD,
        ssr_mode=False,
        max_file_size="10mb",
        show_error=False,
    )
    return mounted


def serve() -> None:
    """Serve until stopped; address and port come from GRADIO_SERVER_NAME and GRADIO_SERVER_PORT."""
    host = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    port = os.environ.get("GRADIO_SERVER_PORT", "7860")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        sys.exit(f"GRADIO_SERVER_PORT must be a port number from 1 to 65535, not {port!r}")
    print(f"diffviz is at http://{host}:{port}", flush=True)
    uvicorn.run(create_app(), host=host, port=int(port), log_level="warning")
