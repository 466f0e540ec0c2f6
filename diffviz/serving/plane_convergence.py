"""Samplers against the truth for visitors, who see each distance as it is measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diffviz.measure.convergence import Run, curves
from diffviz.measure.plane_convergence import Convergence, ConvergenceSettings
from diffviz.runs.plane import YOURS
from diffviz.serving.engine import Engine
from diffviz.serving.plane import network_received
from diffviz.serving.ticket import Ticket


def prepare_convergence(request: Any) -> Convergence:
    """{"settings", "network" or none} of a page, checked. Raises ValueError, in a sentence."""
    settings = ConvergenceSettings(**request["settings"])
    cloud, checkpoint = settings.cloud(), None
    if settings.denoiser == YOURS and request.get("network"):
        checkpoint = network_received(request["network"], cloud)
    return Convergence(settings, checkpoint, cloud)


def converging(
    convergence: Convergence, engine: Engine, ticket: Ticket
) -> Iterator[dict[str, Any]]:
    """Messages for the page: {"run"} for each, and the {"converged"}, sampler by sampler."""
    runs: list[Run] = []
    for run in engine.pieces(convergence.runs(), ticket):
        runs.append(run)
        yield {"run": run._asdict()}
    yield {"converged": curves(runs)}
