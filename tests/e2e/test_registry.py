"""A medium that diffviz does not know, in its page: trained, sampled, drawn and exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Server
from gradio_client import Client
from playwright.sync_api import BrowserContext, expect

from tests.e2e.controls import enter
from tests.running import running_server
from tests.waiting import eventually

OWNER = "d" * 32


@pytest.fixture
def dials(tmp_path: Path) -> Iterator[Server]:
    with running_server(
        tmp_path, DIFFVIZ_LOG_LEVEL="warning", DIFFVIZ_PLUGINS="tests.toy.plugin"
    ) as server:
        yield server


def test_a_toy_is_trained_and_shown_in_the_player(dials: Server, profile: BrowserContext) -> None:
    client = Client(dials.url, verbose=False)
    started = client.predict(
        data="dials", preset="tiny", minutes=0.1, owner=OWNER, api_name="/train_start"
    )
    eventually(
        lambda: client.predict(started["id"], 0, api_name="/train_status")["state"] == "finished",
        "the training is finished",
    )
    client.close()
    page = profile.new_page()
    page.goto(dials.url)
    page.evaluate(f"localStorage.setItem('diffviz.owner', '{OWNER}')")
    page.get_by_role("tab", name="Sample").click()
    page.wait_for_selector("#sample-canvas")
    page.locator("#sample-model input").click()
    page.get_by_role("option", name="yours: dials").click()
    expect(page.locator("#sample-class input")).to_have_value("one of each", timeout=60_000)
    enter(page, "#sample-count input[type=number]", 4)
    page.locator("#sample-run").click()
    canvas = page.locator("#sample-canvas[data-dials]")
    expect(canvas).to_have_attribute("data-t", "0", timeout=60_000)
    hands = [int(angle) for angle in (canvas.get_attribute("data-dials") or "").split()]
    assert len(hands) == 4
    for hand, left in zip(hands, (True, False) * 2, strict=True):
        assert (64 < hand < 192) is left  # one of each, in turn
    assert canvas.evaluate("c => [c.width, c.height]") == [4 * 48, 48]
    page.get_by_role("button", name="GIF").click()
    expect(page.locator("#sample-file")).to_contain_text(".gif", timeout=60_000)
    page.close()
