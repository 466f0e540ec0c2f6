"""What is counted of a running server, in a registry of its own, for Prometheus.

Labels have few values, which are known beforehand. What is not counted as it happens, but looked up
when it is asked for, whoever knows it says how (`set_function`).
"""

from __future__ import annotations

from contextvars import ContextVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the number of series


class Metrics:
    """One server's."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)  # CPU seconds, memory, open files

        # Requests
        self.requests = Counter(
            "diffviz_requests", "Requests answered", ["route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "diffviz_request_seconds",
            "From a request's start to the end of its answer; streams are left out",
            ["route"],
            buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
            registry=registry,
        )
        self.refused = Counter("diffviz_refused", "Requests refused", ["reason"], registry=registry)
        self.errors = Counter("diffviz_errors", "Failures in our own code", registry=registry)

        self.loop_pauses = Histogram(
            "diffviz_loop_pause_seconds",
            "By which a turn of the event loop came late: nobody is answered meanwhile",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=registry,
        )
        self.loop_work = Histogram(
            "diffviz_loop_work_seconds",
            "Of a processor's time, that the event loop took in such a turn",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=registry,
        )

        # The page
        self.connections = Gauge("diffviz_connections", "Open connections", registry=registry)
        self.pages_open = Gauge(
            "diffviz_pages_open", "Pages that are open in a browser", registry=registry
        )
        self.sessions = Gauge("diffviz_sessions", "Visits whose state is kept", registry=registry)
        self.events_waiting = Gauge(
            "diffviz_events_waiting", "Events in the queue", registry=registry
        )

        # Sampling
        self.runs = Gauge("diffviz_runs", "Runs under way", registry=registry)
        self.runs_waiting = Gauge(
            "diffviz_runs_waiting", "Visitors in line for a run", registry=registry
        )
        self.batch_rows = Histogram(
            "diffviz_batch_rows",
            "Pictures in one forward pass of a network",
            buckets=(1, 2, 4, 8, 16, 24, 32),
            registry=registry,
        )
        self.batch_requests = Counter(
            "diffviz_batch_requests", "Visitors' steps that batches were made of", registry=registry
        )
        self.batch_seconds = Counter(
            "diffviz_batch_seconds", "Time in forward passes, of all workers", registry=registry
        )

        self.trainings = Gauge(
            "diffviz_trainings", "Trainings by state", ["state"], registry=registry
        )

    def count_batch(self, requests: int, rows: int, seconds: float) -> None:
        """Of one forward pass."""
        self.batch_rows.observe(rows)
        self.batch_requests.inc(requests)
        self.batch_seconds.inc(seconds)


# Of the server on whose request this is worked: for what Gradio calls without saying which.
METRICS: ContextVar[Metrics] = ContextVar("metrics")
