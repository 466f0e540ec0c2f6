"""Heroes: 32 × 32 colour characters stacked from drawings, each with a caption that is true.

A picture and its caption come from one random draw of values for all slots, so there are as many as
one likes. The rules that such a draw keeps are in hero_rules, the drawings' names in hero_layers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor

from diffviz.data.base import DataInfo
from diffviz.data.heroes.layers import BACKGROUNDS, COLOURED, GROWN, LAYERS, PLAIN
from diffviz.data.heroes.rules import (
    COLOUR_OF,
    SLOT_INDEX,
    SLOTS,
    draw_values,
    encode,
    held_out,
    is_held_out,
    values,
)

FILES = Path(__file__).parent.parent / "files"
SIDE = 32
SPLITS = ("train", "held-out", "all")
INFO = DataInfo(
    name="heroes",
    shape=(3, SIDE, SIDE),
    sigma_data=0.6138,
    slots=SLOTS,
    licence="CC0-1.0, parts GPL-2.0-or-later",
    credit="Dungeon Crawl Stone Soup tile artists",
)


@dataclass(frozen=True)
class Stack:
    """What n pictures are drawn from.

    values: (n, slots) int64, written as in a condition; 0 only for the colour of what comes in none
    that could be chosen. cells: (n, layers) int64, a drawing for each of LAYERS, 0 for nothing.
    """

    values: Tensor
    cells: Tensor


@dataclass(frozen=True)
class Sheet:
    """The drawings. colour, alpha: (drawings, 3 or 1, 32, 32), colour in −1..1 and multiplied by
    alpha; drawing 0 is empty. cells: of each layer, those that show a value in a colour,
    (values + 1, colours + 1, most drawings); counts: how many there are, at least 1."""

    colour: Tensor
    alpha: Tensor
    cells: list[Tensor]
    counts: list[Tensor]
    backgrounds: Tensor  # (values + 1, 3, 1, 1) in −1..1, row 0 unused


@cache
def load_sheet() -> Sheet:
    """Read the shipped files, once."""
    index = json.loads((FILES / "heroes-layers.json").read_text())
    numbers = {(cell["layer"], cell["name"]): cell["cell"] + 1 for cell in index["cells"]}
    with Image.open(FILES / "heroes-layers.png") as image:
        pixels = np.asarray(image.convert("RGBA"), dtype=np.float32) / 255
    pixels = pixels.reshape(-1, SIDE, index["columns"], SIDE, 4).transpose(0, 2, 4, 1, 3)
    drawings = torch.from_numpy(pixels.reshape(-1, 4, SIDE, SIDE).copy())
    drawings = torch.cat([torch.zeros(1, 4, SIDE, SIDE), drawings])
    alpha = drawings[:, 3:]
    colour = (drawings[:, :3] * 2 - 1) * alpha
    for below, above in GROWN.items():
        under, over = numbers["species", below], numbers["headgear", above]
        colour[under] = colour[under] * (1 - alpha[over]) + colour[over]
        alpha[under] = alpha[under] * (1 - alpha[over]) + alpha[over]

    cells, counts = [], []
    for layer, slot in LAYERS.items():
        colours = values(COLOUR_OF[slot]) if slot in COLOUR_OF else ()
        shown = {
            (values(slot).index(value) + 1, colours.index(name) + 1 if name else 0): [
                numbers[layer, drawing] for drawing in names.split()
            ]
            for value, by_colour in drawings_of(slot).items()
            for name, names in by_colour.items()
        }
        size = len(values(slot)) + 1, len(colours) + 1
        table = torch.zeros(*size, max(map(len, shown.values())), dtype=torch.int64)
        count = torch.ones(size, dtype=torch.int64)
        for (row, column), which in shown.items():
            table[row, column, : len(which)] = torch.tensor(which)
            count[row, column] = len(which)
        cells.append(table)
        counts.append(count)

    codes = ["#000000", *BACKGROUNDS.values()]
    rgb = torch.tensor([[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in codes])
    return Sheet(colour, alpha, cells, counts, (rgb / 127.5 - 1)[..., None, None])


def drawings_of(slot: str) -> dict[str, dict[str, str]]:
    """Value → colour, "" where there is none to choose → drawings."""
    return COLOURED.get(slot) or {value: {"": names} for value, names in PLAIN[slot].items()}


def choose_cells(drawn: Tensor, generator: Generator) -> Stack:
    """One drawing at random for each value. drawn: (n, slots) that fit together."""
    sheet = load_sheet()
    chance = torch.rand(len(drawn), len(LAYERS), generator=generator)
    cells = torch.empty(len(drawn), len(LAYERS), dtype=torch.int64)
    for layer, slot in enumerate(LAYERS.values()):
        row = drawn[:, SLOT_INDEX[slot]]
        column = (
            drawn[:, SLOT_INDEX[COLOUR_OF[slot]]] if slot in COLOUR_OF else torch.zeros_like(row)
        )
        which = (chance[:, layer] * sheet.counts[layer][row, column]).long()
        cells[:, layer] = sheet.cells[layer][row, column, which]
    return Stack(drawn, cells)


def draw(size: int, generator: Generator, condition: Mapping[str, str] | None = None) -> Stack:
    """Random stacks, in which everything that the condition does not say is drawn, held-out
    combinations too. Raises ValueError for what is unknown or does not fit together."""
    said = encode(condition).expand(size, -1) if condition else None
    return choose_cells(draw_values(size, generator, said), generator)


def compose(stack: Stack) -> Tensor:
    """Draw the layers over one another: (n, 3, 32, 32) float32 in −1..1."""
    sheet = load_sheet()
    background = sheet.backgrounds[stack.values[:, SLOT_INDEX["background"]]]
    pictures = background.expand(-1, -1, SIDE, SIDE).contiguous()
    for cells in stack.cells.T:
        rows = cells.nonzero()[:, 0]
        which = cells[rows]
        over = (1 - sheet.alpha[which]) * pictures[rows] + sheet.colour[which]
        pictures[rows] = over
    return pictures


class Heroes:
    """An endless data set. split: "train" leaves out the combinations of HELD_OUT, "held-out" has
    nothing else, "all" is both as they come. Raises ValueError for another split."""

    def __init__(self, split: str = "train") -> None:
        if split not in SPLITS:
            raise ValueError(f"unknown split {split!r}; choose from {', '.join(SPLITS)}")
        self.split = split
        self.info: DataInfo = INFO

    def draw(self, size: int, generator: Generator) -> Stack:
        """Random stacks of this split."""
        said = None
        if self.split == "held-out":
            said = held_out()[torch.randint(len(held_out()), (size,), generator=generator)]
        drawn = draw_values(size, generator, said)
        while self.split == "train" and (again := is_held_out(drawn)).any():
            drawn[again] = draw_values(int(again.sum()), generator)
        return choose_cells(drawn, generator)

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        stack = self.draw(size, generator)
        return compose(stack), stack.values
