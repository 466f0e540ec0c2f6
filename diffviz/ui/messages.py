"""How what went wrong reaches a visitor: as a sentence in the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr


@contextmanager
def told_in_the_page() -> Iterator[None]:
    """A ValueError inside becomes a message in the page; its text is written for visitors."""
    try:
        yield
    except ValueError as error:
        message = str(error)
        raise gr.Error(message[:1].upper() + message[1:] + ".", print_exception=False) from error
