"""The race and translation in a real browser: recorded ones, and one of one's own."""

from __future__ import annotations

import os
import re

from conftest import Server
from playwright.sync_api import Page, expect

from tests.e2e.test_plane_tab import ink
from tests.e2e.test_plane_tab import opened as on_plane
from tests.waiting import PATIENCE

RACE, TRANSLATION = "#plane-race .live-view", "#plane-translation .live-view"


def opened(server: Server, page: Page, view: str) -> None:
    on_plane(server, page)  # what is above it has its place then
    page.locator(view).scroll_into_view_if_needed()
    page.locator(f"{view}[data-round='12']").wait_for(timeout=PATIENCE * 1000)


def photographed(page: Page, view: str, name: str) -> None:
    """For people, where they ask for it."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.locator(view).screenshot(path=f"{folder}/{name}.png")


def test_recorded_ones_show_say_so_and_one_s_own_survives_a_reload(
    server: Server, page: Page
) -> None:
    opened(server, page, RACE)
    expect(page.locator(f"{RACE} .contest-note")).to_contain_text("A recorded run")
    expect(page.locator(f"{RACE} .contest-note")).to_contain_text("python -m diffviz race")
    page.locator(f"{RACE} .contest-cloud[data-frames]").first.wait_for()
    photographed(page, RACE, "race")
    clouds = page.locator(f"{RACE} .contest-clouds figure")
    expect(clouds).to_have_count(4)
    last = page.locator(f"{RACE} .contest-clouds .number").nth(2).inner_text()
    page.locator(f"{RACE} .contest-seeds button").nth(1).click()
    page.locator(f"{RACE} .contest-seeds button[aria-pressed=true]").get_by_text(
        "seed 1"
    ).wait_for()
    assert re.fullmatch(r"\d of 8 modes, \d+ % astray", last)
    assert all(ink(page, f"{RACE} figure:nth-child({i}) .contest-cloud") > 500 for i in (1, 4))

    page.locator(f"{RACE} button", has_text="Eight Gaussians").first.click()
    page.locator(f"{RACE}[data-job=recorded-race-eight][data-round='12']").wait_for()
    page.locator(f"{RACE} summary").first.click()
    for name, value in (("updates", "60"), ("seeds", "1")):
        page.locator(f"{RACE} input[name={name}]").fill(value)
    page.get_by_role("button", name="Run this race").click()
    page.locator(f"{RACE}:not([data-job^=recorded])").wait_for()
    page.locator(f"{RACE}[data-state=finished][data-round='12']").wait_for(
        timeout=2 * PATIENCE * 1000
    )
    job = page.locator(RACE).get_attribute("data-job")
    page.reload()
    opened(server, page, RACE)
    page.locator(f"{RACE}[data-job='{job}'][data-state=finished]").wait_for()
    page.locator(f"{RACE} [data-action=delete]").click()
    page.locator(f"{RACE}[data-job=recorded-race-eight]").wait_for()

    page.locator(f"{RACE} input[name=critic_rate]").evaluate("box => box.form.noValidate = true")
    page.locator(f"{RACE} .contest-run").evaluate("box => { box.open = true; }")
    page.locator(f"{RACE} input[name=critic_rate]").fill("7")
    page.get_by_role("button", name="Run this race").click()
    alert = page.locator(f"{RACE} [role=alert]")
    expect(alert).to_contain_text("from 0 to 0.1, not 7")
    another = page.locator(f"{RACE} .train-jobs button").last
    another.click()
    expect(alert).to_be_hidden()
    page.locator(f"{RACE}:not([data-job=recorded-race-eight])[data-state=finished]").wait_for()
    page.locator(f"{RACE} input[name=critic_rate]").fill("7")
    page.get_by_role("button", name="Run this race").click()  # the same answer again is told
    expect(alert).to_contain_text("from 0 to 0.1, not 7")


def test_translation_shows_where_each_point_went(server: Server, page: Page) -> None:
    opened(server, page, TRANSLATION)
    page.locator(f"{TRANSLATION} .contest-cloud[data-frames]").first.wait_for()
    cloud = f"{TRANSLATION} figure:nth-child(2) .contest-cloud"
    bare = ink(page, cloud)
    page.locator(f"{TRANSLATION} button", has_text="where each went").click()
    expect(page.locator(f"{TRANSLATION} button[aria-pressed=true]").last).to_have_text(
        "where each went"
    )
    assert ink(page, cloud) > bare
    photographed(page, TRANSLATION, "translation")
    expect(page.locator(f"{TRANSLATION} table")).to_contain_text("cycle error")
    expect(page.locator(f"{TRANSLATION} .contest-words")).to_contain_text("From Two moons to Rings")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 391
