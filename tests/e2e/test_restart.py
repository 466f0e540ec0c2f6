"""A page that was open while its server began anew: it says so, and begins anew by itself."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.test_sample import ALL, PLAYER, await_frames, generate, open_tab, quick, set_slider
from tests.running import start_server
from tests.waiting import PATIENCE


def test_a_page_begins_anew_with_its_server(page: Page, tmp_path: Path) -> None:
    first = start_server(tmp_path)
    try:
        open_tab(page, first)
        set_slider(page, "sample-steps", 250)
        generate(page)
        of_the_run = f"document.querySelector('{PLAYER}:not([data-recorded])')"
        page.wait_for_function(f"{of_the_run}?.dataset.frames > 1")
        page.evaluate("window.before = true")
        first.process.kill()
        first.process.wait()
        expect(page.get_by_text("onnection").first).to_be_visible(timeout=PATIENCE * 1000)
        second = start_server(tmp_path, GRADIO_SERVER_PORT=str(first.port))
    finally:
        first.stop()
    try:
        page.wait_for_function("!window.before", timeout=PATIENCE * 1000)
        open_tab(page, second)
        quick(page)
        generate(page)
        await_frames(page, ALL)
    finally:
        second.stop()
