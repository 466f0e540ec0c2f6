"""Files that the server makes for visitors."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from gradio.utils import get_upload_folder

KEEP_SECONDS = 600


def new_file(name: str) -> Path:
    """The path of a file to write, in a folder of its own.

    Gradio hands out a copy, which it deletes in time; it knows nothing of ours, so that each call
    here removes those of earlier ones.
    """
    root = Path(get_upload_folder()) / "made"
    root.mkdir(parents=True, exist_ok=True)
    for folder in root.iterdir():
        if time.time() - folder.stat().st_mtime > KEEP_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=root)) / name
