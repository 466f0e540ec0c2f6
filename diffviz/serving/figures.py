"""Figures that the page asks for: PNG, SVG and PDF. matplotlib is loaded for the first one."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffviz.serving.turns import Turns
from diffviz.settings import unknown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TYPES = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "gif": "image/gif",
    "mp4": "video/mp4",
}
FIGURES = {f"figure-{kind}": f".{kind}" for kind in ("png", "svg", "pdf")}
THEMES = ("light", "dark")
# matplotlib's style is one for the process; and what is made takes a second of all that there is.
MAKING = Turns(1, seconds=30)
BUSY = "many files are being made just now; please try again in a moment"


def save_figure(draw: Callable[[str], Figure], path: Path, note: str, theme: str = "light") -> None:
    """Write what `draw`, called with the theme, draws. Raises ValueError as that does."""
    from diffviz.figures import save

    if theme not in THEMES:
        raise ValueError(unknown("theme", theme, THEMES))
    with MAKING.turn(BUSY):
        save(draw(theme), path, note)


def taken_home(name: str, write: Callable[[Path], None]) -> dict[str, Any]:
    """What a page is sent of a small file that is made for it alone."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(path)
        content = base64.b64encode(path.read_bytes()).decode()
    return {"name": name, "type": TYPES[path.suffix[1:]], "content": content}
