"""How a visitor sets the controls, and what does not fit on the screen."""

from __future__ import annotations

from playwright.sync_api import Page


def enter(page: Page, selector: str, value: float) -> None:
    """Type a number into the box, as often as it takes: one that has only just appeared, with an
    accordion that opens, may still be given its first value."""
    box = page.locator(selector)

    def taken() -> bool:
        box.fill(str(value))
        box.blur()
        page.wait_for_timeout(50)
        return float(box.input_value()) == value

    assert any(taken() for _ in range(20)), f"{selector} takes no {value}"


def beyond(page: Page, selector: str) -> list[str]:
    """What in there is right of the window."""
    found: list[str] = page.evaluate(
        """(selector) => [...document.querySelectorAll(`${selector} *`)]
             .filter((e) => e.checkVisibility() && !e.closest('.sr-only, input[type=file]'))
             .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
             .map((e) => e.outerHTML.slice(0, 90))""",
        selector,
    )
    return found
