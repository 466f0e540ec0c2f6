"""The Learn tab in a browser: the lesson, its experiments, and what this browser keeps."""

from __future__ import annotations

import json

from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import Server

SLOW = 90_000  # for a busy machine
# With fewer steps than the lesson has.
QUICK = {
    "race": {"updates": 50},
    "pictures": {"samples": 16, "steps": 2},
    "loop": {"updates": 60},
    "speed": {"steps": 2},
    "back": {"steps": 4},
    "words": {"steps": 4},
    "latent": {"steps": 4},
    "apart": {"steps": 5},
}
OTHERWISE = ("misunderstandings-once",)  # where the prediction is a wrong one
# Whether all that an experiment draws is drawn, and what draws nothing tells something.
SHOWN = """(root) => {
    const levels = (c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
    const drawn = [...root.querySelectorAll("canvas")];
    return drawn.every((c) => new Set(levels(c)).size > 2)
        && Boolean(drawn.length || root.querySelector("li, .learn-claim:not(:empty)"));
}"""

# A printed page's ground, and its ink, in the dark as well.
PAPER = """() => {
    const colour = (place, what) => getComputedStyle(document.querySelector(place))[what];
    return [colour("body", "backgroundColor"), colour("gradio-app", "backgroundColor"),
        colour(".learn-text p", "color")];
}"""


def lessen(route: Route) -> None:
    """What the page asks of an experiment, with fewer steps."""
    body = route.request.post_data_json
    wanted = (body.get("event_data") or {}).get("request") or {}
    if isinstance(wanted, dict) and wanted.get("experiment") in QUICK:
        wanted["settings"] |= QUICK[wanted["experiment"]]
    route.continue_(post_data=json.dumps(body))


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
    page.route("**/queue/join*", lessen)
    said = {}
    for root in page.locator(".learn-experiment").all():
        root.scroll_into_view_if_needed()
        root.locator(".learn-body > *").first.wait_for()
        name = (root.get_attribute("id") or "").removeprefix("learn-")
        if any(name.rsplit("-", 1)[1] == other.rsplit("-", 1)[1] for other in said):
            continue  # the same with other settings
        if (run := root.locator(".learn-body button")).count():
            predicted = root.locator("input[type=radio]").count() > 0
            said[name] = claim(page, name, int(name in OTHERWISE) if predicted else None)
        assert run.count() == 0 or root.get_attribute("data-state") == "done", name
        assert root.evaluate(SHOWN), name
    page.unroute("**/queue/join*")
    assert len(said) == 16
    assert said["forward-straight"].startswith("As you expected.")
    assert "Fréchet distance" in said["misunderstandings-once"]
    assert "the run ended" in said["step-by-step-apart"]
    otherwise = page.locator("#learn-recap li").count()
    assert otherwise >= len(OTHERWISE)
    wrong, right = page.locator(".learn-question").first.locator("input").all()[:2]
    wrong.check()
    expect(page.locator(".learn-question").first).to_contain_text("Not so.")
    right.check()
    expect(page.locator(".learn-question").first).to_contain_text("Right.")
    page.evaluate("document.body.classList.add('dark')")
    page.emulate_media(media="print")
    for around in ("#introduction", "#share", ".tab-wrapper", ".learn-contents button", ".slider"):
        expect(page.locator(around).first).to_be_hidden()
    assert page.evaluate(PAPER) == ["rgb(255, 255, 255)"] * 2 + ["rgb(0, 0, 0)"]
    page.emulate_media(media="screen")
    expect(page.locator("#introduction")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.reload()
    page.get_by_role("tab", name="Learn").click()
    expect(page.locator(".learn-question").first).to_contain_text("Right.")
    expect(page.locator("#learn-recap li")).to_have_count(otherwise)
