"""A setting's control on the page, and its parameter of an endpoint, as it is declared."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, get_type_hints

import gradio as gr
from gradio.components import Component

from diffviz.settings import (
    FLAG,
    LIST,
    NUMBER,
    TABLE,
    WHOLE,
    Setting,
    Settings,
    offered,
    plain,
    said,
)
from diffviz.ui.component import page_call
from diffviz.ui.messages import capital, told_in_the_page

# A slider of more stops than that cannot be set to one of them.
MOST_STOPS = 10_000


def control(setting: Setting, elem_id: str | None = None, **options: Any) -> Component:
    """The control of a setting, inside the current block. options: what is the page's own, in place
    of what is made from the declaration."""
    told: dict[str, Any] = {
        "label": capital(setting.label),
        "value": plain(setting.default),
        "elem_id": elem_id,
        "info": setting.help if setting.hint else None,
        **options,
    }
    if setting.choices or "choices" in options:
        return gr.Dropdown(**{"choices": setting.labelled(), **told})
    if setting.kind == FLAG:
        return gr.Checkbox(**told)
    if setting.kind in (TABLE, LIST):
        del told["info"]
        return gr.JSON(**{**told, "value": told["value"] or ([] if setting.kind == LIST else {})})
    if setting.kind not in (WHOLE, NUMBER):
        return gr.Textbox(**told)
    low, high, step = setting.minimum, setting.maximum, setting.step
    told = {"minimum": low, "maximum": high, **told}
    emptied = told["value"] is None  # as no slider can be
    if emptied or step is None or (high - low) / step > MOST_STOPS:
        return gr.Number(**{"precision": 0 if setting.kind == WHOLE else None, **told})
    return gr.Slider(**{"step": step, **told})


def keep_whole(named: Mapping[str, Component], settings: Mapping[str, Setting]) -> None:
    """Where numbers are typed, the whole number within its bounds that is shown is the one that is
    run. Inside the current block."""
    for name, component in named.items():
        setting = settings[name]
        if isinstance(component, gr.Number) and setting.kind == WHOLE:
            call = page_call("whole", setting.minimum, setting.maximum)
            component.blur(None, component, component, js=call, api_visibility="private")


def as_sent(components: Iterable[Component]) -> None:
    """Let values reach the handler as they were sent: Gradio's own check has other words for what
    is wrong than the schema, whose check they go to."""
    for component in components:
        setattr(component, "preprocess", _same)  # noqa: B010  # of this one alone


def _same(payload: Any) -> Any:
    return payload


def endpoint(
    handler: Callable[..., Any],
    first: tuple[str, ...] = (),
    renamed: Mapping[str, str] = MappingProxyType({}),
    unsaid: Collection[str] = (),
) -> Callable[..., Any]:
    """A handler with one parameter for each field of the settings that it takes.

    handler: `(backend, request, settings: SomeSettings, own="", …)`. first: the names that come
    first, in their order; the rest follows as declared, so that what programs pass by its place
    keeps it. renamed: setting → parameter, where programs know it by another name. unsaid: the
    settings that say nothing, instead of their default, where they are left out. What will not do
    becomes a message in the page.
    """
    hints = get_type_hints(handler)
    parameters = inspect.signature(handler).parameters
    taken, model = next(
        (name, hint)
        for name, hint in hints.items()
        if name in parameters and inspect.isclass(hint) and issubclass(hint, Settings)
    )
    fields = {renamed.get(name, name): setting for name, setting in offered(model).items()}
    own = {name: p for name, p in parameters.items() if p.default is not inspect.Parameter.empty}
    given = [p for name, p in parameters.items() if name != taken and name not in own]
    names = in_order([*fields, *own], first)
    spread = [
        own.get(name)
        or inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=None if fields[name].name in unsaid else fields[name].default,
            annotation=model.model_fields[fields[name].name].annotation,
        )
        for name in names
    ]

    def arguments(values: tuple[Any, ...]) -> tuple[list[Any], dict[str, Any]]:
        before, named = (
            list(values[: len(given)]),
            dict(zip(names, values[len(given) :], strict=False)),
        )
        with told_in_the_page():
            known = said(named, fields)
            settings = model(**{fields[name].name: value for name, value in known.items()})
        rest = {name: named[name] for name in own if name in named}
        return before, {taken: settings, **rest}

    async def later(*values: Any) -> Any:
        before, named = arguments(values)
        return await handler(*before, **named)

    def at_once(*values: Any) -> Any:
        before, named = arguments(values)
        return handler(*before, **named)

    call: Callable[..., Any] = later if inspect.iscoroutinefunction(handler) else at_once
    call.__name__, call.__doc__ = handler.__name__, handler.__doc__
    call.__annotations__ = {p.name: hints.get(p.name, p.annotation) for p in [*given, *spread]}
    setattr(call, "__signature__", inspect.Signature([*given, *spread]))  # noqa: B010
    return call


def in_order(names: Iterable[str], first: tuple[str, ...]) -> list[str]:
    """The names, those of `first` before the rest."""
    known = list(names)
    return [*first, *(name for name in known if name not in first)]
