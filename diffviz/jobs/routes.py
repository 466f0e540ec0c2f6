"""What a page that watches a training asks for, outside Gradio's queue: a poll costs little."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import APIRouter, Header, HTTPException, Response
from fastapi.responses import FileResponse

from diffviz.jobs.recording import RECORDED, recorded
from diffviz.jobs.trainings import MakeOnce, Trainings

FOREVER = "private, max-age=31536000, immutable"  # a sheet is never drawn twice

Found = TypeVar("Found")


def train_routes(trainings: Trainings | None, once: MakeOnce) -> APIRouter:
    """The routes under /train; without trainings those of what is recorded alone."""
    routes = APIRouter(prefix="/train")

    def add(name: str) -> None:
        @routes.get(f"/{name}")
        def recorded_status() -> dict[str, Any]:
            return recorded(name)[0]

        @routes.get(f"/{name}/sheets/{{images}}")
        def recorded_sheet(images: str) -> Response:
            if images not in recorded(name)[1]:
                raise HTTPException(404, "there is no such sheet of samples")
            return _sheet(recorded(name)[1][images])

    for name in RECORDED:
        add(name)

    if trainings is None:
        return routes

    @routes.get("/{job}")
    def status(job: str, since: int = 0) -> Response:
        """The job's status, with the points of its curves after number `since`."""
        found = _found(lambda: trainings.status(job, since))
        again = trainings.pause_between_polls()
        return Response(json.dumps({**found, "again": again}), media_type="application/json")

    @routes.get("/{job}/sheets/{images}")
    def sheet(job: str, images: int) -> Response:
        """The samples drawn after so many pictures."""
        return _sheet(_found(lambda: trainings.sheet(job, images)))

    @routes.get("/{job}/denoiser.zip")
    def denoiser(job: str, x_owner: str = Header()) -> Response:
        """The weights and the card."""
        path = _found(lambda: trainings.denoiser_file(job, x_owner, once))
        return FileResponse(path, media_type="application/zip", filename=path.name)

    return routes


def _sheet(content: bytes) -> Response:
    headers = {"Content-Encoding": "gzip", "Cache-Control": FOREVER}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _found(look: Callable[[], Found]) -> Found:
    try:
        return look()
    except ValueError as error:
        raise HTTPException(404, str(error)) from error
