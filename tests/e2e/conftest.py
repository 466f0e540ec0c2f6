"""The real server, started as a visitor's host would, and a real browser before it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.running import ROOT, Server, start_server
from tests.waiting import PATIENCE

# One patience for all: a busy machine takes long for what takes no time.
expect.set_options(timeout=PATIENCE * 1000)
__all__ = ["ROOT", "Server", "start_server"]  # what the tests beside this file take from it
# No GPU, no calls home: what is left is the page.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all browser tests."""
    # Its log tells of what went wrong alone.
    running = start_server(tmp_path_factory.mktemp("server"), DIFFVIZ_LOG_LEVEL="warning")
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without windows, for which a page costs a third less than for the whole of it: the
    system's where there is one, else Playwright's own."""
    system = Path(os.environ.get("DIFFVIZ_CHROMIUM", "/usr/bin/chromium-headless-shell"))
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(system) if system.exists() else None, args=CHROMIUM_FLAGS
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """What a browser has compiled of the page it keeps, and that is most of what opening it costs:
    so all tests share this."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE * 1000)
    yield context
    context.close()


@pytest.fixture
def page(server: Server, profile: BrowserContext) -> Iterator[Page]:
    """A page of its own for each test, 1280 × 900, not yet on any address, of a visitor who was
    never here. What goes wrong in its scripts fails the test."""
    page = profile.new_page()
    profile.clear_cookies()
    kept = {"origin": server.url, "storageTypes": "local_storage,indexeddb"}
    profile.new_cdp_session(page).send("Storage.clearDataForOrigin", kept)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    for opened in profile.pages:
        opened.close()
    assert not errors, errors
