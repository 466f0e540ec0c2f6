"""What a data set is to the rest: batches of pictures and conditions, and what these mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from torch import Generator, Tensor


@dataclass(frozen=True)
class Slot:
    """One thing that a picture can be conditioned on. Value k of `values` is written as k + 1;
    0 means "not said". length: how many values it takes in a row, of a sentence its words."""

    name: str
    values: tuple[str, ...]
    length: int = 1

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Value → what it is written as."""
        return {value: number for number, value in enumerate(self.values, 1)}


@dataclass(frozen=True)
class DataInfo:
    """What a network and a page must know of a data set; saved in a checkpoint's card."""

    name: str
    shape: tuple[int, ...]  # of a sample; of a picture (C, H, W)
    sigma_data: float  # root mean square of a sample's numbers, the σ_data of Karras et al. 2022
    slots: tuple[Slot, ...]
    licence: str
    credit: str
    medium: str = "picture"  # an entry of MEDIA
    autoencoder: str = ""  # whose latents the samples are

    @property
    def columns(self) -> int:
        """How many numbers a condition is."""
        return sum(slot.length for slot in self.slots)

    @classmethod
    def from_card(cls, fields: Mapping[str, Any]) -> DataInfo:
        """From JSON, in which a square picture's shape may be its side and its channels."""
        rest = dict(fields)
        if "image_size" in rest:
            side = rest.pop("image_size")
            rest["shape"] = rest.pop("image_channels"), side, side
        slots = tuple(
            Slot(slot["name"], tuple(slot["values"]), slot.get("length", 1))
            for slot in rest.pop("slots")
        )
        return cls(shape=tuple(rest.pop("shape")), slots=slots, **rest)


class DataSet(Protocol):
    """A source of training pictures, finite or endless."""

    @property
    def info(self) -> DataInfo: ...

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Pictures (size, C, H, W), float32 in −1..1, and conditions (size, slots), int64."""
        ...
