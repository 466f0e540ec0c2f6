"""Networks as files: averaged weights in float16, and a card as JSON; never pickle, in or out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from diffviz.networks.base import Config
from diffviz.networks.layers import Uninitialised
from diffviz.storage import write_whole

MEGABYTE = 2**20
MAX_WEIGHTS, MAX_HEADER, MAX_CARD = 256 * MEGABYTE, MEGABYTE, MEGABYTE  # bytes


def save_weights(network: nn.Module, path: Path) -> None:
    """Write a network's weights, whole or not at all."""
    weights = {
        name: value.half().cpu().contiguous() for name, value in network.state_dict().items()
    }
    write_whole(path, lambda temporary: temporary.write_bytes(save(weights)))


def load_weights(config: Config, path: Path) -> nn.Module:
    """The network of that config with these weights, ready to run: float32, channels_last, no
    gradients. Raises ValueError, saying what is wrong, where they are not of such a network."""
    try:
        _check_weights(path, config)
        with Uninitialised():
            network = config.build()
        network.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(str(error)) from error
    network = network.float().eval().requires_grad_(False)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _check_weights(path: Path, config: Config) -> None:
    """Raises ValueError where the file is not what the card says, before any of it is unpacked."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header = int.from_bytes(file.read(8), "little")
    if size > MAX_WEIGHTS or header > min(MAX_HEADER, size):
        raise ValueError(f"more than {MAX_WEIGHTS // MEGABYTE} MB, or no safetensors file")
    with torch.device("meta"), Uninitialised():  # all shapes, and none of the memory
        expected = {name: tuple(value.shape) for name, value in config.build().state_dict().items()}
    with safe_open(path, "pt") as weights:
        names = list(weights.keys())
        found = {name: tuple(weights.get_slice(name).get_shape()) for name in names}
    if found != expected:
        name = min(name for name in found | expected if found.get(name) != expected.get(name))
        raise ValueError(f"{name} is {found.get(name)}, not {expected.get(name)}")


def save_fields(fields: Mapping[str, Any], path: Path) -> None:
    """Write a card's fields."""
    text = json.dumps(fields, indent=2, ensure_ascii=False) + "\n"
    write_whole(path, lambda temporary: temporary.write_text(text, "utf-8"))


def read_fields(path: Path) -> dict[str, Any]:
    """A card's fields; raises ValueError for a file that is no JSON, or too long for a card."""
    if path.stat().st_size > MAX_CARD:
        raise ValueError(f"it has more than {MAX_CARD // MEGABYTE} MB")
    fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return fields
