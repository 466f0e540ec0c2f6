"""Settings as the text of a link, `sample?steps=30&sampler=heun`.

The text is for an address's fragment, after #, which is never sent to a server. It holds what
differs from the defaults alone. `schema` tells the page's code what it must know to follow links,
and to write the same ones (ui/lib/link.js).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from diffviz.settings import Settings, offered, plain, to_text


def link(tab: str, settings: Settings) -> str:
    """The text that leads to a tab with these settings."""
    said = {name: to_text(value) for name, value in settings.said().items()}
    return f"{tab}?{urlencode(said)}" if said else tab


def schema(
    model: type[Settings], usual: Mapping[str, tuple[str, Mapping[str, Any]]] | None = None
) -> list[dict[str, Any]]:
    """What the page's code must know of a model's settings to show, check and link them. usual: of
    a setting that begins as another one says, its name and what that says by its values."""
    begins = {
        name: {"by": by, "of": {value: plain(said) for value, said in of.items()}}
        for name, (by, of) in (usual or {}).items()
    }
    return [
        setting.facts() | ({"usual": begins[name]} if name in begins else {})
        for name, setting in offered(model).items()
    ]
