"""The Learn tab in a browser: the lesson, its experiments, and what this browser keeps."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Server

SLOW = 90_000  # for a busy machine


def claim(page: Page, experiment: str, expect_first: int | None = None) -> str:
    """Scroll to an experiment, say what is expected, run it; returns what it claims."""
    root = page.locator(f"#learn-{experiment}")
    root.scroll_into_view_if_needed()
    run = root.locator(".learn-body button").first
    run.wait_for()
    if expect_first is not None:
        root.locator("input[type=radio]").nth(expect_first).check()
    run.click()
    page.wait_for_selector(f"#learn-{experiment}[data-state=done]", timeout=SLOW)
    return root.locator(".learn-claim").text_content() or ""


def test_the_lesson_is_read_tried_and_answered(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_role("tab", name="Learn").click()
    page.wait_for_selector("#learn-view [data-ready]")
    assert page.locator("#learn-view article").count() == 12
    assert page.locator("#learn-view math").count() > 10
    unseen = page.locator("#learn-step-by-step-apart .learn-body *")
    assert unseen.count() == 0  # made when it is scrolled to
    page.locator(".learn-contents a").nth(3).click()
    expect(page.locator("[id='learn/reverse']")).to_be_focused()
    assert claim(page, "forward-straight", 0).startswith("As you expected.")
    assert "Fréchet distance" in claim(page, "misunderstandings-once", 1)
    assert "the run ended" in claim(page, "step-by-step-apart")
    expect(page.locator("#learn-recap li")).to_have_count(1)
    wrong, right = page.locator(".learn-question").first.locator("input").all()[:2]
    wrong.check()
    expect(page.locator(".learn-question").first).to_contain_text("Not so.")
    right.check()
    expect(page.locator(".learn-question").first).to_contain_text("Right.")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.reload()
    page.get_by_role("tab", name="Learn").click()
    expect(page.locator(".learn-question").first).to_contain_text("Right.")
    expect(page.locator("#learn-recap li")).to_have_count(1)
