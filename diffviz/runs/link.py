"""Settings as the text of a link, `sample?steps=30&sampler=heun`, and back.

The text is for an address's fragment, after #, which is never sent to a server. It holds what
differs from the defaults alone. `schema` tells the page's code the same, so that it can build links
itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from diffviz.settings import Settings, declared, to_text

MAX_LENGTH = 4000  # of a link's text; browsers and chats cut longer ones


class Followed(NamedTuple):
    """Where a link leads. told: a sentence about what in it would not do, or nothing."""

    tab: str
    settings: Settings | None
    told: str = ""


def link(tab: str, settings: Settings) -> str:
    """The text that leads to a tab with these settings."""
    said = {name: to_text(value) for name, value in settings.said().items()}
    return f"{tab}?{urlencode(said)}" if said else tab


def follow(text: str, models: dict[str, type[Settings]]) -> Followed:
    """The tab and its settings that a link's text, with or without its #, means. models: of the
    tabs. What is unknown or out of bounds is left at its default, and told in a sentence."""
    tab, _, query = text.removeprefix("#").partition("?")
    if tab not in models:
        known = ", ".join(models)
        return Followed(next(iter(models)), None, f"this link leads nowhere; there is {known}")
    model = models[tab]
    if len(text) > MAX_LENGTH:
        return Followed(tab, model(), f"this link is longer than {MAX_LENGTH} characters")
    given, told = dict(parse_qsl(query, keep_blank_values=True)), ""
    while True:
        try:
            return Followed(tab, model(**given), told)
        except ValueError as error:
            told = told or str(error)
            given = without_fault(model, given)


def without_fault(model: type[Settings], given: dict[str, str]) -> dict[str, str]:
    """Those of the settings that will do, each by itself; all but the last where they contradict
    each other."""
    fit = {name: value for name, value in given.items() if fits(model, {name: value})}
    return fit if len(fit) < len(given) else dict(list(given.items())[:-1])


def fits(model: type[Settings], given: dict[str, str]) -> bool:
    try:
        model(**given)
    except ValueError:
        return False
    return True


def schema(model: type[Settings]) -> list[dict[str, Any]]:
    """What the page's code must know of a model's settings to show, check and link them."""
    return [setting.facts() for setting in declared(model).values()]
