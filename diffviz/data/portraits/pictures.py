"""Portraits of 128 × 128 pixels in a palette of 256 colours, and the words that each shows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from diffviz.data.base import DataInfo
from diffviz.data.portraits.captions import WORDS, Chance, caption
from diffviz.data.portraits.words import HELD_OUT, SLOTS
from diffviz.data.sentences import UNKNOWN, numbers
from diffviz.storage import own_folder

SIDE = 128
SHIPPED = Path(__file__).parent / "files" / "portraits.npz"  # its licences lie beside it
FOLDER_VARIABLE = "DIFFVIZ_PORTRAITS_FOLDER"
LOST_WORDS = 0.03
SPLITS = ("train", "held-out", "all")
INFO = DataInfo(
    name="portraits",
    shape=(3, SIDE, SIDE),
    sigma_data=0.654,
    slots=(WORDS,),
    licence="CC BY 4.0 and CC0 1.0",
    credit=(
        "remixes of “Personas by Draftbit” by Draftbit (CC BY 4.0), “Open Peeps” by Pablo Stanley"
        " (CC0 1.0), “Pixel Art” by DiceBear (CC0 1.0), “ToonHead” by Johan Melin (CC BY 4.0) and"
        " “Custom Avatar” by Ashley Seo (CC BY 4.0)"
    ),
)


@dataclass(frozen=True)
class Drawn:
    """Portraits as they are kept: indices (N, SIDE, SIDE) of rows of a palette (256, 3), and of
    each slot's words (N, slots), all uint8."""

    indices: np.ndarray
    words: np.ndarray


class Portraits:
    """A data set of them; a condition is the words of a caption, another one each time.

    words: (N, slots), what each shows. rows: those of the split, counted over all parts.
    """

    def __init__(self, parts: Sequence[Drawn], palette: np.ndarray, split: str = "train") -> None:
        """Raises ValueError for an unknown split, naming those that there are."""
        if split not in SPLITS:
            raise ValueError(f"unknown split {split!r}; choose from {', '.join(SPLITS)}")
        self.info = INFO
        self.parts = parts
        self.colours = torch.from_numpy(palette.astype(np.float32)) / 127.5 - 1  # (256, 3)
        self.words = torch.from_numpy(np.concatenate([part.words for part in parts]))
        self.starts = np.cumsum([0, *(len(part.words) for part in parts)])
        hidden = held_out(self.words)
        keep = {"train": ~hidden, "held-out": hidden, "all": torch.ones_like(hidden)}[split]
        self.rows = keep.nonzero()[:, 0]

    def __len__(self) -> int:
        return len(self.rows)

    def pictures(self, rows: Tensor) -> Tensor:
        """Those of these rows (n,), as (n, 3, SIDE, SIDE) in −1..1, in channels_last memory."""
        levels = np.empty((len(rows), SIDE, SIDE), np.uint8)
        for i, row in enumerate(rows.tolist()):
            part = int(np.searchsorted(self.starts, row, side="right")) - 1
            levels[i] = self.parts[part].indices[row - self.starts[part]]
        return F.embedding(torch.from_numpy(levels).int(), self.colours).permute(0, 3, 1, 2)

    def draw(self, size: int, generator: Generator) -> Tensor:
        """Rows of the split at random, (size,)."""
        return self.rows[torch.randint(len(self), (size,), generator=generator)]

    def captions(self, rows: Tensor, generator: Generator) -> Tensor:
        """Something that is true of each of these rows (n,), as conditions (n, words); now and then
        with a word that is none of ours, so that such a word is known to say nothing."""
        said = self.said(rows, Chance(generator))
        lost = (torch.rand(said.shape, generator=generator) < LOST_WORDS) & (said > 0)
        return said.masked_fill(lost, WORDS.values.index(UNKNOWN) + 1)

    def said(self, rows: Tensor, chance: Chance, whole: bool = False) -> Tensor:
        """A caption of each of these rows (n,), as conditions (n, words); `whole` says all."""
        shown = map(self.shown, rows.tolist())
        return torch.stack([numbers(caption(values, chance, whole), WORDS) for values in shown])

    def shown(self, row: int) -> dict[str, str]:
        """What a row shows, by slot."""
        numbered = zip(SLOTS, self.words[row].tolist(), strict=True)
        return {slot.name: slot.values[number] for slot, number in numbered}

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        rows = self.draw(size, generator)
        return self.pictures(rows), self.captions(rows, generator)


def held_out(words: Tensor) -> Tensor:
    """Which of them, (N, slots), show a pair of HELD_OUT; (N,)."""
    found = torch.zeros(len(words), dtype=torch.bool)
    for pair in HELD_OUT:
        found |= holds(words + 1, encode(pair))
    return found


def holds(conditions: Tensor, said: Tensor) -> Tensor:
    """Which of a judge's conditions (N, slots) are as one that says less, (slots,); (N,)."""
    return ((conditions == said) | (said == 0)).all(1)


def encode(said: Mapping[str, str]) -> Tensor:
    """Words by slot as a judge's condition (slots,): of each its number from 1, 0 where none is."""
    return torch.tensor(
        [slot.values.index(said[slot.name]) + 1 if slot.name in said else 0 for slot in SLOTS]
    )


def folder() -> Path:
    """Where the many portraits lie that `make portraits-all` draws."""
    return Path(os.environ.get(FOLDER_VARIABLE) or own_folder() / "portraits")


def load_portraits(split: str = "train", shipped: bool = False) -> Portraits:
    """The many, where they were made, else those that ship; with `shipped` these alone. Raises
    ValueError for an unknown split, and for files that are damaged."""
    try:
        with np.load(SHIPPED, allow_pickle=False) as arrays:
            palette = arrays["palette"]
            many = [] if shipped else saved(folder())
            parts = many or [Drawn(arrays["indices"], arrays["words"])]
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"the portraits' files are damaged: {error}") from error
    return Portraits(parts, palette, split)


def saved(place: Path) -> list[Drawn]:
    """Those of a folder, which are read from the disk as they are asked for."""
    return [
        Drawn(np.load(file, mmap_mode="r"), np.load(place / file.name.replace("indices", "words")))
        for file in sorted(place.glob("indices-*.npy"))
    ]
