"""Files that the server makes for visitors."""

from __future__ import annotations

import tempfile
from pathlib import Path

from gradio.utils import get_upload_folder


def new_file(name: str) -> Path:
    """In a folder of its own below the one that Gradio serves from and empties."""
    root = Path(get_upload_folder())
    root.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=root)) / name
