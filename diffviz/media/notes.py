"""What a file says of how it was made: a note in a PNG's text, a GIF's comment, a film's tag."""

from __future__ import annotations

import html
import re
from pathlib import Path

from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

KEY = "diffviz"  # under which a PNG has it
TAG = "comment"  # of an MP4
MOST = 64 * 1024  # characters
IN_SVG = re.compile(r"<dc:description>(.*?)</dc:description>", re.DOTALL)


def png_note(note: str) -> PngInfo | None:
    """As Pillow takes it for a PNG."""
    if not note:
        return None
    info = PngInfo()
    info.add_text(KEY, note)
    return info


def read_note(path: str | Path) -> str:
    """The note of a PNG, GIF, MP4 or SVG; raises ValueError, in a sentence, where there is none.
    No pixel is decoded."""
    path = Path(path)
    read = {".mp4": _of_a_film, ".svg": _of_a_drawing}.get(path.suffix.lower(), _of_a_picture)
    note = read(path)
    if not note or len(note) > MOST:
        raise ValueError(f"{str(path)!r} does not say how it was made")
    return note


def _of_a_picture(path: Path) -> str:
    try:
        with Image.open(path, formats=("PNG", "GIF")) as image:
            said = image.info.get(KEY, image.info.get("comment", ""))
    except (UnidentifiedImageError, SyntaxError, OSError) as error:
        raise ValueError(f"{str(path)!r} is no PNG, GIF, MP4 or SVG that can be read") from error
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _of_a_film(path: Path) -> str:
    import av

    try:
        with av.open(str(path)) as film:
            return film.metadata.get(TAG, "")
    except av.FFmpegError as error:
        raise ValueError(f"{str(path)!r} is no film that can be read") from error


def _of_a_drawing(path: Path) -> str:
    found = IN_SVG.search(path.read_text("utf-8", "replace"))
    return html.unescape(found[1]) if found else ""
