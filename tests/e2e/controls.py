"""How a visitor sets the controls."""

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
