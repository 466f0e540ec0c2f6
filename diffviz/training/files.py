"""An unfinished training as one file: tensors, and in the header what they belong to, as JSON.

One file, so that a stop at any moment leaves one whole state, the old or the new.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from diffviz.data import DataChoice
from diffviz.data.base import DataSet
from diffviz.device import CPU
from diffviz.networks import parse_network
from diffviz.networks.base import NetworkConfig
from diffviz.storage import write_whole
from diffviz.training.config import TrainConfig
from diffviz.training.trainer import Trainer


@dataclass(frozen=True)
class Order:
    """What was asked for: enough to begin a training, and to go on with it."""

    name: str
    data: DataChoice
    command: str
    config: TrainConfig
    network: NetworkConfig
    started_from: dict[str, Any] = field(default_factory=dict)  # as in the card


def save_training(order: Order, trainer: Trainer, folder: Path) -> Path:
    """Write NAME.safetensors, whole or not at all; returns its path."""
    path = folder / f"{order.name}.safetensors"
    tensors = {name: value.contiguous() for name, value in trainer.state().items()}
    header = {"order": json.dumps({**asdict(order), "config": order.config.model_dump()})}
    content = save(tensors, header)  # save_file would wrap a full disk in an error of its own
    write_whole(path, lambda temporary: temporary.write_bytes(content))
    return path


def load_training(
    name: str,
    load_data: Callable[[DataChoice], DataSet],
    folder: Path,
    device: torch.device = CPU,
) -> tuple[Order, Trainer]:
    """The unfinished training of that name, ready to go on on that device.

    Raises ValueError, naming those that there are, or saying what is wrong with the file.
    """
    if name not in (known := unfinished_names(folder)):
        raise ValueError(
            f"no unfinished training {name!r}; there is {', '.join(known) or 'none at all'}"
        )
    try:
        with safe_open(folder / f"{name}.safetensors", "pt") as file:
            fields = json.loads(file.metadata()["order"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        network = parse_network(fields.pop("network"))
        data = fields.pop("data")
        data["classes"] = tuple(data["classes"])
        config = TrainConfig(**fields.pop("config"))
        order = Order(data=DataChoice(**data), config=config, network=network, **fields)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"the unfinished training {name!r} cannot be read: {error}") from error
    trainer = Trainer(load_data(order.data), order.network, order.config, device=device)
    trainer.load_state(tensors)
    trainer.started_from = order.started_from
    return replace(order, name=name), trainer


def unfinished_names(folder: Path) -> list[str]:
    """The names of the trainings that can go on."""
    return sorted(path.stem for path in folder.glob("*.safetensors"))
