"""Times the 2-D tab in headless Chromium, by the page's own clock, and prints JSON.

    python tests/bench/plane_page.py http://127.0.0.1:7860

The server has to run; nothing else should.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from chromium import opened
from playwright.sync_api import Page

DRAG = (Path(__file__).parent.parent / "e2e" / "scripts" / "drag.js").read_text()
SECONDS, SAMPLES = 3, 2000
TAB = ".live-view.plane"


def drag(page: Page) -> dict[str, float]:
    page.wait_for_timeout(500)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    script = DRAG.replace("#forward-canvas", "#plane-canvas")
    asked = {"selector": "#plane-slider", "from": 1, "to": 109, "seconds": SECONDS}
    figures = page.evaluate(script, asked)
    return {
        "paints_per_second": round(figures["rate"], 1),
        "input_to_paint_median_ms": round(figures["median"], 1),
        "requests": len(requests),
    }


def train(page: Page) -> str:
    page.locator("#plane-training summary").first.click()
    page.locator("#plane-train").click()
    page.locator("#plane-training[data-state=running]").wait_for()
    page.locator("#plane-training[data-state=ready]").wait_for(timeout=120_000)
    return page.locator("#plane-train-said").text_content() or ""


def main(url: str) -> None:
    with opened(url) as page:
        page.get_by_role("tab", name="2-D").click()
        page.locator(f"{TAB}[data-state=done]").wait_for()
        before = page.locator(TAB).get_attribute("data-run")
        page.locator("#plane-count").evaluate(
            "(e, n) => { e.value = n; e.dispatchEvent(new Event('input', { bubbles: true })); }",
            SAMPLES,
        )
        page.locator(f"{TAB}[data-state=done]:not([data-run='{before}'])").wait_for()
        figures: dict[str, object] = {"exact, of the mixture of 1,000 points": drag(page)}
        figures["training"] = train(page)
        page.locator(f"{TAB}[data-state=done]").wait_for()
        figures["learned"] = drag(page)
        page.locator('[data-data="eight"]').click()
        page.locator(f"{TAB}[data-state=done]").wait_for()
        page.wait_for_timeout(1500)
        figures["exact, of eight Gaussians"] = drag(page)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860")
