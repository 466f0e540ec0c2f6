"""Whether an event, as a program may make it up, is one that the page's controls could have sent.

Gradio checks ranges and choices, and our handlers what a value means; neither expects a list where
a number belongs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from diffviz.ui.gradio_seams import BlockFunction
from diffviz.ui.messages import sentence
from diffviz.web.names import check
from diffviz.web.routes import CALL, CANCEL, JOIN, SERVER, Route

MOST_TEXT = 2000  # letters of a text box; its own `max_length` is the browser's matter
MOST_CHOSEN = 100
MOST_FILES = 1000  # of one input; in a request of 256 KB there are fewer
MOST_BYTES = 64 * 1024  # as JSON, of what is no file
NAMES = ("session_hash", "event_id", "fn_name")
NEVER = ("batched", "simple_format", "oauth_token")
NEEDED = {
    JOIN: ("session_hash",),
    SERVER: ("session_hash", "fn_name"),
    CANCEL: ("session_hash", "event_id"),
}


def check_request(page: gr.Blocks, uploads: Path, route: Route, path: str, body: Any) -> None:
    """Raises ValueError, in a sentence, for a body that is none of the page's or gradio_client's.
    The signature but for the page and its uploads' folder is that of `diffviz.web.bodies.Check`."""
    if not isinstance(body, dict):
        raise ValueError("A request is an object.")
    if any(body.get(name) for name in NEVER):
        raise ValueError("Only Gradio itself says such things of an event.")
    for name in NAMES:
        if name in NEEDED.get(route.name, ()) or body.get(name) is not None:
            _check_name(name, body.get(name))
    if route.name == SERVER:
        _check_paths(body, uploads, 1)
        if type(body.get("component_id")) is not int or body["component_id"] not in page.blocks:
            raise ValueError("There is no such component.")
    elif route.name == JOIN:
        if type(number := body.get("fn_index")) is not int or number not in page.fns:
            raise ValueError("There is no such event.")
        _check_event(page.fns[number], uploads, body, simple=False)
    elif route.name == CALL:
        named = [fn for fn in page.fns.values() if fn.api_name == path.rsplit("/", 1)[1]]
        if not named:
            raise ValueError("There is no endpoint of that name.")
        _check_event(named[0], uploads, body, simple=True)
    else:
        _check_paths(body, uploads, 0)


def _check_name(name: str, value: Any) -> None:
    try:
        check(name, value)
    except ValueError as error:
        sentence = str(error)
        raise ValueError(f"{sentence[:1].upper()}{sentence[1:]}.") from error


def _check_paths(body: Mapping[str, Any], uploads: Path, most: int) -> None:
    """Of a file there is only what was uploaded: no address to fetch, no file of the server.
    most: how many files such a request has.

    Whose upload it is is not asked: its folder is named by a hash of what is in the file, so that
    only who has the file knows the name.
    """
    paths, values = 0, [dict(body)]
    folder = f"{uploads.resolve()}{os.sep}"
    while values:
        value: Any = values.pop()
        if type(value) is list:
            values += value
        elif type(value) is dict:
            values += value.values()
            if "path" in value:
                paths += 1
                if paths > most:
                    raise ValueError("These are more files than belong here.")
                if not _is_uploaded(value["path"], folder):
                    raise ValueError("A file must be uploaded here first.")


def _is_uploaded(path: Any, folder: str) -> bool:
    """Whether the path, as an upload's answer has it, is in the folder, in which are no links."""
    return (
        isinstance(path, str)
        and path.startswith(folder)
        and "\0" not in path
        and os.path.normpath(path) == path
        and not os.path.isdir(path)
    )


def _check_event(fn: BlockFunction, uploads: Path, body: Mapping[str, Any], simple: bool) -> None:
    """simple: whether values that no program gives, as of gr.State, may be left out."""
    values, event = body.get("data"), body.get("event_data")
    if fn.collects_event_data and not isinstance(event, dict | None):  # others do not look at it
        raise ValueError("event_data is an object.")
    inputs = [block for block in fn.inputs if isinstance(block, Component)]
    if simple and isinstance(values, list) and len(values) < len(inputs):
        inputs = [block for block in inputs if not block.skip_api]
    try:
        check_values(inputs, values)
    except ValueError as error:
        raise ValueError(sentence(error)) from error
    _check_paths(
        body, uploads, sum(MOST_FILES if _takes_many(b) else _takes_file(b) for b in inputs)
    )


def check_values(inputs: Sequence[Component], values: Any) -> None:
    """Raises ValueError for what is no list of a value that suits each of them."""
    if not isinstance(values, list) or len(values) != len(inputs):
        raise ValueError(f"this event has {len(inputs)} values")
    for block, value in zip(inputs, values, strict=True):
        if not _fits(block, value):
            name = getattr(block, "label", None) or block.get_block_name()
            raise ValueError(f"{name}: a value of this kind cannot be used")


def _takes_file(block: Any) -> bool:
    return isinstance(block, gr.File | gr.Image)


def _takes_many(block: Any) -> bool:
    return _takes_file(block) and getattr(block, "file_count", "single") != "single"


def _fits(block: Component, value: Any) -> bool:
    if value is None:  # of a number whose field was emptied, and of what is empty at first
        emptied = isinstance(block, gr.Number) or getattr(block, "multiselect", False)
        return emptied or not isinstance(block, NEVER_EMPTY) or block.value is None
    for kinds, fits in KINDS:
        if isinstance(block, kinds):
            return fits(block, value)
    return len(json.dumps(value)) <= MOST_BYTES


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
        return _takes_many(block) and all(_is_file(inner) for inner in value)
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
