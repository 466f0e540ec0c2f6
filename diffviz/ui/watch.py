"""/healthz and /metrics: whether the server is up, and how it is doing."""

from __future__ import annotations

import hmac
import ipaddress
from collections import Counter
from collections.abc import Iterator

import gradio as gr
from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from diffviz.config import Config
from diffviz.jobs.job import FAILED, FINISHED, PAUSED, QUEUED, RUNNING, STOPPED
from diffviz.jobs.trainings import Trainings
from diffviz.metrics import REGISTRY
from diffviz.serving.admission import Admission


class State(Collector):
    """What is not counted as it happens, but looked up when it is asked for."""

    def __init__(self, page: gr.Blocks, admission: Admission, trainings: Trainings | None) -> None:
        self.page, self.admission, self.trainings = page, admission, trainings

    def collect(self) -> Iterator[Metric]:
        holder = getattr(self.page, "state_holder", None)
        kept = len(holder.session_data) if holder else 0
        yield GaugeMetricFamily("diffviz_sessions", "Visits whose state is kept", kept)
        waiting = len(self.page._queue)
        yield GaugeMetricFamily("diffviz_events_waiting", "Events in the queue", waiting)
        yield GaugeMetricFamily("diffviz_runs", "Runs under way", self.admission.running)
        line = self.admission.waiting
        yield GaugeMetricFamily("diffviz_runs_waiting", "Visitors in line for a run", line)
        if self.trainings:
            states = (QUEUED, RUNNING, PAUSED, STOPPED, FINISHED, FAILED)
            counts = Counter(job.state for job in self.trainings.store.in_state(*states))
            jobs = GaugeMetricFamily("diffviz_trainings", "Trainings by state", labels=["state"])
            for state in states:
                jobs.add_metric([state], counts[state])
            yield jobs


def watch_routes(settings: Config) -> APIRouter:
    """Both routes. /metrics is for who has the token, or asks from this very machine and not
    through a proxy on it."""
    routes = APIRouter()
    token = settings.metrics_token.get_secret_value()

    @routes.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        if not settings.metrics or not (_told(request, token) if token else _from_here(request)):
            raise HTTPException(404, "There is nothing at this address.")
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return routes


def _told(request: Request, token: str) -> bool:
    said = request.headers.get("authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(said.encode(), token.encode())


def _from_here(request: Request) -> bool:
    if request.scope["state"].get("forwarded") or not request.client:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
