"""An unfinished training as one file: tensors, and in the header what they belong to, as JSON.

One file, so that a stop at any moment leaves one whole state, the old or the new.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from diffviz.data import DataChoice
from diffviz.data.base import DataSet
from diffviz.device import CPU
from diffviz.networks import parse_network
from diffviz.networks.base import NetworkConfig
from diffviz.storage import write_whole
from diffviz.training.config import TrainConfig
from diffviz.training.learner import Learner
from diffviz.training.trainer import Trainer

Asked = TypeVar("Asked")


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
    write_state({**asdict(order), "config": order.config.model_dump()}, trainer, path)
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
    order, tensors = read_state(folder / f"{name}.safetensors", _order)
    trainer = Trainer(load_data(order.data), order.network, order.config, device=device)
    trainer.load_state(tensors)
    trainer.started_from = order.started_from
    return replace(order, name=name), trainer


def _order(fields: dict[str, Any]) -> Order:
    network = parse_network(fields.pop("network"))
    data = DataChoice.from_json(fields.pop("data"))
    config = TrainConfig(**fields.pop("config"))
    return Order(data=data, config=config, network=network, **fields)


def write_state(order: Mapping[str, Any], learner: Learner, path: Path) -> None:
    """Write what a learner goes on from, and what was asked for, whole or not at all."""
    tensors = {name: value.contiguous() for name, value in learner.state().items()}
    # save_file would wrap a full disk in an error of its own
    content = save(tensors, {"order": json.dumps(order)})
    write_whole(path, lambda temporary: temporary.write_bytes(content))


def read_state(
    path: Path, read_order: Callable[[dict[str, Any]], Asked]
) -> tuple[Asked, dict[str, Tensor]]:
    """What was asked for, as `read_order` reads it, and the learner's state. Raises ValueError,
    saying what is wrong with the file."""
    try:
        with safe_open(path, "pt") as file:
            fields = json.loads(file.metadata()["order"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return read_order(fields), tensors
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"the unfinished training {path.stem!r} cannot be read: {error}"
        ) from error


def unfinished_names(folder: Path) -> list[str]:
    """The names of the trainings that can go on."""
    return sorted(path.stem for path in folder.glob("*.safetensors"))
