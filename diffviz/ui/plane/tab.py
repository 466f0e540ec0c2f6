"""The 2-D tab: points in the plane, of which everything can be seen at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import gradio as gr

from diffviz.checkpoints import checkpoint_names
from diffviz.data.plane.clouds import cloud_names, cloud_of_shape
from diffviz.data.plane.shapes import SHAPES
from diffviz.measure.plane_convergence import ConvergenceSettings
from diffviz.runs.link import schema
from diffviz.runs.plane import DENOISERS, READY, CloudSettings, PlaneSettings
from diffviz.samplers import SAMPLERS
from diffviz.schedules import SCHEDULES
from diffviz.serving.backend import Backend
from diffviz.serving.engine import Engine
from diffviz.serving.plane import (
    branched,
    cloud_sent,
    dark_places,
    learned,
    prepare,
    prepare_branches,
    sent,
    walked,
)
from diffviz.serving.plane_convergence import converging, prepare_convergence
from diffviz.serving.plane_exports import export_points, prepare_export
from diffviz.serving.plane_training import prepare_lesson, taught
from diffviz.serving.ticket import Ticket
from diffviz.training.points import PointsTraining
from diffviz.ui.component import live_view
from diffviz.ui.gradio_seams import event_data
from diffviz.ui.live_runs import LIVE, Asked, Messages, Run, live_run
from diffviz.ui.messages import answer, checked, told_in_the_page
from diffviz.ui.plane.api import plane_endpoints
from diffviz.ui.plane.contests import contests
from diffviz.ui.sample.tab import NETWORK, SILENT, visitor

THUMBNAIL = 160  # points of a shape's picture


def plane_tab(backend: Backend) -> None:
    """Build the tab inside the current gr.Blocks."""
    view = live_view(
        "plane/view",
        "plane-view",
        "Diffusion in two dimensions",
        events=("walk", "halt", "train", "stop", "converge", "branch", "export"),
        server_functions=[cloud, network, dark],
        facts=_facts(),
    )
    exported = gr.File(label="Your file", elem_id="plane-file", visible=False)
    program = gr.Code(
        label="The same in Python, to the last bit",
        language="python",
        elem_id="plane-code",
        visible=False,
        interactive=False,
    )
    view.export(backend.handler(_export), None, [exported, program], **SILENT, **NETWORK)
    walking, training, *_ = [
        event(backend.handler(run), None, view, **LIVE)
        for event, run in (
            (view.walk, _live(prepare, walked)),
            (view.train, _live(prepare_lesson, taught)),
            (view.converge, _live(prepare_convergence, converging)),
            (view.branch, _live(prepare_branches, branched)),
        )
    ]
    view.halt(None, cancels=[walking], api_visibility="private")
    view.stop(None, cancels=[training], api_visibility="private")
    plane_endpoints(backend)
    contests(backend)


def _facts() -> dict[str, Any]:
    """What the page's code must know."""
    return {
        "settings": {facts["name"]: facts for facts in schema(PlaneSettings)},
        "data": [
            {
                "name": name,
                "label": label,
                "points": sent(cloud_of_shape(name, THUMBNAIL).points) if name in SHAPES else "",
            }
            for name, label in cloud_names().items()
        ],
        "training": {
            facts["name"]: facts
            for facts in schema(PointsTraining)
            if facts["name"] not in CloudSettings.model_fields
        },
        "convergence": {facts["name"]: facts for facts in schema(ConvergenceSettings)},
        "ready": checkpoint_names(READY),
        "denoisers": [{"name": name, "label": label} for name, label in DENOISERS.items()],
        "schedules": [
            {
                "name": kind.name,
                "label": kind.label,
                "parameters": [parameter.facts() for parameter in kind.parameters],
            }
            for kind in SCHEDULES.values()
        ],
        "samplers": [
            {
                "name": one.name,
                "label": one.label,
                "stochastic": one.stochastic,
                "order": one.order,
                "parameters": [parameter.facts() for parameter in one.parameters],
            }
            for one in SAMPLERS.values()
        ],
    }


def cloud(request: Any) -> dict[str, Any]:
    """{the settings of a cloud} → its points."""
    return answer(_cloud, request)


def _cloud(request: Any) -> dict[str, Any]:
    return cloud_sent(PlaneSettings(**request).cloud())


def dark(request: Any) -> dict[str, Any]:
    """{"width", "height", "levels": of its pixels, in base64} → {"places": x, y of each in turn} of
    points on a picture's dark pixels."""
    return answer(dark_places, request)


def network(request: Any) -> dict[str, Any]:
    """{"data": name} → the ready-made denoiser of it."""
    return answer(lambda asked: learned(str(asked["data"])), request)


def _live(
    prepare: Callable[[Any], Asked], make: Callable[[Asked, Engine, Ticket], Messages]
) -> Run:
    """Runs of the plane need no more of the backend than its engine."""
    return live_run(
        lambda _, request: prepare(request),
        lambda backend, asked, ticket: make(asked, backend.engine, ticket),
    )


async def _export(backend: Backend, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
    """A run again, as a file or as code; event: {"request"} of `prepare_export`."""
    with told_in_the_page():
        wanted = await asyncio.to_thread(checked, prepare_export, event_data(event, "request"))
        made = await backend.admission.at_once(
            visitor(request),
            lambda ticket: export_points(wanted, backend.files, backend.engine, ticket),
        )
    if isinstance(made, str):
        return gr.File(visible=False), gr.Code(value=made, visible=True)
    return gr.File(value=str(made), visible=True), gr.Code(visible=False)
