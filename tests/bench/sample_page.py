"""Times the Sample tab in headless Chromium, by the page's own clock, and prints JSON.

    python tests/bench/sample_page.py http://127.0.0.1:7860

The server has to run; nothing else should.
"""

from __future__ import annotations

import json
import statistics
import sys

from chromium import opened
from playwright.sync_api import Page

RUNS = 9
# Clicks, then watches the player's counter: [ms to the first frame, ms to the last].
TIMED_RUN = """
(frames) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("no picture within a minute")), 60000);
  const player = document.querySelector("#sample-player .live-view");
  const before = player.dataset.run;
  const clicked = performance.now();
  let first = 0;
  const watch = new MutationObserver(() => {
    if (player.dataset.run === before || player.dataset.frames === "0") return;
    first ||= performance.now() - clicked;
    if (Number(player.dataset.frames) < frames) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve([first, performance.now() - clicked])));
  });
  watch.observe(player, { attributeFilter: ["data-frames"] });
  document.querySelector("#sample-run").click();
})
"""
SCRUBS = """
() => new Promise((resolve) => {
  const scrubber = document.querySelector(".player-scrubber");
  const canvas = document.querySelector("#sample-canvas");
  const times = [];
  let index = 0;
  const next = () => {
    if (index > Number(scrubber.max)) return resolve(times);
    const started = performance.now(), paints = Number(canvas.dataset.frames);
    scrubber.value = index++;
    scrubber.dispatchEvent(new Event("input"));
    if (Number(canvas.dataset.frames) <= paints) throw new Error("not painted");
    requestAnimationFrame(() => { times.push(performance.now() - started); setTimeout(next); });
  };
  next();
})
"""


def set_slider(page: Page, element: str, value: float) -> None:
    box = page.locator(f"#{element} input[type=number]")
    box.fill(str(value))
    box.blur()


def timed_runs(page: Page, count: int, steps: int = 20) -> dict[str, float]:
    set_slider(page, "sample-count", count)
    set_slider(page, "sample-steps", steps)
    page.evaluate(TIMED_RUN, steps + 1)  # warm
    runs = [page.evaluate(TIMED_RUN, steps + 1) for _ in range(RUNS)]
    return {
        "first_frame_ms": round(statistics.median(first for first, _ in runs), 1),
        "all_frames_ms": round(statistics.median(last for _, last in runs), 1),
        "worst_all_frames_ms": round(max(last for _, last in runs), 1),
    }


def main(url: str) -> None:
    with opened(url) as page:
        page.get_by_role("tab", name="Sample").click()
        page.wait_for_selector("#sample-canvas")
        figures = {f"{n}_images_20_steps": timed_runs(page, n) for n in (1, 4, 16)}
        scrubs = page.evaluate(SCRUBS)
        figures["scrub"] = {
            "median_ms": round(statistics.median(scrubs), 1),
            "worst_ms": round(max(scrubs), 1),
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:7860")
