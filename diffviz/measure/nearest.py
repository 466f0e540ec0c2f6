"""The training pictures that are nearest to a picture: is it new, or a copy?

Those of a data source come along in one file, a little lossy; what a distance means is told by the
same distance of real pictures that are not among them, the data set's test part.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from diffviz.data.source import Indexed
from diffviz.media.levels import grey_levels

MOST = 10  # neighbours of a picture
# The index is sheets of pictures as AVIF, each decoded on its own so that little is held at once.
SHEET_COLUMNS, SHEET_PICTURES = 60, 6000
QUALITY = 43
SPEED = 3  # the encoder's; a slower search for a smaller error
CHUNK = 4000  # pictures that are made floats at once
SPARE = 8  # more than k come out of the float32 search; the exact distance then puts them in order
# Real test pictures that are taken for copies: the data set has near-duplicates of its own.
COPY_SHARE, NEAR_SHARE = 0.001, 0.01
Verdict = Literal["copy", "near", "new"]
QUANTILES = np.linspace(0, 1, 1001)

_loading = threading.Lock()


@dataclass(frozen=True)
class Index:
    """levels: (N, D) uint8, the training pictures; squares: (N,), the sum of their squared
    levels; labels: (N,) int64, rows of `classes`, what each shows. shape: of a picture.

    test_distances: the quantiles, at QUANTILES, of how far real pictures are from their nearest
    training picture here; errors: likewise, of how far each training picture is from what
    compression left of it. among: what these pictures are to a denoiser; real: which the real ones
    are; note: what else is to be known; called: one of them. shown: those of some rows (n,), as
    (n, C, H, W), where there are larger ones than these.
    """

    levels: Tensor
    squares: Tensor
    labels: Tensor
    test_distances: np.ndarray
    shape: tuple[int, ...]
    classes: Sequence[str]
    among: str
    real: str
    note: str = ""
    called: str = "training picture"
    shown: Callable[[Tensor], Tensor] | None = None
    errors: np.ndarray = field(default_factory=lambda: np.zeros(len(QUANTILES)))

    @property
    def shape_shown(self) -> tuple[int, ...]:
        return tuple(self.shown(torch.tensor([0])).shape[1:]) if self.shown else self.shape


class Nearest(NamedTuple):
    """Of B pictures, the k nearest training pictures each, nearest first.

    rows: (B, k) int64, in the data set's own order; distances: (B, k) float32; pictures:
    (B, k, C, H, W) in −1..1, perhaps larger; classes: (B, k) int64, rows of the index's classes.
    """

    rows: Tensor
    distances: Tensor
    pictures: Tensor
    classes: Tensor


def nearest(known: Indexed | Index, pictures: Tensor, k: int = 3) -> Nearest:
    """The training pictures nearest to `pictures` (B, C, H, W), which are rounded to grey levels.

    The distance of two pictures x and y is the root mean square of their difference over the
    pixels, √(Σ(x − y)²/D), where black is −1 and white 1: it is from 0 to 2. Pixel stands against
    pixel: a picture that was moved or brightened is far from itself.
    Raises ValueError for another shape, for numbers that are not finite, and for k beyond MOST.
    """
    index = load_index(known)
    if pictures.ndim != 4 or pictures.shape[1:] != index.shape:
        shape = ", ".join(map(str, index.shape))
        raise ValueError(f"pictures must be (B, {shape}), not {tuple(pictures.shape)}")
    if not pictures.isfinite().all():
        raise ValueError("a picture has values that are no numbers")
    if not 1 <= k <= MOST:
        raise ValueError(f"k must be from 1 to {MOST}, not {k}")
    rows, distances = search(grey_levels(pictures).flatten(1), index.levels, index.squares, k)
    if index.shown:
        found = index.shown(rows.flatten())
    else:
        found = index.levels[rows].float().div(127.5).sub(1).reshape(-1, *index.shape)
    return Nearest(
        rows, distances, found.reshape(*rows.shape, *found.shape[1:]), index.labels[rows]
    )


def nearer_than(known: Indexed | Index, distance: float) -> float:
    """The share of real test pictures that are farther than this from their nearest training
    picture: 1 is nearer than all of them, 0 is farther than any."""
    return 1 - float(np.interp(distance, load_index(known).test_distances, QUANTILES))


def judge(known: Indexed | Index, distance: float) -> Verdict:
    """ "copy" where fewer than COPY_SHARE of real test pictures are as near to a training picture,
    "near" where fewer than NEAR_SHARE are, else "new"."""
    nearer = 1 - nearer_than(known, distance)
    return "copy" if nearer < COPY_SHARE else "near" if nearer < NEAR_SHARE else "new"


def search(queries: Tensor, levels: Tensor, squares: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Rows of `levels` (N, D) nearest to `queries` (B, D), both uint8, and their distances: both
    (B, k). squares: (N,), Σ of each row's squares.

    |q − x|² = |q|² − 2·q·x + |x|² in float32 is off by some 1e-3 of a distance near 0, and so the
    best k + SPARE are measured again.
    """
    asked = queries.float()
    # (B, N); the term |q|² is left out: it changes no order.
    scores = torch.cat(
        [
            part_squares - 2 * (asked @ part.float().T)
            for part, part_squares in zip(
                torch.split(levels, CHUNK), torch.split(squares, CHUNK), strict=True
            )
        ],
        dim=1,
    )
    candidates = scores.topk(min(k + SPARE, len(levels)), largest=False).indices
    difference = levels[candidates].float() - asked[:, None]
    exact = difference.square().mean(-1).sqrt() / 127.5  # (B, k + SPARE)
    distances, order = exact.topk(k, largest=False)
    return candidates.gather(1, order), distances


def load_index(known: Indexed | Index) -> Index:
    """The shipped index, read when first needed and kept: 1 s for 60,000 pictures, then 48 MB."""
    if isinstance(known, Index):
        return known
    with _loading:
        return _read(known)


@cache
def _read(known: Indexed) -> Index:
    side = known.info.shape[-1]
    with np.load(known.file, allow_pickle=False) as arrays:
        labels = torch.from_numpy(arrays["labels"].astype(np.int64))
        levels = torch.empty(len(labels), side * side, dtype=torch.uint8)
        for number, part in enumerate(torch.split(levels, SHEET_PICTURES)):
            part.copy_(_unpack(arrays[f"sheet{number}"].tobytes(), len(part), side))
        return Index(
            levels,
            squares(levels),
            labels,
            arrays["test_distances"],
            known.info.shape,
            known.info.slots[0].values,
            f"Of all {len(levels):,} pictures that a denoiser may have learned from, these are the"
            " nearest.",
            "real test pictures",
            "The training pictures are kept a little lossy, which leaves a copy at a distance of"
            " about 0.04. A denoiser that reached the optimum for its data could make nothing but"
            " copies; “The clothes’ own optimum” in the Forward tab is one.",
            errors=arrays["errors"],
        )


def make_index(known: Indexed, report: Callable[[str], None] = lambda line: None) -> int:
    """Write the index of the whole data set, in about 5 minutes; returns the file's size in bytes.

    report: called with a line of text now and then.
    """
    train, test = known.split("train"), known.split("test")
    arrays: dict[str, np.ndarray] = {"labels": train.labels.numpy().astype(np.uint8)}
    unpacked: list[Tensor] = []
    for number, part in enumerate(torch.split(train.images, SHEET_PICTURES)):
        sheet = _pack(part)
        arrays[f"sheet{number}"] = np.frombuffer(sheet, np.uint8)
        unpacked.append(_unpack(sheet, len(part), known.info.shape[-1]))
        report(f"sheet {number + 1}: {len(sheet):,} bytes")
    levels = torch.cat(unpacked)
    sums = squares(levels)
    difference = levels.float().sub_(train.images.flatten(1))
    errors = difference.square_().mean(1).sqrt_().div_(127.5)
    distances = [
        search(queries, levels, sums, 1)[1] for queries in torch.split(test.images.flatten(1), 100)
    ]
    arrays["errors"] = np.quantile(errors.numpy(), QUANTILES)
    arrays["test_distances"] = np.quantile(torch.cat(distances).numpy(), QUANTILES)
    np.savez_compressed(known.file, allow_pickle=False, **arrays)
    for name in ("errors", "test_distances"):
        least, median, most = arrays[name][[0, 500, 1000]]
        report(f"{name}: {least:.3f} to {most:.3f}, median {median:.3f}")
    return known.file.stat().st_size


def _pack(images: Tensor) -> bytes:
    """(N, S, S) uint8 as one sheet, row after row."""
    side = images.shape[-1]
    rows = images.reshape(-1, SHEET_COLUMNS, side, side).transpose(1, 2)  # (R, S, columns, S)
    sheet = Image.fromarray(rows.reshape(-1, SHEET_COLUMNS * side).numpy())
    file = io.BytesIO()
    sheet.save(
        file,
        "AVIF",
        quality=QUALITY,
        speed=SPEED,
        subsampling="4:0:0",
        advanced={"tune": "psnr"},  # for the squared error, which is what distances are made of
    )
    return file.getvalue()


def _unpack(content: bytes, count: int, side: int) -> Tensor:
    """The pictures of a sheet: (count, S·S) uint8."""
    with Image.open(io.BytesIO(content), formats=("AVIF",)) as image:
        sheet = torch.from_numpy(np.array(image.convert("L")))
    tiles = sheet.reshape(-1, side, SHEET_COLUMNS, side)
    return tiles.transpose(1, 2).reshape(-1, side * side)[:count]


def squares(levels: Tensor) -> Tensor:
    """Of each row (N, D) the sum of its squares."""
    return torch.cat([part.float().square().sum(1) for part in torch.split(levels, CHUNK)])
