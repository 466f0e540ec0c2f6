"""How what went wrong reaches a visitor: as a sentence in the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import gradio as gr

Made = TypeVar("Made")


@contextmanager
def told_in_the_page() -> Iterator[None]:
    """A ValueError inside becomes a message in the page; its text is written for visitors."""
    try:
        yield
    except ValueError as error:
        raise gr.Error(sentence(error), print_exception=False) from error


def checked(work: Callable[[Any], Made], request: Any) -> Made:
    """The work's result for a page's request. Raises ValueError, in a sentence, whatever a program
    sends."""
    try:
        return work(request)
    except (LookupError, TypeError, ArithmeticError) as error:
        raise ValueError("the request is not one that this page makes") from error


def answer(work: Callable[[Any], dict[str, Any]], request: Any) -> dict[str, Any]:
    """The work's answer to a page's request, or {"error": a sentence}; whatever a program sends,
    never a traceback."""
    try:
        return checked(work, request)
    except ValueError as error:
        return {"error": sentence(error)}


def sentence(error: ValueError) -> str:
    message = str(error)
    first = message.partition(" ")[0]
    return (capital(message) if len(first) > 1 or first == "a" else message) + "."  # t is not T


def capital(text: str) -> str:
    """With a capital first letter, but that a symbol stays what it is: β is not B, x_t no X."""
    return text[:1].upper() + text[1:] if text[:1].isascii() and text[1:2] != "_" else text
