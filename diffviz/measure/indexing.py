"""An index of whatever a denoiser has learned from, made when it is first asked for."""

from __future__ import annotations

import numpy as np
import torch
from torch import Generator, Tensor

from diffviz.data import words_of
from diffviz.data.base import DataInfo, DataSet
from diffviz.data.language import NONE
from diffviz.data.source import Known
from diffviz.measure.nearest import QUANTILES, Index, search, squares
from diffviz.media.levels import grey_levels

DRAWN = 8_000  # of data without an end: some seconds of a core, the first time
QUERIES = 500  # of real pictures that tell what a distance means
PART = 1_000  # pictures that are drawn at once
AT_ONCE = 250  # that are looked up at once


def index_of(data: DataSet, seed: int = 0) -> Index:
    """The pictures of a data set, (N, C, H, W) in its memory; of one without an end, DRAWN of them
    at random, as training draws them. What a distance means is told by real pictures: each one's to
    the nearest other one, or that of others drawn anew.
    """
    images = getattr(data, "images", None)
    if images is None:
        return _of_draws(data, seed)
    pictures = images.unsqueeze(1) if images.ndim == 3 else images  # one channel may go unsaid
    levels = pictures.flatten(1)
    if getattr(data, "flips", False):
        levels = torch.cat([levels, pictures.flip(3).flatten(1)])
    slots, labels = data.info.slots, torch.zeros(len(pictures), dtype=torch.int64)
    if hasattr(data, "labels"):
        labels = data.labels + 1
    elif slots and hasattr(data, "conditions"):
        labels = data.conditions[:, 0]
    sums = squares(levels)
    return Index(
        levels,
        sums,
        labels.repeat(len(levels) // len(pictures)),
        _to_each_other(levels, sums, seed),
        data.info.shape,
        ("", *(slots[0].values if slots else ())),
        f"Of the {len(pictures):,} pictures that it learned from, these are the nearest.",
        "these pictures to each other",
    )


def index_of_known(known: Known, seed: int = 0) -> Index:
    """Of what stands for the pictures that were learned from, as `index_of`."""
    levels = known.levels.flatten(1)
    sums = squares(levels)
    return Index(
        levels,
        sums,
        torch.arange(len(levels)),
        _to_each_other(levels, sums, seed),
        tuple(known.levels.shape[1:]),
        known.says,
        known.among,
        "these pictures to each other",
        called=known.called,
        shown=known.shown,
    )


def _to_each_other(levels: Tensor, sums: Tensor, seed: int) -> np.ndarray:
    """The quantiles of how far some are from the nearest other one."""
    some = torch.randperm(len(levels), generator=Generator().manual_seed(seed))[:QUERIES]
    distances = [
        search(levels[rows], levels, sums, 2)[1][:, 1] for rows in torch.split(some, AT_ONCE)
    ]  # the nearest one is itself
    quantiles: np.ndarray = np.quantile(torch.cat(distances).numpy(), QUANTILES)
    return quantiles


def _of_draws(data: DataSet, seed: int) -> Index:
    generator = Generator().manual_seed(seed)

    def draw(count: int) -> tuple[Tensor, Tensor]:
        parts = [data.batch(PART, generator) for _ in range(-(-count // PART))]
        x0, conditions = (torch.cat(part)[:count] for part in zip(*parts, strict=True))
        return grey_levels(x0).flatten(1), conditions

    levels, conditions = draw(DRAWN)
    sums = squares(levels)
    distances = [
        search(part, levels, sums, 1)[1] for part in torch.split(draw(QUERIES)[0], AT_ONCE)
    ]
    return Index(
        levels,
        sums,
        torch.arange(len(levels)),
        np.quantile(torch.cat(distances).numpy(), QUANTILES),
        data.info.shape,
        [_said(data.info, row) for row in conditions.tolist()],
        f"What it learned from is drawn at random and has no end. Of {len(levels):,} drawn in the"
        " same way, these are the nearest.",
        "others drawn in this way",
    )


def _said(info: DataInfo, row: list[int]) -> str:
    """What a condition says is there, in words where there are such; not all that is not."""
    said = {
        slot.name: slot.values[value - 1]
        for slot, value in zip(info.slots, row, strict=True)
        if value and slot.values[value - 1] != NONE
    }
    words = words_of(info)
    return words.sentence(said) if words else ", ".join(said.values())
