"""Which files of pictures can be read here, and by what they are known."""

from __future__ import annotations

import re

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "BMP", "TIFF")
KINDS = "PNG, JPEG, WebP, GIF, AVIF, BMP or TIFF"
START_BYTES = 12  # of a file, by which it is known
STARTS = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")
# Of ISO/IEC 23008-12, annex B: pictures coded by HEVC, which Pillow does not decode.
HEIC = re.compile(rb".{4}ftyp.{0,48}he(i[cxms]|v[cx])", re.DOTALL)
AVIF_BRANDS = (b"ftypavif", b"ftypavis", b"ftypmif1")


def begins_as_picture(start: bytes) -> bool:
    """Whether a file whose first START_BYTES these are may be one that can be read here."""
    return start.startswith(STARTS) or start[4:START_BYTES] in AVIF_BRANDS


def is_heic(content: bytes) -> bool:
    """Whether a file says in its header that it is a HEIC picture."""
    return HEIC.match(content) is not None
