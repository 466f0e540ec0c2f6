"""The named endpoints /plane_sample, /plane_train and /plane_convergence: what the 2-D tab does,
for programs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import gradio as gr
from torch import Tensor

from diffviz.measure.convergence import curves
from diffviz.measure.plane import numbers
from diffviz.measure.plane_convergence import ConvergenceSettings
from diffviz.media.levels import fingerprint
from diffviz.runs.plane import YOURS, PlaneSettings
from diffviz.serving.backend import Backend
from diffviz.serving.plane import evenly, network_sent, prepare, shown
from diffviz.serving.plane_convergence import prepare_convergence
from diffviz.serving.plane_training import learned, lesson
from diffviz.settings import Settings, offered
from diffviz.training.points import PointsTraining
from diffviz.ui.controls import as_sent, control, endpoint, in_order
from diffviz.ui.messages import told_in_the_page
from diffviz.ui.sample.tab import NETWORK, visitor

FIRST = ("data", "denoiser", "count", "steps", "sampler", "network")
FIRST_OF_CONVERGENCE = ("data", "denoiser", "samplers", "at", "network")
FIRST_OF_TRAINING = ("data", "parametrization", "updates")
MOST_STATES = 9  # of a run that are answered


def plane_endpoints(backend: Backend) -> None:
    """Register them inside the current gr.Blocks; their controls are for programs, never seen."""
    handlers: list[tuple[str, Callable[..., Any], type[Settings], tuple[str, ...]]] = [
        ("plane_sample", plane_sample, PlaneSettings, FIRST),
        ("plane_train", plane_train, PointsTraining, FIRST_OF_TRAINING),
        ("plane_convergence", plane_convergence, ConvergenceSettings, FIRST_OF_CONVERGENCE),
    ]
    with gr.Group(visible=False):
        answer = gr.JSON(label="What came of it")
        for name, handler, model, first in handlers:
            named = {known: control(setting) for known, setting in offered(model).items()}
            as_sent(named.values())
            if issubclass(model, PlaneSettings):
                named["network"] = gr.JSON(label="A denoiser that /plane_train has answered")
            gr.Button(name).click(
                backend.handler(endpoint(handler, first)),
                [named[one] for one in in_order(named, first)],
                answer,
                api_name=name,
                **NETWORK,
            )


async def plane_sample(
    backend: Backend,
    request: gr.Request,
    asked: PlaneSettings,
    network: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Samples of points in the plane: {"points": [[x, y], …], "path": [{"t", "points"}, …] of a few
    steps, "numbers" beside what fresh data get, "evaluations", "fingerprint"}. network: of the
    denoiser called yours, as /plane_train answers it."""
    with told_in_the_page():
        wanted = {"settings": asked.said(), "network": network}
        walk = await asyncio.to_thread(prepare, wanted)

        def made(ticket: Any) -> dict[str, Any]:
            kept = evenly(asked.steps + 1, MOST_STATES)
            walks = backend.engine.pieces(walk.run(), ticket)
            steps = deque((one for one in walks if one.index in kept), maxlen=MOST_STATES)
            last = steps[-1]
            return {
                "points": rounded(last.x),
                "path": [{"t": step.t, "points": rounded(shown(step))} for step in steps],
                "numbers": numbers(last.x, walk.cloud, asked.what),
                "evaluations": last.nfe,
                "fingerprint": fingerprint(last.x),
            }

        return await backend.admission.at_once(visitor(request), made)


async def plane_train(
    backend: Backend, request: gr.Request, asked: PointsTraining
) -> dict[str, Any]:
    """Train a small denoiser of points: {"network": for /plane_sample, "losses": [[updates, mean
    loss], …]}."""
    with told_in_the_page():
        same = asked.part(PlaneSettings, denoiser=YOURS)
        checked = await asyncio.to_thread(lesson, asked, same)

        def made(ticket: Any) -> dict[str, Any]:
            stands = list(learned(checked, backend.engine, ticket))
            return {
                "network": network_sent(stands[-1].checkpoint),
                "losses": [[one.updates, one.losses[0]] for one in stands],
            }

        return await backend.admission.at_once(visitor(request), made)


async def plane_convergence(
    backend: Backend,
    request: gr.Request,
    asked: ConvergenceSettings,
    network: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Samplers against the exact solution: {"curves": [{"sampler", "label", "order", "slope":
    measured, "runs": [[steps, evaluations, distance], …]}, …]}. network: as of /plane_sample."""
    with told_in_the_page():
        wanted = {"settings": asked.said(), "network": network}
        convergence = await asyncio.to_thread(prepare_convergence, wanted)

        def made(ticket: Any) -> dict[str, Any]:
            return {"curves": curves(list(backend.engine.pieces(convergence.runs(), ticket)))}

        return await backend.admission.at_once(visitor(request), made)


def rounded(points: Tensor) -> list[list[float]]:
    return [[round(x, 5), round(y, 5)] for x, y in points.tolist()]
