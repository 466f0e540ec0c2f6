"""Points from what a visitor gives: a word, a picture, or points that they have set themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from torch import Generator, Tensor

from diffviz.data.plane.shapes import MAX_POINTS, Points

MAX_LETTERS = 12
FEWEST, FEWEST_DARK = 8, 16
LETTER_PIXELS = 64
DARK = 128  # grey levels below are ink


def word_mask(word: str) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Where a word's ink is, and of which letter, counted from 0: two (H, W) arrays.

    Raises ValueError for a word without anything to see, or of more than MAX_LETTERS letters.
    """
    word = " ".join(word.split())
    if not word:
        raise ValueError("type a word first: its letters become points")
    if len(word) > MAX_LETTERS:
        raise ValueError(f"a word has at most {MAX_LETTERS} letters here, not {len(word)}")
    font = ImageFont.load_default(LETTER_PIXELS)
    inks, letters = [], []
    for number, letter in enumerate(word):
        width = max(1, round(font.getlength(letter)))
        image = Image.new("L", (width, round(1.5 * LETTER_PIXELS)), 255)
        ImageDraw.Draw(image).text((0, 0), letter, font=font, fill=0)
        inks.append(np.asarray(image) < DARK)
        letters.append(np.full(inks[-1].shape, number))
    ink = np.concatenate(inks, axis=1)
    if ink.sum() < FEWEST_DARK:
        raise ValueError(f"{word!r} leaves no ink that points could be made of")
    return ink, np.concatenate(letters, axis=1)


def picture_mask(levels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a grey picture (H, W) is dark: darker than half-way between its darkest and brightest.

    Raises ValueError for one that is all of one grey.
    """
    low, high = int(levels.min()), int(levels.max())
    if high - low < 16:
        raise ValueError("this picture is all of one grey: its dark pixels become the points")
    dark = levels < (low + high) / 2
    if dark.sum() < FEWEST_DARK:
        raise ValueError("this picture has next to no dark pixels, which become the points")
    return dark


class Ink:
    """Points spread evenly over the dark pixels of a mask, normalised as the shapes are.

    kinds: (H, W), the class of each pixel, from 0.
    """

    def __init__(self, dark: NDArray[np.bool_], kinds: NDArray[np.int64] | None = None) -> None:
        rows, columns = np.nonzero(dark)
        places = torch.from_numpy(np.stack([columns, -rows], axis=1)).float()
        self.kinds = torch.from_numpy(
            np.zeros(len(rows), np.int64) if kinds is None else kinds[rows, columns]
        )
        self.pixel = 1.0 / float((places - places.mean(0)).square().mean().sqrt())
        self.places = (places - places.mean(0)) * self.pixel

    def draw(self, count: int, generator: Generator) -> Points:
        which = torch.randint(len(self.places), (count,), generator=generator)
        within = torch.rand(count, 2, generator=generator) - 0.5
        return self.places[which] + self.pixel * within, self.kinds[which]


def own_points(places: Sequence[Sequence[float]]) -> Tensor:
    """Points that somebody set, (n, 2) float32, normalised. Raises ValueError, in a sentence, for
    fewer than FEWEST, more than MAX_POINTS, anything but pairs of numbers, or all in one place."""
    if not FEWEST <= len(places) <= MAX_POINTS:
        count = len(places)
        raise ValueError(f"it takes {FEWEST} to {MAX_POINTS:,} points, and here are {count:,}")
    try:
        points = torch.tensor([list(map(float, place)) for place in places], dtype=torch.float64)
    except (TypeError, ValueError) as error:
        raise ValueError("points are pairs of numbers") from error
    if points.dim() != 2 or points.shape[1] != 2 or not points.isfinite().all():
        raise ValueError("points are pairs of numbers")
    points = points - points.mean(0)
    scale = points.square().mean().sqrt()
    if scale < 1e-6:
        raise ValueError("all points are in one place: spread them a little")
    return (points / scale).float()
