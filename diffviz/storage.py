"""Where files are, and how they are written: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent
SOURCES = PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").exists() else None


def bundled_folder() -> Path:
    """The denoisers that come along: beside the package in the source tree, else within it."""
    return SOURCES / "checkpoints" if SOURCES else PACKAGE / "bundled"


def own_folder() -> Path:
    """For what is made here and kept: the source tree, else a folder of the user's own."""
    return SOURCES or Path.home() / ".local" / "share" / "diffviz"


def write_whole(path: Path, write: Any) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in its place in one move, so
    that a full disk or a kill leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        write(Path(temporary))
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp's own mode shuts other users out
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
