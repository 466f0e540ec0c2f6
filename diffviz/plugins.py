"""Modules of others, which add media, networks and data sources to the registries."""

from __future__ import annotations

import importlib
import sys

from diffviz.config import read_config


def load_plugins() -> None:
    """Import what DIFFVIZ_PLUGINS names; each module registers what it has. Whatever runs diffviz
    calls this first: registries are read when the page and the command line are imported.

    Exits with a sentence where there is no such module.
    """
    for name in filter(None, map(str.strip, read_config().plugins.split(","))):
        try:
            importlib.import_module(name)
        except ImportError as error:
            sys.exit(f"DIFFVIZ_PLUGINS names {name}, which cannot be imported: {error}")
