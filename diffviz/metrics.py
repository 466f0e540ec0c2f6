"""What is counted of the running server, in one registry, for Prometheus.

Each part of the server adds its own here, with labels whose values are few and known beforehand.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the number of series
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)  # CPU seconds, memory, open files

# Requests
REQUESTS = Counter("diffviz_requests", "Requests answered", ["route", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "diffviz_request_seconds",
    "From a request's start to the end of its answer; streams are left out",
    ["route"],
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
    registry=REGISTRY,
)
REFUSED = Counter("diffviz_refused", "Requests refused", ["reason"], registry=REGISTRY)
PAGES_OPEN = Gauge("diffviz_pages_open", "Pages that are open in a browser", registry=REGISTRY)
CONNECTIONS = Gauge("diffviz_connections", "Open connections", registry=REGISTRY)
ERRORS = Counter("diffviz_errors", "Failures in our own code", registry=REGISTRY)

# Sampling, by the engine; runs under way and in line are looked up in ui/watch_routes.py.
BATCH_ROWS = Histogram(
    "diffviz_batch_rows",
    "Pictures in one forward pass of a network",
    buckets=(1, 2, 4, 8, 16, 24, 32),
    registry=REGISTRY,
)
BATCH_REQUESTS = Counter(
    "diffviz_batch_requests", "Visitors' steps that batches were made of", registry=REGISTRY
)
BATCH_SECONDS = Counter(
    "diffviz_batch_seconds", "Time in forward passes, of all workers", registry=REGISTRY
)


def count_batch(requests: int, rows: int, seconds: float) -> None:
    BATCH_ROWS.observe(rows)
    BATCH_REQUESTS.inc(requests)
    BATCH_SECONDS.inc(seconds)
