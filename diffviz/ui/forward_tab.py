"""The Forward tab: a picture drowns in noise."""

from __future__ import annotations


def forward_tab() -> None:
    """Build the tab inside the current gr.Blocks."""
