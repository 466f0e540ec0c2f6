"""Zips from strangers: nothing is unpacked to disk; each entry is read in memory, within bounds
that hold whatever the zip says of itself."""

from __future__ import annotations

import io
import math
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, NoReturn

from diffviz.data.own.labels import normal

ZIP_START = b"PK\x03\x04"
ENTRY_BYTES = 300  # that a zip may spend on listing an entry: a long name and time stamps fit
ENCRYPTED = 1  # bit of an entry's flags
# Python's readers of other methods unpack at once whatever a few bytes stand for: 4 KB of bzip2 can
# be gigabytes.
UNPACKED_IN_PIECES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

Read = Callable[[], bytes]  # a file's bytes, read when called; raises SkipError
ReadOpened = Callable[[str, IO[bytes], int], bytes]  # the same: place, open file, its length


class SkipError(Exception):
    """Why a file is left out, worded so as to go on from "that"."""


def zip_entries(path: Path, limit: int, read: ReadOpened) -> Iterator[tuple[str, Read]]:
    """The files in a zip, with their places in it, each to be read by `read` before the next one is
    asked for.

    Folders, and what systems add unasked, are passed over. A zip that is damaged, or lists more
    than `limit` entries, gives one Read that says so.
    """
    too_long = SkipError(f"was a zip of more than {limit:,} files")
    with _RationedFile(path) as file:
        try:
            file.ration = limit * ENTRY_BYTES
            archive = zipfile.ZipFile(file)
            file.ration = math.inf
        except _RationError:
            yield "", partial(_refuse, too_long)
            return
        except Exception:  # half a dozen types, by where the damage is
            yield "", partial(_refuse, SkipError("was a damaged zip"))
            return
        if len(archive.filelist) > limit:
            yield "", partial(_refuse, too_long)
            return
        for entry in archive.filelist:
            if not entry.is_dir() and not is_hidden(entry.filename):
                place = normal(entry.filename)
                yield place, partial(_unpack, archive, entry, partial(read, place))


def is_hidden(name: str) -> bool:
    """Whether a file is one that systems add unasked, or lies in a folder of such."""
    parts = re.split(r"[/\\]", name)
    return any(part == "__MACOSX" or (part[:1] == "." and part.strip(".")) for part in parts)


class _RationError(Exception):
    """The list of contents is longer than allowed."""


class _RationedFile(io.FileIO):
    """A file of which only `ration` bytes more can be read; zipfile reads and parses as long a list
    of contents as the file says that it has."""

    ration: float = 0

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = os.fstat(self.fileno()).st_size - self.tell()
        self.ration -= size
        if self.ration < 0:
            raise _RationError
        return super().read(size)


def _refuse(reason: SkipError) -> NoReturn:
    raise reason


def _unpack(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, read: Callable[[IO[bytes], int], bytes]
) -> bytes:
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise SkipError("was only a link")
    if entry.flag_bits & ENCRYPTED:
        raise SkipError("needed a password")
    if entry.compress_type not in UNPACKED_IN_PIECES:
        raise SkipError("was packed in an unusual way")
    try:
        # What is opened gives no more bytes than the entry says that it has.
        with archive.open(entry) as file:
            return read(file, entry.file_size)
    except SkipError:
        raise
    except Exception as error:  # as above
        raise SkipError("could not be unpacked") from error
