"""What was asked for of an autoencoder's training: its beginning, and a stop and going on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from diffviz.autoencoders import load_autoencoder
from diffviz.data import DATA_SETS, DataChoice, load_data_set
from diffviz.device import CPU
from diffviz.training.autoencoding import MEASURED, AutoencoderLearner, Autoencoding
from diffviz.training.decoding import DecoderLearner
from diffviz.training.files import read_state, write_state

AnyLearner = AutoencoderLearner | DecoderLearner


@dataclass(frozen=True)
class AutoencoderOrder:
    """What was asked for: enough to begin a training, and to go on with it. decoder_of: the one of
    checkpoints/autoencoders whose decoder alone learns on, "" for a whole new autoencoder."""

    name: str
    data: DataChoice
    command: str
    settings: Autoencoding
    decoder_of: str = ""


def begin(order: AutoencoderOrder, device: torch.device = CPU) -> AnyLearner:
    """A new training. Raises ValueError or FileNotFoundError, in a sentence, where it cannot be."""
    data = load_data_set(order.data)
    if len(data.info.shape) != 3:
        raise ValueError(f"an autoencoder is for pictures, and {order.data.name} has none")
    load = DATA_SETS[order.data.name].held_out
    held_out = load()[:MEASURED] if load else ()
    if not order.decoder_of:
        return AutoencoderLearner(data, order.settings, held_out, device=device)
    start = load_autoencoder(order.decoder_of)
    if start.card.data.shape != data.info.shape:
        raise ValueError(
            f"{order.decoder_of!r} is for other pictures than those of {data.info.name}"
        )
    return DecoderLearner(data, start, order.settings, held_out, device=device)


def save_state(order: AutoencoderOrder, learner: AnyLearner, path: Path) -> None:
    """Write an unfinished training as one file, whole or not at all."""
    write_state({**asdict(order), "settings": order.settings.model_dump()}, learner, path)


def _order(fields: dict[str, Any]) -> AutoencoderOrder:
    data = DataChoice.from_json(fields.pop("data"))
    return AutoencoderOrder(data=data, settings=Autoencoding(**fields.pop("settings")), **fields)


def load_state(path: Path, device: torch.device = CPU) -> tuple[AutoencoderOrder, AnyLearner]:
    """An unfinished training, ready to go on; raises ValueError where the file is none."""
    order, tensors = read_state(path, _order)
    learner = begin(order, device)
    learner.load_state(tensors)
    return order, learner
