"""What of the page is JavaScript: live views, each a gr.HTML that an ES module brings to life, and
calls of functions from the events of Gradio's own components."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import gradio as gr

ServerFunction = Callable[[Any], Any]

# The address of a module under diffviz/ui; as in lib/root.js, which has first to be found.
_MODULE = (
    "new URL(window.gradio_config?.root || '/', location.href).pathname.replace(/\\/$/, '')"
    " + '/live/{name}.js'"
)


def live_view(
    name: str,
    elem_id: str,
    label: str,
    events: Sequence[str] = (),
    server_functions: Sequence[ServerFunction] = (),
    facts: Mapping[str, Any] | None = None,
) -> gr.HTML:
    """An empty element that NAME.js in this folder brings to life by its `mount(element, view)`.

    view.facts: what is passed here, as JSON; view.props.value: text that Python events set;
    view.watch("value", callback): called whenever they do; view.trigger(event, data): starts a
    Python event; view.server: the functions given as server_functions, each `await
    server.f(argument)`.
    events: the names that `trigger` is called with, to listen to as `live_view(…).NAME(…)`.
    """
    start = (
        f"/* {' '.join(map(repr, events))} */"  # Gradio knows an event by its name in this code
        f"import({_MODULE.format(name=name)})"
        ".then((module) => module.mount(element, "
        "{ facts: JSON.parse(props.facts), props, watch, trigger, server }));"
    )
    return gr.HTML(
        value="",
        html_template=f'<section class="live-view" aria-label="{html.escape(label)}"></section>',
        js_on_load=start,
        elem_id=elem_id,
        apply_default_css=False,
        server_functions=[_function(method) for method in server_functions],
        # One text: Gradio looks at, copies and compares each part of what is none, at any message.
        facts=json.dumps(facts or {}),
    )


def page_call(name: str, *arguments: Any) -> str:
    """For an event's `js`: calls that function of lib/calls.js with the arguments and then the
    values of the event's inputs; what it returns takes their place, or where the event has no
    Python function, that of its outputs."""
    given = "".join(f"{json.dumps(argument)}, " for argument in arguments)
    module = f"await import({_MODULE.format(name='lib/calls')})"
    return f"async (...values) => ({module}).{name}({given}...values)"


def _function(method: ServerFunction) -> ServerFunction:
    """The same as a function of its own: Gradio marks it, which it could not a method."""

    @wraps(method)
    def function(request: Any) -> Any:
        return method(request)

    return function
