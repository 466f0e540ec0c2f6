"""Whether an event, as a program may make it up, is one that the page's controls could have sent.

Gradio checks ranges and choices, and our handlers what a value means; neither expects a list where
a number belongs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.components import Component

from diffviz.web.routes import CALL, JOIN, SERVER, Route
from diffviz.web.uploads import is_within

MOST_TEXT = 2000  # letters of a text box; its own `max_length` is the browser's matter
MOST_CHOSEN = 100
MOST_FILES = 10_000
NAMES = 64  # letters of a session's or an event's name


def check_request(page: gr.Blocks, uploads: Path, route: Route, path: str, body: Any) -> None:
    """Raises ValueError, in a sentence, for a body that is none of the page's or gradio_client's.
    The signature but for the page and its uploads' folder is that of `diffviz.web.bodies.Check`."""
    if not isinstance(body, dict):
        raise ValueError("A request is an object.")
    _check_paths(body, uploads)
    for name in ("session_hash", "event_id", "fn_name"):
        if not isinstance(value := body.get(name), str | None) or len(value or "") > NAMES:
            raise ValueError(f"{name} is a short text.")
    if route.name == SERVER:
        if type(body.get("component_id")) is not int or body["component_id"] not in page.blocks:
            raise ValueError("There is no such component.")
    elif route.name == JOIN:
        if type(number := body.get("fn_index")) is not int or number not in page.fns:
            raise ValueError("There is no such event.")
        _check_event(page.fns[number], body, simple=False)
    elif route.name == CALL:
        named = [fn for fn in page.fns.values() if fn.api_name == path.rsplit("/", 1)[1]]
        if not named:
            raise ValueError("There is no endpoint of that name.")
        _check_event(named[0], body, simple=True)


def _check_paths(value: Any, uploads: Path) -> None:
    """Of a file there is only what was uploaded: no address to fetch, no file of the server.

    Whose upload it is is not asked: its folder is named by a hash of what is in the file, so that
    only who has the file knows the name.
    """
    if isinstance(value, dict):
        if "path" in value and not is_within(value["path"], uploads):
            raise ValueError("A file must be uploaded here first.")
        for inner in value.values():
            _check_paths(inner, uploads)
    elif isinstance(value, list):
        for inner in value:
            _check_paths(inner, uploads)


def _check_event(fn: BlockFunction, body: Mapping[str, Any], simple: bool) -> None:
    """simple: whether values that no program gives, as of gr.State, may be left out."""
    values, event = body.get("data"), body.get("event_data")
    if fn.collects_event_data and not isinstance(event, dict | None):  # others do not look at it
        raise ValueError("event_data is an object.")
    inputs = [block for block in fn.inputs if isinstance(block, Component)]
    if simple and isinstance(values, list) and len(values) < len(inputs):
        inputs = [block for block in inputs if not block.skip_api]
    if not isinstance(values, list) or len(values) != len(inputs):
        raise ValueError(f"This event has {len(inputs)} values.")
    for block, value in zip(inputs, values, strict=True):
        if not _fits(block, value):
            name = getattr(block, "label", None) or block.get_block_name()
            raise ValueError(f"{name}: a value of this kind cannot be used.")


def _fits(block: Component, value: Any) -> bool:
    if value is None:  # of a number whose field was emptied, and of what is empty at first
        emptied = isinstance(block, gr.Number) or getattr(block, "multiselect", False)
        return emptied or not isinstance(block, NEVER_EMPTY) or block.value is None
    return next((fits(block, value) for kinds, fits in KINDS if isinstance(block, kinds)), True)


def _is_number(_block: Component, value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(_block: Component, value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MOST_TEXT


def _is_chosen(block: Component, value: Any) -> bool:
    """One of the choices' kind, or several; which there are is seen elsewhere."""
    kinds = {type(choice) for _, choice in getattr(block, "choices", None) or ()} | {str}
    several = isinstance(block, gr.CheckboxGroup) or getattr(block, "multiselect", False)
    if several and isinstance(value, list):
        return len(value) <= MOST_CHOSEN and all(_is_one(inner, kinds) for inner in value)
    return not several and _is_one(value, kinds)


def _is_one(value: Any, kinds: set[type]) -> bool:
    return type(value) in kinds and len(str(value)) <= MOST_TEXT


def _is_files(block: Component, value: Any) -> bool:
    if isinstance(value, list):
        several = getattr(block, "file_count", "single") != "single"
        return several and len(value) <= MOST_FILES and all(_is_file(inner) for inner in value)
    return _is_file(value)


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and "path" in value


NEVER_EMPTY = (gr.Slider, gr.Checkbox, gr.Textbox, gr.Dropdown, gr.Radio, gr.CheckboxGroup)
KINDS: list[tuple[tuple[type, ...], Callable[[Component, Any], bool]]] = [
    ((gr.Number, gr.Slider), _is_number),
    ((gr.Checkbox,), lambda _block, value: isinstance(value, bool)),
    ((gr.Textbox,), _is_text),
    ((gr.Dropdown, gr.Radio, gr.CheckboxGroup), _is_chosen),
    ((gr.File, gr.Image), _is_files),
]
