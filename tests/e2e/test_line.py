"""A server with one place: the second visitor knows their number in line, and gets their turn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.test_sample import (
    ALL,
    PLAYER,
    STEPS,
    await_frames,
    generate,
    open_tab,
    quick,
    set_slider,
)
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


@pytest.fixture(scope="module")
def pages(narrow: Server, profile: BrowserContext) -> Iterator[list[Page]]:
    """Of three visitors, who ask for a long run and two short ones."""
    opened = [profile.new_page() for _ in range(3)]
    for page, steps in zip(opened, (250, STEPS, STEPS), strict=True):
        open_tab(page, narrow)
        quick(page)
        set_slider(page, "sample-steps", steps)
    set_slider(opened[0], "sample-count", 16)
    yield opened
    for page in opened:
        page.close()


@pytest.fixture
def visitors(pages: list[Page]) -> tuple[Page, ...]:
    """The three: the first runs, the second waits, and the third is about to ask."""
    first, second, _ = pages
    run = first.locator(PLAYER).get_attribute("data-run")
    generate(first)
    first.wait_for_function(
        "run => (data => data.run !== run && data.frames > 1)"
        f"(document.querySelector('{PLAYER}').dataset)",
        arg=run,
    )
    generate(second)
    expect(second.locator(".player-status")).to_contain_text("you are number 1 in line")
    return tuple(pages)


def test_everyone_gets_their_turn(visitors: tuple[Page, ...]) -> None:
    first, second, third = visitors
    generate(third)
    busy = third.get_by_text("visitors wait in line; please try again in a minute")
    expect(busy.first).to_be_visible()
    first.locator("#sample-stop").click()
    await_frames(second, ALL)
    expect(second.locator(".player-status")).to_contain_text(f"done after {STEPS} steps")


def test_what_is_played_meanwhile_hides_no_number(visitors: tuple[Page, ...]) -> None:
    first, second, _ = visitors
    status = second.locator(".player-status")
    second.get_by_role("button", name="One step on").click()  # of the run that stands there still
    second.get_by_role("button", name="One step back").click()
    expect(status).to_contain_text("you are number 1 in line")
    second.locator("#sample-stop").click()
    expect(status).not_to_contain_text("in line")
    first.locator("#sample-stop").click()


def test_who_closes_the_page_leaves_the_line(visitors: tuple[Page, ...]) -> None:
    first, second, third = visitors
    second.close()
    for _ in range(TRIES):  # the line is full until the server has noticed
        generate(third)
        third.wait_for_timeout(2_000)
        if third.eval_on_selector(PLAYER, "e => e.dataset.waiting ?? ''") == "1":
            break
    expect(third.locator(".player-status")).to_contain_text("you are number 1 in line")
    first.close()
    await_frames(third, ALL)
