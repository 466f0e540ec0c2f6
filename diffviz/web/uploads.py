"""The folder of uploads: how much it may hold, what of that is one address's, and what of it nobody
will ask for any more."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from diffviz.web.answers import RefusedError
from diffviz.web.clients import neighbourhood
from diffviz.web.limits import Buckets
from diffviz.web.routes import Kind

# Gradio deletes what it knows of after an hour (ui/page.py); a server that was killed leaves what
# nobody knows of. Were we the first, Gradio would remember the names for ever.
KEEP_SECONDS = 4500
EMPTY_SECONDS = 60  # a folder that is new may be about to be filled
BLOCK_BYTES = 4096  # of the disk, as most file systems have them
INODE_BYTES = 4096  # that each file and folder counts for beside its blocks
FILE_BYTES = 2 * (BLOCK_BYTES + INODE_BYTES)  # of the smallest file in a folder of its own
LOOK_SECONDS, LOOK_SHARE = 30.0, 0.05  # between walks through it, and of the time for them


class Room:
    """What the folder holds: measured now and then in a thread, with what was let in since.

    share: what may be one address's of it, while it lies there, for as long as strangers come.
    """

    def __init__(self, folder: Path, megabytes: int, share: float = 1) -> None:
        self.folder, self.limit = folder, megabytes * 2**20
        # At most twice as much as a bucket holds lies there: what fills it, and what flows in.
        self._shares = Buckets(int(share * self.limit / 2), KEEP_SECONDS) if share < 1 else None
        self._lock = threading.Lock()
        self._held = 0.0

    def take(self, address: str, size: float) -> None:
        """Count so many bytes to an address ("" for nobody's); raises ValueError, in a sentence,
        where there is no room for them."""
        if self._held + size > self.limit:
            raise ValueError("there is no room for files just now; please try again in an hour")
        if address and self._shares and self._shares.take(neighbourhood(address), size):
            raise ValueError("files from your address fill its share; please try again in an hour")
        with self._lock:
            self._held += size

    def measure(self) -> None:
        """Tidy up, and count what stays."""
        before = self._held
        found = tidy(self.folder)
        with self._lock:
            self._held += found - before

    async def watch(self) -> None:
        """Measure, for ever."""
        while True:
            started = time.monotonic()
            await asyncio.to_thread(self.measure)
            await asyncio.sleep(max(LOOK_SECONDS, (time.monotonic() - started) / LOOK_SHARE))


class UploadRoom:
    """Answers 507 to uploads for which there is no room. The app finds in the scope's state how to
    count what an upload takes beyond its length: "take", which raises the same."""

    def __init__(self, app: ASGIApp, room: Room) -> None:
        self.app, self.room = app, room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["state"]["route"].kind is Kind.UPLOAD:
            said = dict(scope["headers"]).get(b"content-length", b"")
            if not said.isdigit():
                raise RefusedError(411, "size", "An upload must say how long it is.")

            def take(size: float) -> None:
                try:
                    self.room.take(scope["client"][0], size)
                except ValueError as error:
                    text = f"{str(error)[:1].upper()}{str(error)[1:]}."
                    raise RefusedError(507, "room", text, {"Retry-After": "600"}) from error

            take(int(said))
            scope["state"]["take"] = take
        await self.app(scope, receive, send)


def is_within(path: object, folder: Path) -> bool:
    """Whether that is the path of something in the folder, wherever its links lead."""
    return (
        isinstance(path, str)
        and "\0" not in path
        and Path(path).resolve().is_relative_to(folder.resolve())
    )


def tidy(folder: Path | str, keep: float = KEEP_SECONDS) -> int:
    """Delete files that are older than `keep` seconds, and folders that nothing is in; returns what
    the others take of the disk, in bytes."""
    now, size = time.time(), 0
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return 0
    for entry in entries:
        with suppress(FileNotFoundError):  # somebody else was faster
            facts = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                size += tidy(entry.path, keep)
                with suppress(OSError):  # it is not empty
                    if facts.st_mtime < now - EMPTY_SECONDS:
                        os.rmdir(entry.path)
                        continue
            elif facts.st_mtime < now - keep:
                os.unlink(entry)
                continue
            size += facts.st_blocks * 512 + INODE_BYTES
    return size
