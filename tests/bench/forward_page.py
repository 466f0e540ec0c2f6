"""Times the Forward tab in headless Chromium, by the page's own clock, and prints JSON.

    python tests/bench/forward_page.py http://127.0.0.1:7860

The server has to run; nothing else should.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

from chromium import opened
from playwright.sync_api import Page

SCRIPTS = Path(__file__).parent.parent / "e2e" / "scripts"
DRAG = (SCRIPTS / "drag.js").read_text()
GUESS = (SCRIPTS / "guess.js").read_text()
SECONDS = 3
DRAGS = {
    "t": ("#forward-t input[type=range]", 0, 1000),
    "schedule parameter": ("#forward-s input[type=range]", 0.001, 0.1),
    "T": ("#forward-T input[type=range]", 2, 4000),
}


def drag(page: Page, selector: str, start: float, end: float) -> dict[str, float]:
    page.wait_for_timeout(1000)  # let the denoiser answer what came before
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    figures = page.evaluate(
        DRAG, {"selector": selector, "from": start, "to": end, "seconds": SECONDS}
    )
    return {
        "paints_per_second": round(figures["rate"], 1),
        "input_to_paint_median_ms": round(figures["median"], 1),
        "requests": len(requests),
    }


# Moves a handle by its keys, once a frame: a driver's mouse would be too slow for that.
MOVE_HANDLE = """async (seconds) => {
  const handle = document.querySelector('#forward-handle-4');
  const canvas = document.querySelector('#forward-canvas');
  const first = Number(canvas.dataset.frames), began = performance.now();
  let k = 0;
  while (performance.now() - began < seconds * 1000) {
    const key = k++ % 20 < 10 ? 'ArrowDown' : 'ArrowUp';
    handle.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    await new Promise(requestAnimationFrame);
  }
  return (Number(canvas.dataset.frames) - first) / ((performance.now() - began) / 1000);
}"""


def move_handle(page: Page) -> dict[str, float]:
    page.locator("#forward-schedule select").select_option("drawn")
    page.locator("#forward-handle-4").scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    rate = page.evaluate(MOVE_HANDLE, SECONDS)
    return {"paints_per_second": round(rate, 1), "requests": len(requests)}


def answers(page: Page) -> dict[str, float]:
    """Of each denoiser, of the picture that the page opens with."""
    names = page.locator("#forward-denoiser option")
    waits: dict[str, float] = {}
    for name in names.evaluate_all("options => options.map(({ value }) => value)"):
        page.locator("#forward-denoiser select").select_option(name)
        page.evaluate(GUESS, 10)  # the first look of a network is longer
        times = [page.evaluate(GUESS, t) for t in (200, 350, 500, 650, 800)]
        waits[name] = round(statistics.median(times), 1)
    return waits


def main(url: str) -> None:
    with opened(url) as page:
        page.locator("#forward-canvas[data-t]").wait_for()
        page.locator("#forward-t").dispatch_event("pointerdown")  # ends the introduction
        page.locator("#forward-advanced summary").click()
        figures: dict[str, object] = {name: drag(page, *what) for name, what in DRAGS.items()}
        figures["drawn handle"] = move_handle(page)
        figures["answer after the rest, median ms"] = answers(page)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860")
