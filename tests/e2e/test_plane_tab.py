"""The 2-D tab in a real browser: points drowned and brought back, looked at, and asked for."""

from __future__ import annotations

import re

from conftest import Server
from playwright.sync_api import Page, expect

from tests.e2e.test_forward import set_range

TAB = ".live-view.plane"
CANVAS = "#plane-canvas"


def opened(server: Server, page: Page, link: str = "") -> None:
    page.goto(f"{server.url}/{link}")
    if not link:
        page.get_by_role("tab", name="2-D").click()
    page.locator(f"{TAB}[data-state=done]").wait_for(timeout=60_000)


def run_after(page: Page, change: str, state: str = "done") -> None:
    """Wait for the run after the one that there was before a change."""
    page.locator(f"{TAB}[data-state={state}]:not([data-run='{change}'])").wait_for(timeout=60_000)


def number(page: Page) -> str:
    return page.locator(TAB).get_attribute("data-run") or ""


def ink(page: Page, selector: str = CANVAS) -> int:
    """How many pixels of a canvas are not empty, when all that was asked for so far is painted."""
    script = """async c => {
               await new Promise(requestAnimationFrame);
               const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
               let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"""
    return int(page.locator(selector).evaluate(script))


def painted_after(page: Page, before: str | None) -> None:
    page.locator(f"{CANVAS}:not([data-frames='{before}'])").wait_for()


def frames(page: Page) -> str | None:
    return page.locator(CANVAS).get_attribute("data-frames")


def at(page: Page, position: int, t: int) -> None:
    set_range(page, "#plane-slider", position)
    page.locator(f"{CANVAS}[data-t='{t}']").wait_for()


def test_points_drown_and_come_back_and_views_ask_for_nothing(server: Server, page: Page) -> None:
    opened(server, page)
    requests: list[str] = []
    at(page, 0, 0)
    page.on("request", lambda request: requests.append(request.url))
    at(page, 60, 1000)
    expect(page.locator("#plane-place")).to_contain_text("Back, step 1 of 51")
    expect(page.locator(CANVAS)).to_have_attribute(
        "aria-label", re.compile("Two moons: 1,000 points")
    )
    for choice, value in (
        ("paths", "all"),
        ("field", "streamlines"),
        ("of", "score"),
        ("of", "x0"),
        ("of", "eps"),
        ("of", "difference"),
        ("density", "shade"),
        ("density", "contours"),
    ):
        before = frames(page)
        page.locator(f"#plane-show-{choice}").select_option(value)
        painted_after(page, before)
    page.locator("#plane-show-field").select_option("none")
    page.locator("#plane-show-density").select_option("none")
    page.locator("#plane-show-paths").select_option("none")
    for flag in ("data", "points"):
        page.locator(f"#plane-show-{flag}").uncheck()
    axes = ink(page)
    page.locator("#plane-show-guesses").check()
    assert ink(page) > 2 * axes
    page.locator("#plane-show-guesses").uncheck()
    page.locator(CANVAS).click(position={"x": 200, "y": 200})
    page.locator("#plane-show-paths").select_option("chosen")
    assert ink(page) > axes
    page.locator("#plane-slider").focus()
    page.keyboard.press("Home")
    expect(page.locator(CANVAS)).to_have_attribute("data-t", "0")
    assert requests == []


def test_what_is_asked_for_is_run(server: Server, page: Page) -> None:
    opened(server, page, "#plane?count=200&steps=20")
    before = number(page)
    page.locator("#plane-beside").select_option("ddpm")
    run_after(page, before)
    expect(page.locator("#plane-canvas-2")).to_be_visible()
    expect(page.locator("#plane-numbers")).to_contain_text("DDPM (ancestral)")
    expect(page.locator("#plane-numbers")).to_contain_text("Energy distance")
    before = number(page)
    page.locator("#plane-what").select_option("upper")
    run_after(page, before)
    expect(page.locator("#plane-guidance")).to_be_visible()
    before = number(page)
    page.locator('[data-data="eight"]').click()
    run_after(page, before)
    expect(page.locator("#plane-numbers")).to_contain_text(
        re.compile(r"Modes covered8 of 88 of 88 of 8")
    )
    expect(page.locator("#plane-what")).to_be_hidden()
    for go, what in ((page.go_back, "upper"), (page.go_forward, "")):
        before = number(page)
        go()  # each run is an entry of the history
        run_after(page, before)
        expect(page.locator("#plane-what")).to_have_value(what)
    at(page, 68, 600)
    page.locator("#plane-pick").click()
    page.locator("#plane-branch").click()
    expect(page.locator("#plane-said")).to_contain_text("1 sample, 12 ways each from here")
    page.locator("#plane-convergence summary").click()
    page.locator("#plane-converge").click()
    expect(page.locator("#plane-converge-said")).to_contain_text("Measured orders: Euler 1.0")
    page.locator('[data-data="drawn"]').click()
    page.locator("#plane-drawing").focus()
    for _ in range(9):
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowRight")
    before = number(page)
    page.locator("#plane-drawing-use").click()
    run_after(page, before)
    expect(page.locator("#plane-drawing")).to_be_hidden()
    expect(page).to_have_url(re.compile("data=drawn"))
    before = number(page)
    page.locator("#plane-more summary").click()
    page.locator("#plane-T").fill("10")
    run_after(page, before, "failed")
    expect(page.locator("#plane-said")).to_have_text(
        "Steps must be a whole number from 1 to T = 10, not 20."
    )
