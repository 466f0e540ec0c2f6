"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any


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
