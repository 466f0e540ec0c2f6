"""Grey pictures with a class each, held in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from diffviz.data.base import DataInfo, Slot


class Labelled:
    """images: (N, H, W) uint8; labels: (N,) int64, rows of the values of info's one slot."""

    def __init__(self, images: Tensor, labels: Tensor, info: DataInfo) -> None:
        self.images = images
        self.labels = labels
        self.info = info

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        rows = torch.randint(len(self), (size,), generator=generator)
        return self.rows(rows)

    def rows(self, rows: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Pictures (n, 1, H, W) in −1..1 and conditions (n, 1), class + 1, of the given rows."""
        x0 = self.images[rows].float().div(127.5).sub(1).unsqueeze(1)
        return x0, self.labels[rows].add(1).unsqueeze(1)

    def only(self, classes: Sequence[str]) -> Self:
        """The pictures of these classes, then all that there are; all pictures where none is named.

        Raises ValueError for an unknown class, naming those that there are.
        """
        slot = self.info.slots[0]
        if unknown := [name for name in classes if name not in slot.values]:
            known = ", ".join(slot.values)
            raise ValueError(f"unknown {slot.name} {unknown[0]!r}; choose from {known}")
        if not classes:
            return self
        kept = tuple(name for name in slot.values if name in classes)
        old = torch.tensor([slot.values.index(name) for name in kept])
        matches = self.labels[:, None] == old  # (N, kept)
        rows = matches.any(1)
        info = replace(self.info, slots=(Slot(slot.name, kept),))
        return type(self)(self.images[rows], matches[rows].int().argmax(1), info)

    def balanced(self, per_class: int) -> Self:
        """The first `per_class` pictures of each class, in their old order.

        Raises ValueError where a class has fewer.
        """
        classes = len(self.info.slots[0].values)
        ranks = F.one_hot(self.labels, classes).cumsum(0).gather(1, self.labels[:, None])
        rows = (ranks[:, 0] <= per_class).nonzero()[:, 0]
        if len(rows) != per_class * classes:
            raise ValueError(f"there are not {per_class} pictures of each class")
        return type(self)(self.images[rows], self.labels[rows], self.info)
