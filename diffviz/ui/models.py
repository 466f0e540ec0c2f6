"""The denoisers that the page offers, each loaded once for all visitors."""

from __future__ import annotations

from functools import cache

from diffviz.checkpoints import Checkpoint, load_checkpoint


@cache
def model(name: str = "fashion") -> Checkpoint:
    """The bundled checkpoint of that name."""
    return load_checkpoint(name)
