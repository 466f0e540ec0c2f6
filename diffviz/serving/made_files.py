"""Files that the server makes for visitors."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

KEEP_SECONDS = 600


class MadeFiles:
    """Those of an app, in its folder of uploads."""

    def __init__(self, uploads: Path) -> None:
        self.folder = uploads.resolve() / "made"

    def new(self, name: str) -> Path:
        """The path of a file to write, in a folder of its own.

        Gradio hands out a copy, which it deletes in time; it knows nothing of ours, so that each
        call here removes those of earlier ones.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in self.folder.iterdir():
            if time.time() - folder.stat().st_mtime > KEEP_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=self.folder)) / name
