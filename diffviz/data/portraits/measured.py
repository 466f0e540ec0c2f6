"""What denoisers of portraits are measured by: the judge's pictures, and references."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from diffviz.data.portraits.captions import Chance
from diffviz.data.portraits.pictures import INFO, Portraits, encode, holds, load_portraits
from diffviz.data.portraits.words import HELD_OUT, SLOTS
from diffviz.data.source import MAX_SAMPLES, Asked, Known, Reference, Subject

AT_ONCE = 100  # pictures, of 200 KB each
TRUE = 10_000
SHOWN = 64  # pixels a side of those that a page shows beside a sample
CALLED_BY = ("style", "hair", "clothes")


def subject() -> Subject:
    """It learns from the many, and is tested on those that ship, which others were drawn than."""
    return Subject(
        replace(INFO, slots=SLOTS),
        (64, 96, 128, 128),
        2,
        400_000,
        batches,
        test,
        patch=4,
        noise=0.2,
        autoencoder=INFO.name,
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


def test() -> Iterator[tuple[Tensor, Tensor]]:
    data = load_portraits("all", shipped=True)
    return parts(data, data.rows)


def known(height: int, width: int) -> Known:
    """Those that ship and are not held out. height, width: of the pictures that are compared."""
    data = load_portraits("train", shipped=True)

    def smaller(rows: Tensor, height: int, width: int) -> Tensor:
        return F.adaptive_avg_pool2d(data.pictures(rows), (height, width))

    parts = [smaller(rows, height, width) for rows in torch.split(data.rows, AT_ONCE)]
    shows = map(data.shown, data.rows.tolist())
    return Known(
        torch.cat([((part + 1) * 127.5).round().byte() for part in parts]),
        lambda rows: smaller(data.rows[rows], SHOWN, SHOWN),
        [", ".join(values[slot] for slot in CALLED_BY) for values in shows],
        "portrait that ships",
        f"Of the {len(data):,} portraits that ship with diffviz, these are the nearest; the bundled"
        " denoiser has learned from many more that the same recipe drew.",
    )


def reference(samples: int) -> Reference:
    """Captions that say all that known portraits show, against others; and of held-out pairs, with
    what else portraits show that have them."""
    data, hidden = load_portraits("train"), load_portraits("held-out")
    most = min(MAX_SAMPLES, len(data) // 2)
    if not 10 <= samples <= most:
        more = "" if most == MAX_SAMPLES else "; `python -m diffviz make portraits-all` draws more"
        raise ValueError(f"samples must be from 10 to {most}, not {samples}{more}")
    shuffled = data.rows[torch.randperm(len(data), generator=Generator().manual_seed(11))]
    known, true = shuffled[:samples], shuffled[samples:][:TRUE]
    chance = Chance(Generator().manual_seed(12))
    held_out = {}
    for pair in HELD_OUT:
        said = encode(pair)
        found = hidden.rows[holds(conditions(hidden, hidden.rows), said)]
        rows = found[torch.arange(max(1, samples // 50)) % len(found)]
        asked = Asked(hidden.said(rows, chance, whole=True), said.expand(len(rows), -1))
        held_out[", ".join(pair.values())] = asked
    return Reference(
        Asked(data.said(known, chance, whole=True), conditions(data, known)),
        parts(data, true),
        parts(data, known),
        held_out,
    )


def parts(data: Portraits, rows: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """The pictures of these rows, some at a time, with what they show."""
    for some in torch.split(rows, AT_ONCE):
        yield data.pictures(some), conditions(data, some)


def conditions(data: Portraits, rows: Tensor) -> Tensor:
    """What these rows (n,) show, as a judge's condition (n, slots)."""
    return data.words[rows].long() + 1
