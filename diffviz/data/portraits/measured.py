"""What denoisers of portraits are measured by: the judge's pictures, and references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Generator, Tensor

from diffviz.data.portraits.pictures import INFO, Portraits, load_portraits
from diffviz.data.portraits.words import SLOTS
from diffviz.data.source import Subject

AT_ONCE = 100  # pictures, of 200 KB each


def subject() -> Subject:
    """It learns from the many, and is tested on those that ship, which others were drawn than."""
    return Subject(
        replace(INFO, slots=SLOTS),
        (64, 96, 128, 128),
        2,
        400_000,
        batches,
        lambda: shown(load_portraits("all", shipped=True)),
        patch=4,
        noise=0.2,
    )


def batches(size: int, generator: Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """All of them in another order each time, held-out pairs among them. Raises ValueError where
    there are none but those that ship."""
    data = load_portraits("all")
    if len(data) == len(load_portraits("all", shipped=True)):
        raise ValueError(
            "the judge is tested on the portraits that ship, and learns from others: draw them with"
            " `python -m diffviz make portraits-all`"
        )
    while True:
        shuffled = torch.randperm(len(data), generator=generator)
        for rows in torch.split(shuffled, size)[: len(data) // size]:
            yield data.pictures(rows), conditions(data, rows)


def shown(data: Portraits) -> Iterator[tuple[Tensor, Tensor]]:
    """All of its pictures in parts, with what each shows."""
    for rows in torch.split(data.rows, AT_ONCE):
        yield data.pictures(rows), conditions(data, rows)


def conditions(data: Portraits, rows: Tensor) -> Tensor:
    """What these rows (n,) show, as a judge's condition (n, slots)."""
    return data.words[rows].long() + 1
