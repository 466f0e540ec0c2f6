"""The Sample tab: pictures come out of noise."""

from __future__ import annotations


def sample_tab() -> None:
    """Build the tab inside the current gr.Blocks."""
