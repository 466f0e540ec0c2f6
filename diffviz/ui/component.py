"""A live view: a gr.HTML whose JavaScript is an ES module among our static files."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import gradio as gr

ServerFunction = Callable[[Any], Any]


def live_view(
    name: str,
    elem_id: str,
    label: str,
    events: Sequence[str] = (),
    server_functions: Sequence[ServerFunction] = (),
    **props: Any,
) -> gr.HTML:
    """An empty element that NAME.js in this folder brings to life by its `mount(element, view)`.

    view.props: what is passed here (and `value`, which Python events set); view.watch(name,
    callback): called whenever Python sets it; view.trigger(event, data): starts a Python event;
    view.server: the functions given as server_functions, each `await server.f(argument)`.
    events: the names that `trigger` is called with, to listen to as `live_view(…).NAME(…)`.
    """
    start = (
        f"/* {' '.join(map(repr, events))} */"  # Gradio knows an event by its name in this code
        "const root = new URL(window.gradio_config?.root || '/', location.href).pathname"
        ".replace(/\\/$/, '');"  # as in lib/root.js, which has first to be found
        f"import(`${{root}}/live/{name}.js`)"
        ".then((module) => module.mount(element, { props, watch, trigger, server }));"
    )
    return gr.HTML(
        value=props.pop("value", ""),
        html_template=f'<section class="live-view" aria-label="{html.escape(label)}"></section>',
        js_on_load=start,
        elem_id=elem_id,
        apply_default_css=False,
        server_functions=[_function(method) for method in server_functions],
        **props,
    )


def _function(method: ServerFunction) -> ServerFunction:
    """The same as a function of its own: Gradio marks it, which it could not a method."""

    @wraps(method)
    def function(request: Any) -> Any:
        return method(request)

    return function
