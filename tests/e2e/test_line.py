"""A server with one place: the second visitor knows their number in line, and gets their turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_sample import PLAYER, await_frames, generate, open_tab, set_slider
from tests.running import Server, start_server

TRIES = 15


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One run at a time, and one that may wait."""
    running = start_server(tmp_path_factory.mktemp("narrow"), DIFFVIZ_PLACES="1", DIFFVIZ_LINE="1")
    try:
        yield running
    finally:
        running.stop()


def visit(server: Server, browser: Browser, steps: int) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    open_tab(page, server)
    set_slider(page, "sample-steps", steps)
    return page


@pytest.fixture
def visitors(narrow: Server, browser: Browser) -> Iterator[tuple[Page, Page, Page]]:
    """Three, of whom the first runs, the second waits, and the third is about to ask."""
    pages = first, second, third = tuple(visit(narrow, browser, steps) for steps in (250, 5, 5))
    try:
        generate(first)
        first.wait_for_function(f"document.querySelector('{PLAYER}').dataset.frames > 1")
        generate(second)
        expect(second.locator(".player-status")).to_contain_text("you are number 1 in line")
        yield first, second, third
    finally:
        for page in pages:
            page.context.close()


def test_everyone_gets_their_turn(visitors: tuple[Page, Page, Page]) -> None:
    first, second, third = visitors
    generate(third)
    busy = third.get_by_text("visitors wait in line; please try again in a minute")
    expect(busy.first).to_be_visible()
    first.locator("#sample-stop").click()
    await_frames(second, 6)
    expect(second.locator(".player-status")).to_contain_text("done after 5 steps")


def test_what_is_played_meanwhile_hides_no_number(visitors: tuple[Page, Page, Page]) -> None:
    _, second, _ = visitors
    status = second.locator(".player-status")
    second.get_by_role("button", name="One step on").click()  # of the run that stands there still
    second.get_by_role("button", name="One step back").click()
    expect(status).to_contain_text("you are number 1 in line")
    second.locator("#sample-stop").click()
    expect(status).to_contain_text("a recorded run")


def test_who_closes_the_page_leaves_the_line(visitors: tuple[Page, Page, Page]) -> None:
    first, second, third = visitors
    second.context.close()
    for _ in range(TRIES):  # the line is full until the server has noticed
        generate(third)
        third.wait_for_timeout(2_000)
        if third.eval_on_selector(PLAYER, "e => e.dataset.waiting ?? ''") == "1":
            break
    expect(third.locator(".player-status")).to_contain_text("you are number 1 in line")
    first.context.close()
    await_frames(third, 6)
