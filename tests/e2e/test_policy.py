"""The page keeps to its own content security policy, in whatever it does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Server
from PIL import Image
from playwright.sync_api import Page

from tests.e2e.test_sample import ALL, PLAYER, quick

TABS = ("Forward", "Sample", "Train")
# Set before any script of the page: whatever the browser refuses is remembered.
REMEMBER = """addEventListener("securitypolicyviolation", (event) => {
    (window.refused ??= []).push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});"""


@pytest.fixture
def strict(page: Page) -> Iterator[Page]:
    """A page in which nothing was refused, as events or the console tell."""
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.add_init_script(REMEMBER)
    yield page
    assert page.evaluate("window.refused ?? []") == []
    assert [text for text in told if "Content Security Policy" in text] == []


def test_every_tab_keeps_to_the_policy(server: Server, strict: Page) -> None:
    strict.goto(server.url)
    for tab in TABS:
        strict.get_by_role("tab", name=tab).click()
        strict.locator(f"#{tab.lower()}-canvas").wait_for()
        for fold in strict.locator(".label-wrap:visible, details:visible > summary").all():
            fold.click()
    strict.wait_for_timeout(500)


def test_uploads_and_films_keep_to_the_policy(server: Server, strict: Page, tmp_path: Path) -> None:
    picture = tmp_path / "grey.png"
    Image.new("RGB", (64, 48), "teal").save(picture)
    strict.goto(server.url)
    canvas = strict.locator("#forward-canvas")
    canvas.wait_for()
    strict.locator("#forward-view input[type=file]").first.set_input_files(picture)
    strict.wait_for_function("document.querySelector('#forward-canvas').width !== 256")
    strict.get_by_role("tab", name="Sample").click()
    quick(strict)
    strict.locator("#sample-run").click()
    strict.locator(f"{PLAYER}:not([data-recorded])[data-frames='{ALL}']").wait_for()
    with strict.expect_download():
        strict.get_by_role("button", name="GIF").click()
    strict.locator("#sample-file a").first.wait_for()
    strict.get_by_role("tab", name="Train").click()
    strict.locator("#train-data input").click()
    strict.get_by_role("option", name="Your own pictures").click()
    strict.locator("#train-files input[type=file]").set_input_files(picture)
    strict.locator("#train-files").get_by_text("grey").first.wait_for()


def test_a_script_that_got_in_would_not_run(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.locator("#forward-canvas").wait_for()
    page.evaluate(
        """() => {
            document.body.insertAdjacentHTML("beforeend", "<img src='x' onerror='ran=1'>");
            const script = document.createElement("script");
            script.textContent = "window.ran = 2";
            document.body.append(script);
            document.body.append(Object.assign(document.createElement("script"),
                { src: "data:text/javascript,window.ran=3" }));
        }"""
    )
    page.wait_for_timeout(300)
    assert page.evaluate("window.ran ?? 0") == 0
