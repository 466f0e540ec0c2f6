"""What stands on exported pictures: the names of a race's lanes, the headings of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from diffviz.media.medium import Medium

PAPER, INK = 255, 32  # grey, so that grey pictures stay grey
GAP = 12  # pixels between lanes
LARGEST, SMALLEST = 18, 8  # of letters, in pixels


def sheet(
    lanes: Mapping[str, Tensor],
    medium: Medium,
    scale: int,
    per_row: int | None = None,
    headings: Sequence[str] = (),
) -> np.ndarray:
    """Lanes of samples (B, …), by their names, side by side as one picture (rows, columns, 3)
    uint8: headings stand above the columns, a name below its lane, and where there are neither,
    nothing but samples is in it."""
    drawn = []
    for name, x in lanes.items():
        picture = medium.sheet(x, scale, per_row)
        width = picture.shape[1]
        above = [_line(headings, width)] if headings else []
        below = [_line([name], width)] if name else []
        drawn.append(np.concatenate([*above, picture, *below]))
    return _joined(drawn, axis=1)


def strip(
    lanes: Mapping[str, Tensor], medium: Medium, scale: int, headings: Sequence[str] = ()
) -> np.ndarray:
    """Lanes of runs (B, steps, …), by their names, one below the other, as `sheet`: of a picture's
    row the heading stands at its left."""
    drawn = []
    for name, x in lanes.items():
        picture = medium.strip(x, scale)
        if headings:
            labels = [headings[i % len(headings)] for i in range(len(x))]
            picture = np.concatenate([_margin(labels, picture.shape[0]), picture], axis=1)
        above = [_line([name], picture.shape[1])] if name else []
        drawn.append(np.concatenate([*above, picture]))
    return _joined(drawn, axis=0)


def _joined(pictures: Sequence[np.ndarray], axis: int) -> np.ndarray:
    """All of them, with paper between."""
    first, *others = pictures
    gap = np.full((GAP, first.shape[1], 3) if axis == 0 else (first.shape[0], GAP, 3), PAPER)
    parts = [part for other in others for part in (gap.astype(np.uint8), other)]
    return np.concatenate([first, *parts], axis=axis)


def _line(texts: Sequence[str], width: int) -> np.ndarray:
    """Texts over as many columns of one width, each in the middle of its own."""
    image = Image.new("L", (width, LARGEST + 8), PAPER)
    each = width / len(texts)
    for i, text in enumerate(texts):
        _write(image, text, ((i + 0.5) * each, image.height / 2), each - 2, "mm")
    return np.asarray(image.convert("RGB"))


def _margin(texts: Sequence[str], height: int) -> np.ndarray:
    """Texts beside as many rows of one height."""
    font = ImageFont.load_default(LARGEST)
    width = 8 + round(max(font.getlength(text) for text in texts))
    image = Image.new("L", (width, height), PAPER)
    for i, text in enumerate(texts):
        _write(image, text, (width - 4, (i + 0.5) * height / len(texts)), width, "rm")
    return np.asarray(image.convert("RGB"))


def _write(
    image: Image.Image, text: str, place: tuple[float, float], room: float, anchor: str
) -> None:
    """As large as there is room for, and cut where it would be too small to read."""
    size = LARGEST
    while size > SMALLEST and ImageFont.load_default(size).getlength(text) > room:
        size -= 1
    font, said = ImageFont.load_default(size), text
    while len(said) > 1 and font.getlength(said) > room:
        said = said.removesuffix("…")[:-1] + "…"
    ImageDraw.Draw(image).text(place, said, fill=INK, font=font, anchor=anchor)
