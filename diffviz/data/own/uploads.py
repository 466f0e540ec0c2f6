"""Pictures and zips from strangers: small square pictures out, and a count of what was left out."""

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

from diffviz.data.own.zips import ZIP_START, Read, SkipError, is_hidden, zip_entries
from diffviz.media.decoding import load_square
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
LoadSquare = Callable[[bytes, int, int], NDArray[np.uint8]]
PICTURE_STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8")


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
    f"From {MIN_PICTURES} to {UPLOADED.pictures:,} pictures (PNG, JPEG, WebP, GIF), as files or in "
    f"zips of at most {UPLOADED.entries:,} files each; {UPLOADED.megabytes} MB in all, "
    f"{UPLOADED.unpacked_megabytes} MB once unpacked. A picture has at most "
    f"{MAX_BYTES // MEGABYTE} MB and {MEMORY / 4e6:.0f} megapixels (most JPEGs "
    f"{MEMORY / ONE_SCAN_PIXEL_BYTES / 1e6:.0f}, WebP {MEMORY / WEBP_PIXEL_BYTES / 1e6:.0f}). "
    f"What is not read within {UPLOADED.seconds:.0f} seconds is left out."
)


@dataclass(frozen=True)
class Gathered:
    """images: (N, C, size, size) uint8. skipped: how many files, by the reason, worded so as to go
    on from "that"."""

    images: Tensor
    skipped: dict[str, int]

    @property
    def sentence(self) -> str:
        """Such as "37 pictures; skipped: 1 that needed a password, 2 that held no picture"."""
        return f"{len(self.images):,} pictures{_told(self.skipped)}"


def gather(
    paths: Sequence[Path],
    size: int,
    channels: int,
    limits: Limits = UPLOADED,
    load: LoadSquare = load_square,
) -> Gathered:
    """The pictures in files and zips: square centres, size × size pixels, grey (1) or colour (3).

    load: decodes one, as `load_square` does, in this process or another.
    Raises ValueError, in a sentence: for fewer than MIN_PICTURES that can be used, for more bytes
    than allowed, and for a size not in SIZES.
    """
    if size not in SIZES or channels not in (1, 3):
        raise ValueError(f"pictures have a size among {SIZES} and 1 or 3 channels")
    length = sum(path.stat().st_size for path in paths) / MEGABYTE
    if length > limits.megabytes:
        raise ValueError(f"the files have {length:,.1f} MB; at most {limits.megabytes:,} MB")
    end = monotonic() + limits.seconds
    images: list[Tensor] = []
    skipped: Counter[str] = Counter()
    problems: list[str] = []
    for read in _candidates(paths, limits):
        try:
            if len(images) == limits.pictures:
                raise SkipError(f"came after the first {limits.pictures:,} pictures")
            if monotonic() > end:
                raise SkipError(f"could not be read within {limits.seconds:.0f} seconds")
            images.append(torch.tensor(load(read(), size, channels)))
        except SkipError as reason:
            skipped[str(reason)] += 1
        except PictureError as error:
            problems.append(str(error))
    if problems:
        first = problems[0] if len(set(problems)) == 1 else f"the first: {problems[0]}"
        skipped[f"could not be opened ({first})"] = len(problems)
    if len(images) < MIN_PICTURES:
        raise ValueError(
            f"it takes at least {MIN_PICTURES} pictures, and here are {len(images)} that can be "
            f"used{_told(skipped)}"
        )
    return Gathered(torch.stack(images), dict(skipped))


def files_in(paths: Sequence[Path]) -> list[Path]:
    """The paths, with a folder replaced by all files in and below it, sorted."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (p for p in path.rglob("*") if not is_hidden(str(p.relative_to(path))))
            files += sorted(p for p in inside if p.is_file())
        else:
            files.append(path)
    return files


def _told(skipped: dict[str, int]) -> str:
    counts = [f"{count:,} that {reason}" for reason, count in skipped.items()]
    return f"; skipped: {', '.join(counts)}" if counts else ""


def _candidates(paths: Sequence[Path], limits: Limits) -> Iterator[Read]:
    room = _Room(limits.unpacked_megabytes)
    for path in paths:
        if _is_zip(path):
            yield from zip_entries(path, limits.entries, partial(_read_picture, room))
        else:
            yield partial(_read_file, room, path)


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
        start = file.read(4)
    if start.startswith(PICTURE_STARTS):
        return False
    return start == ZIP_START or zipfile.is_zipfile(path)


def _read_file(room: _Room, path: Path) -> bytes:
    with path.open("rb") as file:
        return _read_picture(room, file, path.stat().st_size)


def _read_picture(room: _Room, file: IO[bytes], length: int) -> bytes:
    """The bytes of a file that begins as a picture does; nothing more is read of others."""
    if length > MAX_BYTES:
        raise SkipError(f"had more than {MAX_BYTES // MEGABYTE} MB")
    start = file.read(4)
    if start == ZIP_START:
        raise SkipError("was a zip within a zip")
    if not start.startswith(PICTURE_STARTS):
        raise SkipError("held no picture")
    room.take(length)
    return start + file.read(length - len(start))
