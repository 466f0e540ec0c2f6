"""The house style: colours that the colour-blind can tell apart, on light or dark ground."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.figure import Figure as Plain

from diffviz.media.notes import KEY as NOTE
from diffviz.settings import unknown

FORMATS = (".png", ".svg", ".pdf")
# Okabe & Ito 2008, "Color Universal Design", without black and in an order that begins with the two
# that are farthest apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# For prints without colour; the last one is of the ink's own.
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (9, 3)))
GROUND = {"light": ("#ffffff", "#1f2430", "#d5d9e0"), "dark": ("#14171f", "#e8ebf2", "#3a4150")}
DPI = 200


class Figure(Plain):
    """matplotlib's, which a notebook shows though pyplot is not there to tell it how."""

    def _repr_png_(self) -> bytes:
        drawn = BytesIO()
        self.savefig(drawn)
        return drawn.getvalue()


@contextmanager
def style(theme: str) -> Iterator[str]:
    """Figures made within are in the style; the colour of what is faint. Raises ValueError for
    another theme than light and dark."""
    if theme not in GROUND:
        raise ValueError(unknown("theme", theme, GROUND))
    ground, ink, faint = GROUND[theme]
    settings: Any = {
        "figure.facecolor": ground,
        "figure.dpi": 100,
        "savefig.facecolor": ground,
        "axes.facecolor": ground,
        "axes.edgecolor": faint,
        "axes.labelcolor": ink,
        "axes.titlecolor": ink,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.prop_cycle": cycler(color=(*COLOURS, ink)) + cycler(linestyle=LINES),
        "grid.color": faint,
        "grid.alpha": 0.5,
        "grid.linestyle": "-",
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "text.color": ink,
        "xtick.color": ink,
        "ytick.color": ink,
        "font.family": "DejaVu Sans",  # matplotlib brings it: the same everywhere
        "font.size": 9.5,
        "svg.hashsalt": "diffviz",  # ids that are the same each time
    }
    with mpl.rc_context(settings):
        yield faint


# Where each format has a note of how it was made.
NOTES = {".png": NOTE, ".svg": "Description", ".pdf": "Subject"}


def save(figure: Plain, path: str | Path, note: str = "") -> None:
    """Write it as what the name ends with: .png, .svg or .pdf; raises ValueError for others. note:
    of how it was made (runs/notes.py)."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise ValueError(f"a figure's file ends with {', '.join(FORMATS)}, not {suffix or path!r}")
    dates = {".svg": "Date", ".pdf": "CreationDate"}  # without them the bytes are always the same
    metadata: dict[str, str | None] = {dates[suffix]: None} if suffix in dates else {}
    if note:
        metadata[NOTES[suffix]] = note
    with mpl.rc_context({"svg.hashsalt": "diffviz"}):
        figure.savefig(path, dpi=DPI, metadata=metadata)
