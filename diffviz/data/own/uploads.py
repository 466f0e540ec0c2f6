"""Pictures and zips from strangers: small square pictures with their labels out, and a count of
what was left out."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import IO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffviz.data.own.labels import TABLE_BYTES, is_table, label_rows, read_table
from diffviz.data.own.zips import ZIP_START, Read, SkipError, is_hidden, zip_entries
from diffviz.media.decoding import load_squares
from diffviz.media.kinds import KINDS, START_BYTES, begins_as_picture
from diffviz.media.raster import (
    MAX_BYTES,
    MEMORY,
    ONE_SCAN_PIXEL_BYTES,
    WEBP_PIXEL_BYTES,
    PictureError,
)

SIZES = (16, 28, 32)
MIN_PICTURES = 16
MEGABYTE = 2**20
MOST_TOLD = 12  # labels, in a sentence
PREVIEWED = 40  # pictures, about
LoadSquares = Callable[[bytes, int, int, int, int], NDArray[np.uint8]]


@dataclass(frozen=True)
class Limits:
    """What one upload may cost. megabytes: of its files; unpacked_megabytes: of the pictures in
    them; entries: of each zip; seconds: of reading."""

    megabytes: int
    unpacked_megabytes: int
    entries: int
    pictures: int
    seconds: float


UPLOADED = Limits(40, unpacked_megabytes=200, entries=10_000, pictures=5_000, seconds=60)
# One's own files, named on the command line.
LOCAL = Limits(20_000, unpacked_megabytes=20_000, entries=60_000, pictures=60_000, seconds=3_600)
LIMITS = (
    f"From {MIN_PICTURES} to {UPLOADED.pictures:,} pictures ({KINDS}), as files or in "
    f"zips of at most {UPLOADED.entries:,} files each; {UPLOADED.megabytes} MB in all, "
    f"{UPLOADED.unpacked_megabytes} MB once unpacked. A picture has at most "
    f"{MAX_BYTES // MEGABYTE} MB and {MEMORY / 4e6:.0f} megapixels (most JPEGs "
    f"{MEMORY / ONE_SCAN_PIXEL_BYTES / 1e6:.0f}, WebP {MEMORY / WEBP_PIXEL_BYTES / 1e6:.0f}). "
    f"What is not read within {UPLOADED.seconds:.0f} seconds is left out."
)

LABELS = (
    "A picture's folder is its label, where there are several, as in `cat/1.png` and `dog/2.png`; "
    "or a table says it, `metadata.csv` or `.jsonl`, with `file_name` and `label`."
)


@dataclass(frozen=True)
class Gathered:
    """images: (N, C, size, size) uint8. labels: (N,) int64, of each the row in `classes`, plus 1,
    or 0 for none. skipped: how many files, by the reason, worded so as to go on from "that"."""

    images: Tensor
    skipped: dict[str, int]
    labels: Tensor
    classes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Such as "37 pictures, of them 20 cat, 17 dog; skipped: 2 that held no picture"."""
        count = f"{len(self.images):,} picture{'s' * (len(self.images) != 1)}"
        return f"{count}{self.kinds}{_told(self.skipped)}"

    @property
    def kinds(self) -> str:
        """How many there are of each label, the first few."""
        if not self.classes:
            return ""
        counts = self.labels.bincount(minlength=len(self.classes) + 1).tolist()
        named = zip((*self.classes, "without a label"), (*counts[1:], counts[0]), strict=True)
        told = [f"{count:,} {name}" for name, count in named if count]
        more = f" and {len(told) - MOST_TOLD} labels more" if len(told) > MOST_TOLD else ""
        return f", of them {', '.join(told[:MOST_TOLD])}{more}"


def gather(
    paths: Sequence[Path],
    size: int,
    channels: int,
    limits: Limits = UPLOADED,
    load: LoadSquares = load_squares,
    across: int = 1,
    down: int = 1,
) -> Gathered:
    """The pictures in files, folders and zips: square centres, size × size pixels, grey (1) or
    colour (3), and their labels as `label_rows` finds them.

    load: decodes one, as `load_squares` does, in this process or another. across, down: the cells
    into which each picture, a sheet of many, is cut; those of one colour are left out.
    Raises ValueError, in a sentence: for fewer than MIN_PICTURES that can be used, for more bytes
    than allowed, and for a size not in SIZES.
    """
    gathered = _gather(paths, size, channels, limits, load, across, down)
    if len(gathered.images) < MIN_PICTURES:
        raise ValueError(
            f"it takes at least {MIN_PICTURES} pictures, and here are {len(gathered.images)} that "
            f"can be used{_told(gathered.skipped)}"
        )
    return gathered


def preview(
    paths: Sequence[Path],
    size: int,
    channels: int,
    limits: Limits = UPLOADED,
    load: LoadSquares = load_squares,
    across: int = 1,
    down: int = 1,
) -> Gathered:
    """About PREVIEWED of what `gather` would give, evenly from all of it. Raises ValueError, in a
    sentence, as `gather` does, but for few pictures only where there is none."""
    _check_length(paths, limits)
    count = sum(not is_table(place) for place, _ in _candidates(paths, limits))
    every = -(-count * across * down // PREVIEWED) if across * down < PREVIEWED else count
    gathered = _gather(paths, size, channels, limits, load, across, down, max(1, every))
    if not len(gathered.images):
        raise ValueError(f"none of the files can be used{_told(gathered.skipped)}")
    return gathered


def _gather(
    paths: Sequence[Path],
    size: int,
    channels: int,
    limits: Limits,
    load: LoadSquares,
    across: int,
    down: int,
    every: int = 1,
) -> Gathered:
    """every: read one of so many pictures alone."""
    if size not in SIZES or channels not in (1, 3):
        raise ValueError(f"pictures have a size among {SIZES} and 1 or 3 channels")
    _check_length(paths, limits)
    end = monotonic() + limits.seconds
    images: list[Tensor] = []
    places: list[str] = []  # of all
    rows: list[int] = []  # of each image, its place among them
    tables: dict[str, str] = {}
    skipped: Counter[str] = Counter()
    problems: list[str] = []
    for place, read in _candidates(paths, limits):
        try:
            if is_table(place):
                tables |= read_table(place, read())
                continue
            places.append(place)
            if (len(places) - 1) % every:
                continue
            if len(images) >= limits.pictures:
                raise SkipError(f"came after the first {limits.pictures:,} pictures")
            if monotonic() > end:
                raise SkipError(f"could not be read within {limits.seconds:.0f} seconds")
            found = torch.tensor(load(read(), size, channels, across, down))
            if across * down > 1:
                found = found[found.flatten(2).amax(2).ne(found.flatten(2).amin(2)).any(1)]
            found = found[: limits.pictures - len(images)]
            images += found
            rows += [len(places) - 1] * len(found)
        except SkipError as reason:
            skipped[str(reason)] += 1
        except PictureError as error:
            problems.append(str(error))
    if problems:
        first = problems[0] if len(set(problems)) == 1 else f"the first: {problems[0]}"
        skipped[f"could not be opened ({first})"] = len(problems)
    labels, classes = label_rows(places, tables)
    stacked = torch.stack(images) if images else torch.zeros(0, channels, size, size).byte()
    return Gathered(stacked, dict(skipped), torch.tensor(labels).long()[rows], classes)


def _check_length(paths: Sequence[Path], limits: Limits) -> None:
    files = (path for _, path in _files(paths))
    length = sum(path.stat().st_size for path in files) / MEGABYTE
    if length > limits.megabytes:
        raise ValueError(f"the files have {length:,.1f} MB; at most {limits.megabytes:,} MB")


def _files(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """The files, with their places: what is in and below a folder, sorted, from that folder on."""
    for path in paths:
        if path.is_dir():
            inside = ((p.relative_to(path).as_posix(), p) for p in sorted(path.rglob("*")))
            yield from ((place, p) for place, p in inside if p.is_file() and not is_hidden(place))
        else:
            yield path.name, path


def _told(skipped: dict[str, int]) -> str:
    counts = [f"{count:,} that {reason}" for reason, count in skipped.items()]
    return f"; skipped: {', '.join(counts)}" if counts else ""


def _candidates(paths: Sequence[Path], limits: Limits) -> Iterator[tuple[str, Read]]:
    room = _Room(limits.unpacked_megabytes)
    for place, path in _files(paths):
        if _is_zip(path):
            yield from zip_entries(path, limits.entries, partial(_read_entry, room))
        else:
            yield place, partial(_read_file, room, place, path)


class _Room:
    """How many bytes may still be read, of all files together."""

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes
        self.left = megabytes * MEGABYTE

    def take(self, length: int) -> None:
        if length > self.left:
            raise SkipError(f"did not fit into the {self.megabytes:,} MB that may be unpacked")
        self.left -= length


def _is_zip(path: Path) -> bool:
    """By its content. Anything may stand before a zip; but what begins as a picture is taken as
    one."""
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if begins_as_picture(start):
        return False
    return start.startswith(ZIP_START) or zipfile.is_zipfile(path)


def _read_file(room: _Room, place: str, path: Path) -> bytes:
    with path.open("rb") as file:
        return _read_entry(room, place, file, path.stat().st_size)


def _read_entry(room: _Room, place: str, file: IO[bytes], length: int) -> bytes:
    """The bytes of a file that begins as a picture does, or of a table; nothing more is read of
    others."""
    most = TABLE_BYTES if is_table(place) else MAX_BYTES
    if length > most:
        raise SkipError(f"had more than {most // MEGABYTE} MB")
    start = file.read(START_BYTES)
    if not is_table(place):
        if start.startswith(ZIP_START):
            raise SkipError("was a zip within a zip")
        if not begins_as_picture(start):
            raise SkipError("held no picture")
    room.take(length)
    return start + file.read(length - len(start))
