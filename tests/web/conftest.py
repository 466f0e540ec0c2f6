"""Servers as strangers find them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import Server, start_server
from tests.web.visitor import SESSIONS, SLOW_SECONDS, Visitor


@pytest.fixture(scope="package")  # what strangers began there ends with it
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It faces strangers itself, with no proxy before it; the tests ask more than one address may,
    and have no time to be slow for long."""
    running = start_server(
        tmp_path_factory.mktemp("strangers"),
        DIFFVIZ_PUBLIC="on",
        DIFFVIZ_RATE_EVENTS="100000",
        DIFFVIZ_RATE_TRAININGS="1000",
        DIFFVIZ_TRAINING_QUEUE="1000",
        DIFFVIZ_SLOW_SECONDS=str(SLOW_SECONDS),
        DIFFVIZ_SESSIONS=str(SESSIONS),
        DIFFVIZ_CONNECTIONS_EACH="60",
        DIFFVIZ_LOG_FORMAT="json",
    )
    yield running
    running.stop()


@pytest.fixture(scope="package")  # what strangers began there ends with it
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It believes one proxy, under whose path /dv it lies, and has little room and patience."""
    running = start_server(
        tmp_path_factory.mktemp("proxied"),
        DIFFVIZ_TRUSTED_PROXIES="1",
        DIFFVIZ_ROOT_PATH="/dv",
        DIFFVIZ_RATE_PAGES="4",
        DIFFVIZ_RATE_EVENTS="30",
        DIFFVIZ_RATE_UPLOADS="4",
        DIFFVIZ_RATE_TRAININGS="1",
        DIFFVIZ_UPLOADS_MB="8",
        DIFFVIZ_METRICS_TOKEN="let-me-see",
        DIFFVIZ_FRAME_ANCESTORS="'self' https://example.org",
    )
    yield running
    running.stop()


@pytest.fixture(scope="package")  # what strangers began there ends with it
def visitor(server: Server) -> Iterator[Visitor]:
    someone = Visitor(server.url)
    yield someone
    someone.http.close()
