"""Settings as the text of a link, `sample?steps=30&sampler=heun`.

The text is for an address's fragment, after #, which is never sent to a server. It holds what
differs from the defaults alone. `schema` tells the page's code what it must know to follow links,
and to write the same ones (ui/lib/link.js).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from diffviz.settings import Settings, offered, plain, to_text

# Of a setting that begins as another one says: that one's name, and what it says by its values.
Usual = Mapping[str, tuple[str, Mapping[str, Any]]]


def link(tab: str, settings: Settings, usual: Usual = MappingProxyType({})) -> str:
    """The text that leads to a tab with these settings."""
    said = {}
    for name, setting in offered(type(settings)).items():
        by, of = usual.get(name, ("", {}))
        begins = of.get(getattr(settings, by), setting.default) if by else setting.default
        if (value := getattr(settings, name)) != begins:
            said[name] = to_text(value)
    return f"{tab}?{urlencode(said)}" if said else tab


def schema(model: type[Settings], usual: Usual = MappingProxyType({})) -> list[dict[str, Any]]:
    """What the page's code must know of a model's settings to show, check and link them."""
    begins = {
        name: {"by": by, "of": {value: plain(said) for value, said in of.items()}}
        for name, (by, of) in usual.items()
    }
    return [
        setting.facts() | ({"usual": begins[name]} if name in begins else {})
        for name, setting in offered(model).items()
    ]
