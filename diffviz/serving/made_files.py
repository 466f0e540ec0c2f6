"""Files that the server makes for visitors."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from diffviz.web.clients import CLIENT
from diffviz.web.uploads import FILE_BYTES, Room

KEEP_SECONDS = 600


class MadeFiles:
    """Those of an app, in its folder of uploads, of whose room they take: twice, since Gradio hands
    out a copy. It deletes that in time; it knows nothing of ours, so that each new one here removes
    earlier ones. Methods raise ValueError, in a sentence, where there is no room."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.folder = room.folder.resolve() / "made"
        self._making = threading.Lock()

    @contextmanager
    def new(self, name: str) -> Iterator[Path]:
        """The path of a file to write, in a folder of its own."""
        self.room.take(CLIENT.get(), 2 * FILE_BYTES)
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in self.folder.iterdir():
            if time.time() - folder.stat().st_mtime > KEEP_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
        path = Path(tempfile.mkdtemp(dir=self.folder)) / name
        try:
            yield path
            self.room.take(CLIENT.get(), 2 * path.stat().st_size)
        except BaseException:
            shutil.rmtree(path.parent, ignore_errors=True)
            raise

    def once(self, name: str, key: str, write: Callable[[Path], None]) -> Path:
        """The path of a file that is the same for the same key, and not made again."""
        path = self.folder / hashlib.sha256(key.encode()).hexdigest() / name
        with self._making:
            if path.exists():
                os.utime(path.parent)
                return path
            with self.new(name) as made:
                write(made)
            made.parent.rename(path.parent)
        return path
