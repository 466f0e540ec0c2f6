"""Checkpoints: NAME.safetensors (averaged weights, float16) and its card, NAME.json."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from diffviz.data.base import DataInfo, Slot
from diffviz.denoisers import LearnedDenoiser
from diffviz.networks import UNet, UNetConfig
from diffviz.parametrization import PARAMETRIZATIONS

FOLDER = Path(__file__).parent.parent / "checkpoints"


@dataclass(frozen=True)
class Card:
    """What a denoiser is, what it was trained on, and how good it was measured to be."""

    name: str
    network: UNetConfig
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
    network: UNet

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
        name: value.half().contiguous() for name, value in checkpoint.network.state_dict().items()
    }
    path = folder / f"{checkpoint.card.name}.safetensors"
    write_whole(path, lambda temporary: temporary.write_bytes(save(weights)))
    save_card(checkpoint.card, folder)
    return path


def save_card(card: Card, folder: Path = FOLDER) -> None:
    """Write the card alone."""
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / f"{card.name}.json", lambda temporary: temporary.write_text(text, "utf-8"))


def load_checkpoint(name: str, folder: Path = FOLDER) -> Checkpoint:
    """The checkpoint of that name, ready to run: float32, channels_last, no gradients.

    Raises ValueError, naming those that there are, or saying what is wrong with the files.
    """
    known = checkpoint_names(folder)
    if name not in known:
        raise ValueError(f"unknown model {name!r}; choose from {', '.join(known) or 'none yet'}")
    card = read_card(folder / f"{name}.json")
    try:
        network = UNet(card.network)
        network.load_state_dict(load_file(folder / f"{name}.safetensors"))
    except (SafetensorError, RuntimeError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"the weights of model {name!r} do not fit its card: {error}") from error
    network = network.float().eval().requires_grad_(False)
    return Checkpoint(card, network.to(memory_format=torch.channels_last))  # type: ignore[call-overload]


def checkpoint_names(folder: Path = FOLDER) -> list[str]:
    """The names of the denoisers in the folder."""
    return sorted(p.stem for p in folder.glob("*.safetensors") if p.with_suffix(".json").exists())


def read_card(path: Path) -> Card:
    """A card from its file; raises ValueError where it is not one."""
    try:
        fields = json.loads(path.read_text("utf-8"))
        network = fields.pop("network")
        for name in ("channels", "blocks", "slots"):
            network[name] = tuple(network[name])
        data = fields.pop("data")
        slots = tuple(Slot(slot["name"], tuple(slot["values"])) for slot in data.pop("slots"))
        low, high = fields.pop("ratio_range")
        if fields["parametrization"] not in PARAMETRIZATIONS:
            raise ValueError(f"unknown parametrization {fields['parametrization']!r}")
        return Card(
            network=UNetConfig(**network),
            data=DataInfo(slots=slots, **data),
            ratio_range=(low, high),
            **fields,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} is not a denoiser's card: {error}") from error


def write_whole(path: Path, write: Any) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in its place in one move, so
    that a full disk or a kill leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        write(Path(temporary))
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp's own mode shuts other users out
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
