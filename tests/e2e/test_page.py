"""The page as a whole: what it asks for, how it fits, and what programs find behind it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from conftest import ROOT, Server
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import Browser, Page

TABS = ("Forward", "Sample", "Train")
# Each with what is there when it is.
ALL_TABS = {
    "Forward": "#forward-canvas[data-t]",
    "Sample": "#sample-canvas",
    "Edit": "#edit-picture[data-frames]",
    "2-D": "#plane-canvas",
    "Train": "#train-canvas",
    "Learn": "#learn-view [data-ready]",
}
# What is wider than the window, but for what scrolls by itself.
BEYOND = """() => {
  const beyond = (e) => e.getBoundingClientRect().right > innerWidth + 1;
  const scrolls = (e) => !e.matches(".gradio-container")
    && ((getComputedStyle(e).overflowX !== "visible" && !beyond(e)) || scrolls(e.parentElement));
  return [...document.querySelectorAll(".gradio-container *")]
    .filter((e) => e.checkVisibility({ visibilityProperty: true }) && beyond(e))
    .filter((e) => e.getBoundingClientRect().width && !scrolls(e.parentElement))
    .map((e) => e.outerHTML.slice(0, 90));
}"""

TWICE = """() => [...document.querySelectorAll("[id]")].map(({ id }) => id)
    .filter((id, place, all) => id && all.indexOf(id) < place)"""


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(server.url, download_files=str(tmp_path_factory.mktemp("got")), verbose=False)


def open_tab(page: Page, server: Server, tab: str) -> None:
    page.goto(server.url)
    page.get_by_role("tab", name=tab).click()
    page.locator(f"#{tab.lower()}-canvas").wait_for()


def test_nothing_is_asked_of_an_outside_host(server: Server, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    missing: list[str] = []
    page.on("response", lambda r: missing.append(r.url) if r.status >= 400 else None)
    for tab in TABS:
        open_tab(page, server, tab)
    page.wait_for_timeout(500)
    outside = [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]
    assert outside == []
    assert missing == []


def test_a_phone_shows_no_more_than_its_width(server: Server, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    try:
        page = context.new_page()
        page.goto(server.url)
        for tab, there in ALL_TABS.items():
            page.get_by_role("tab", name=tab).click()
            page.locator(there).wait_for()
            page.mouse.move(195, 400)
            for _ in range(5):  # what comes when it is near the window is there then, too
                page.mouse.wheel(0, 1500)
                page.evaluate("() => new Promise(requestAnimationFrame)")
            for width in (390, 320):
                page.set_viewport_size({"width": width, "height": 844})
                page.evaluate("() => new Promise(requestAnimationFrame)")
                assert page.evaluate("document.documentElement.scrollWidth") == width, tab
                assert page.evaluate(BEYOND) == [], (tab, width)
            page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate(TWICE) == []
    finally:
        context.close()


def test_programs_find_these_endpoints(client: Client) -> None:
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {
        "/noise",
        "/denoise",
        "/edit",
        "/sample",
        "/nearest",
        "/apart",
        "/mix",
        "/inpaint",
        "/upscale",
        "/restore",
        "/train_start",
        "/train_preview",
        "/train_rename",
        "/train_upload",
        "/train_status",
        "/train_download",
        "/train_pause",
        "/train_resume",
        "/train_stop",
        "/train_delete",
        "/plane_sample",
        "/plane_train",
        "/plane_convergence",
        "/race_start",
        "/translation_start",
    }


def test_sample_for_programs(client: Client, tmp_path: Path) -> None:
    picture, facts = client.predict(what="dress", count=2, steps=4, seed=5, api_name="/sample")
    again, facts_again = client.predict(what="dress", count=2, steps=4, seed=5, api_name="/sample")
    assert facts["fingerprint"] == facts_again["fingerprint"]
    assert Path(picture).read_bytes() == Path(again).read_bytes()
    with Image.open(picture) as image:
        assert image.size == ((2 * 28 + 1) * 8, 28 * 8)
    assert facts["evaluations"] == 8  # two sides of guidance at each of four steps


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"what": "hat"}, "hat"),
        ({"sampler": "magic"}, "magic"),
        ({"steps": 0}, "1"),
        ({"steps": 1e9}, "250"),
        ({"steps": 50, "T": 10}, "Steps must be a whole number from 1 to T = 10"),
        ({"guidance": 99}, "10"),
        ({"seed": -1}, "0"),
    ],
)
def test_bad_values_are_told_with_what_would_do(
    client: Client, wrong: dict[str, object], told: str
) -> None:
    with pytest.raises(AppError, match=told):
        client.predict(**wrong, api_name="/sample")


def test_the_queue_cannot_be_gone_around(server: Server) -> None:
    request = urllib.request.Request(
        f"{server.url}/gradio_api/run/sample",
        json.dumps({"data": ["dress"]}).encode(),
        {"Content-Type": "application/json"},
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert 400 <= refused.value.code < 500
    refused.value.close()


def test_a_wrong_port_is_told_in_a_sentence() -> None:
    started = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={"GRADIO_SERVER_PORT": "x", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode != 0
    assert "GRADIO_SERVER_PORT must be a port number" in started.stderr
    assert "Traceback" not in started.stderr
