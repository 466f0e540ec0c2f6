"""A medium, a network and a data source that diffviz does not know: dials, each an angle.

What registers them is an import, as for any module that DIFFVIZ_PLUGINS names.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
import torch
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor, nn

from diffviz.data import DATA_SETS, DataChoice, DataSource
from diffviz.data.base import DataInfo, Slot
from diffviz.media.medium import Medium
from diffviz.media.registry import MEDIA
from diffviz.networks import NETWORKS
from diffviz.networks.base import STRICT, NetworkConfig, slots_of

SIDE = 12  # pixels of a dial at scale 1
INFO = DataInfo(
    name="dials",
    shape=(2, 1),  # where the hand's end is
    sigma_data=0.7,
    slots=(Slot("half", ("left", "right")),),
    licence="CC0-1.0",
    credit="nobody",
    medium="dial",
)


class Dials:
    """Hands that point to the left or the right, never straight up or down."""

    info = INFO

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        right = torch.randint(0, 2, (size,), generator=generator)
        angle = torch.rand(size, generator=generator) * 2 - 1 + math.pi * (1 - right)
        x0 = torch.stack([angle.cos(), angle.sin()], dim=1)[..., None]
        return x0, (right + 1)[:, None]


def encode(x: Tensor) -> Tensor:
    """One byte a dial: the angle, 256 to a turn."""
    angle = torch.atan2(x[..., 1, 0], x[..., 0, 0]) / (2 * math.pi) * 256
    return angle.round().long().remainder(256).to(torch.uint8)[..., None]


def sheet(x: Tensor, scale: int = 8, per_row: int | None = None) -> np.ndarray:
    side = SIDE * scale
    faces = np.full((len(x), side, side, 3), 255, np.uint8)
    for face, hand in zip(faces, x[..., 0].tolist(), strict=True):
        for t in np.linspace(0, 1, side):
            column, row = (int((1 + t * end) / 2 * (side - 1)) for end in (hand[0], -hand[1]))
            face[np.clip(row, 0, side - 1), np.clip(column, 0, side - 1)] = 200, 0, 0
    return np.concatenate(faces, axis=1)


def strip(x: Tensor, scale: int = 3) -> np.ndarray:
    return np.concatenate([sheet(run, scale) for run in x], axis=0)


@dataclass(frozen=True, config=STRICT)
class TwoLayersConfig(NetworkConfig):
    data_weights: ClassVar[tuple[str, ...]] = ("said.",)

    kind: Literal["two-layers"] = "two-layers"
    width: int = 32
    slots: tuple[int, ...] = ()

    @classmethod
    def suited_to(cls, info: DataInfo) -> Self:
        return cls(slots=slots_of(info))

    def build(self) -> TwoLayers:
        return TwoLayers(self)


class TwoLayers(nn.Module):
    def __init__(self, config: TwoLayersConfig) -> None:
        super().__init__()
        self.said = nn.ModuleList(nn.Embedding(n + 1, config.width) for n in config.slots)
        self.first = nn.Linear(3, config.width)
        self.second = nn.Linear(config.width, config.width)
        self.last = nn.Linear(config.width, 2)

    def forward(self, x: Tensor, noise_level: Tensor, condition: Tensor) -> Tensor:
        h = self.first(torch.cat([x.flatten(1), noise_level.to(x)[:, None]], dim=1))
        for table, values in zip(self.said, condition.T, strict=True):
            h = h + table(values)
        h = torch.relu(self.second(torch.relu(h)))
        out: Tensor = self.last(h).reshape(x.shape)
        return out


def load(choice: DataChoice) -> Dials:
    if choice.classes:
        raise ValueError("dials have no classes to choose from")
    return Dials()


DIAL = Medium(
    "dial",
    "dials",
    lambda shape: shape == (2, 1),
    encode,
    sheet,
    strip,
    renderer="dial",
    network="two-layers",
    module=Path(__file__).parent / "dial.js",
)
SOURCE = DataSource("dials", "Dials: a hand each", load, medium="dial", shape=(2, 1), slots=0)


def register() -> None:
    MEDIA[DIAL.name] = DIAL
    NETWORKS["two-layers"] = TwoLayersConfig
    DATA_SETS[SOURCE.name] = SOURCE
