"""Checkpoints: NAME.safetensors (averaged weights, float16) and its card, NAME.json."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from diffviz.data import DEFAULT
from diffviz.data.base import DataInfo
from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.media.registry import medium_of
from diffviz.networks import parse_network
from diffviz.networks.base import NetworkConfig
from diffviz.networks.layers import Uninitialised
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.storage import bundled_folder, write_whole

FOLDER = bundled_folder()
MEGABYTE = 2**20
MAX_WEIGHTS, MAX_HEADER, MAX_CARD = 256 * MEGABYTE, MEGABYTE, MEGABYTE  # bytes


@dataclass(frozen=True)
class Card:
    """What a denoiser is, what it was trained on, and how good it was measured to be."""

    name: str
    network: NetworkConfig
    parametrization: str
    data: DataInfo
    ratio_range: tuple[float, float]  # of σ/α, where it was trained
    images_seen: int
    cpu_hours: float
    # The card's own figures of the denoiser whose weights it started from, if it did.
    started_from: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)  # settings, and the command that trains
    quality: dict[str, Any] = field(default_factory=dict)  # figures, and the command that measures


@dataclass(frozen=True)
class Checkpoint:
    card: Card
    network: nn.Module

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    def to(self, device: torch.device) -> Checkpoint:
        """This checkpoint, its weights moved there."""
        self.network.to(device)
        return self

    def denoiser(self) -> LearnedDenoiser:
        """The denoiser that these weights make."""
        return LearnedDenoiser(
            self.network,
            PARAMETRIZATIONS[self.card.parametrization],
            self.card.data.sigma_data,
            *self.card.ratio_range,
        )


def save_checkpoint(checkpoint: Checkpoint, folder: Path = FOLDER) -> Path:
    """Write both files, the weights first, each whole or not at all. Returns the weights' path."""
    weights = {
        name: value.half().cpu().contiguous()
        for name, value in checkpoint.network.state_dict().items()
    }
    path = folder / f"{checkpoint.card.name}.safetensors"
    write_whole(path, lambda temporary: temporary.write_bytes(save(weights)))
    save_card(checkpoint.card, folder)
    return path


def save_card(card: Card, folder: Path = FOLDER) -> None:
    """Write the card alone."""
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / f"{card.name}.json", lambda temporary: temporary.write_text(text, "utf-8"))


def load_card(name: str = DEFAULT, folder: Path = FOLDER) -> Card:
    """The card of the checkpoint of that name; raises ValueError, naming those that there are."""
    known = checkpoint_names(folder)
    if name not in known:
        raise ValueError(f"unknown model {name!r}; choose from {', '.join(known) or 'none yet'}")
    return read_card(folder / f"{name}.json")


def load_checkpoint(name: str = DEFAULT, folder: Path = FOLDER) -> Checkpoint:
    """The checkpoint of that name, ready to run: float32, channels_last, no gradients.

    Raises ValueError, naming those that there are, or saying what is wrong with the files.
    """
    card = load_card(name, folder)
    path = folder / f"{name}.safetensors"
    try:
        _check_weights(path, card.network)
        with Uninitialised():
            network = card.network.build()
        network.load_state_dict(load_file(path))
    except (SafetensorError, RuntimeError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"the weights of model {name!r} do not fit its card: {error}") from error
    network = network.float().eval().requires_grad_(False)
    return Checkpoint(card, network.to(memory_format=torch.channels_last))  # type: ignore[call-overload]


def _check_weights(path: Path, config: NetworkConfig) -> None:
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


def checkpoint_names(folder: Path = FOLDER) -> list[str]:
    """The names of the denoisers in the folder."""
    return sorted(p.stem for p in folder.glob("*.safetensors") if p.with_suffix(".json").exists())


def read_card(path: Path) -> Card:
    """A card from its file; raises ValueError where it is not one."""
    try:
        if path.stat().st_size > MAX_CARD:
            raise ValueError(f"it has more than {MAX_CARD // MEGABYTE} MB")
        fields = json.loads(path.read_text("utf-8"))
        network = parse_network(fields.pop("network"))
        low, high = fields.pop("ratio_range")
        if fields["parametrization"] not in PARAMETRIZATIONS:
            raise ValueError(f"unknown parametrization {fields['parametrization']!r}")
        data = DataInfo.from_card(fields.pop("data"))
        medium_of(data)  # a card may say anything
        if not 0 < low < high < math.inf:  # NaN is none of these
            raise ValueError(f"the range of noise goes from {low!r} to {high!r}")
        return Card(
            network=network,
            data=data,
            ratio_range=(low, high),
            **fields,
        )
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} is not a denoiser's card: {error}") from error
