"""Checkpoints: NAME.safetensors (averaged weights, float16) and its card, NAME.json."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from diffviz.autoencoders import medium_shown
from diffviz.data import DEFAULT
from diffviz.data.base import DataInfo
from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.media.medium import Medium
from diffviz.media.registry import medium_of
from diffviz.networks import parse_network
from diffviz.networks.base import NetworkConfig
from diffviz.networks.files import load_weights, read_fields, save_fields, save_weights
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.storage import bundled_folder

FOLDER = bundled_folder()


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
    # Of a student: its teacher's name, the method, and what was asked of the teacher.
    distilled: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)  # settings, and the command that trains
    quality: dict[str, Any] = field(default_factory=dict)  # figures, and the command that measures

    def adapted_to(self, info: DataInfo) -> NetworkConfig:
        """The network as a training goes on with it on a data set; raises ValueError, in the words
        that follow the denoiser's name, where none can."""
        if self.distilled:
            raise ValueError(f"is a student: its teacher, {self.distilled['teacher']!r}, can go on")
        if self.data.autoencoder != info.autoencoder:
            known, new = (
                f"latents of {one.autoencoder}" if one.autoencoder else "what is no latent"
                for one in (self.data, info)
            )
            raise ValueError(f"knows {known}, and this is {new}")
        return self.network.adapted_to(info)


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

    @property
    def medium(self) -> Medium:
        """What its samples are, and how they are shown: latents, by their autoencoder. Raises
        ValueError where that is not there."""
        return medium_shown(self.card.data)

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
    path = folder / f"{checkpoint.card.name}.safetensors"
    save_weights(checkpoint.network, path)
    save_card(checkpoint.card, folder)
    return path


def save_card(card: Card, folder: Path = FOLDER) -> None:
    """Write the card alone."""
    save_fields(asdict(card), folder / f"{card.name}.json")


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
    try:
        network = load_weights(card.network, folder / f"{name}.safetensors")
    except ValueError as error:
        raise ValueError(f"the weights of model {name!r} do not fit its card: {error}") from error
    return Checkpoint(card, network)


def checkpoint_names(folder: Path = FOLDER) -> list[str]:
    """The names of the denoisers in the folder."""
    return sorted(p.stem for p in folder.glob("*.safetensors") if p.with_suffix(".json").exists())


def read_card(path: Path) -> Card:
    """A card from its file; raises ValueError where it is not one."""
    try:
        fields = read_fields(path)
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
