"""What an experiment is to the lessons that show it and to the server that runs it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from diffviz.checkpoints import Checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.settings import Settings

# The bundled denoiser of a name, with what evaluates it for whoever runs the experiment.
Served = Callable[[str], tuple[Checkpoint, Denoiser]]
Messages = Iterator[dict[str, Any]]


@dataclass(frozen=True)
class Experiment:
    """settings: its model. outcomes: what it can find, of which a lesson says something each.
    measures: the numbers that it tells, for these sentences. run: yields messages for the page, the
    last of which is `found`; None where the browser does it by itself.
    """

    name: str
    settings: type[Settings]
    outcomes: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    run: Callable[[Any, Served], Messages] | None = None


def found(outcome: str, **measured: float) -> dict[str, Any]:
    """An experiment's last message."""
    return {"outcome": outcome, "measured": measured}


def sent(x: Tensor) -> str:
    """Numbers as float16 in base64, as lib/pixels.js reads them."""
    return base64.b64encode(x.detach().cpu().half().contiguous().numpy().tobytes()).decode()
