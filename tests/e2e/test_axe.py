"""axe-core finds no serious fault for screen readers and keyboards in any tab, light or dark."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Server
from playwright.sync_api import Page

from tests.running import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
# What shows that a tab is there.
TABS = {
    "Forward": "#forward-canvas",
    "Sample": "#sample-player .live-view[data-frames]",
    "Edit": "#edit-view .live-view",
    "2-D": ".live-view.plane[data-state=done]",
    "Train": "#train-canvas",
    "Learn": "#learn-view [data-ready]",
}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
FAULTS = """async (rules) => (await axe.run(document, rules)).violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => [id, nodes.slice(0, 5).map(({ html, failureSummary }) =>
        `${html.slice(0, 200)} ${failureSummary}`)])"""
# What changes colour has done so.
SETTLED = """() => new Promise(requestAnimationFrame).then(() => Promise.allSettled(document
    .getAnimations().filter((a) => a instanceof CSSTransition).map(({ finished }) => finished)))
    .then(() => {})"""
# Fields that have the browser's own look in the dark, which axe does not ask for.
FIELDS = ".live-view :is(select, input[type=text], input[type=number])"
WHITE = f"""() => [...document.querySelectorAll("{FIELDS}")]
    .filter((e) => e.checkVisibility())
    .filter((e) => getComputedStyle(e).backgroundColor === "rgb(255, 255, 255)")
    .map((e) => e.outerHTML.slice(0, 120))"""


@pytest.mark.skipif(not AXE.exists(), reason="`npm ci` brings axe-core")
def test_axe_finds_no_serious_fault(server: Server, page: Page) -> None:
    page.goto(server.url)
    found: dict[str, Any] = {}
    page.evaluate(AXE.read_text("utf-8"))
    for tab, there in TABS.items():
        page.get_by_role("tab", name=tab).click()
        page.locator(there).first.wait_for()
        for fold in page.locator("details:visible > summary").all():
            fold.click()
        for theme in ("light", "dark"):
            page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", theme == "dark")
            page.evaluate(SETTLED)
            if faults := page.evaluate(FAULTS, RULES):
                found[f"{tab}, {theme}"] = faults
        if white := page.evaluate(WHITE):
            found[f"{tab}, dark"] = [("white fields", white)]
    told = [
        f"{place}: {name}: {node}"
        for place in found
        for name, nodes in found[place]
        for node in nodes
    ]
    assert not told, "\n".join(told)
