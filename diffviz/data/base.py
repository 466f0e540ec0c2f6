"""What a data set is to the rest: batches of pictures and conditions, and what these mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Generator, Tensor


@dataclass(frozen=True)
class Slot:
    """One thing that a picture can be conditioned on. Value k of `values` is written as k + 1;
    0 means "not said"."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class DataInfo:
    """What a network and a page must know of a data set; saved in a checkpoint's card."""

    name: str
    image_size: int
    image_channels: int
    sigma_data: float  # root mean square of the pixels in −1..1, the σ_data of Karras et al. 2022
    slots: tuple[Slot, ...]
    licence: str
    credit: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a picture."""
        return self.image_channels, self.image_size, self.image_size


class DataSet(Protocol):
    """A source of training pictures, finite or endless."""

    @property
    def info(self) -> DataInfo: ...

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Pictures (size, C, H, W), float32 in −1..1, and conditions (size, slots), int64."""
        ...
