"""The folder of uploads: how much it holds, and what of it nobody will ask for any more."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from diffviz.web.answers import RefusedError
from diffviz.web.routes import Kind

KEEP_SECONDS = 3600
FRESH_SECONDS = 2.0  # how old a measurement may be


class UploadRoom:
    """Answers 507 to uploads while the folder is full. It looks no sooner than FRESH_SECONDS after
    it last did, and counts what was let in since then.

    Gradio deletes what it knows of; a server that was killed leaves files that nobody knows.
    """

    def __init__(self, app: ASGIApp, folder: Path, megabytes: int) -> None:
        self.app, self.folder, self.limit = app, folder, megabytes * 2**20
        self._measured, self._held = -FRESH_SECONDS, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["state"]["route"].kind is Kind.UPLOAD:
            said = dict(scope["headers"]).get(b"content-length", b"")
            if not said.isdigit():
                raise RefusedError(411, "size", "An upload must say how long it is.")
            if self._hold() + int(said) > self.limit:
                text = "There is no room for uploads just now; please try again in an hour."
                raise RefusedError(507, "room", text, {"Retry-After": "600"})
            self._held += int(said)
        await self.app(scope, receive, send)

    def _hold(self) -> int:
        now = time.monotonic()
        if now - self._measured > FRESH_SECONDS:
            self._measured, self._held = now, tidy(self.folder)
        return self._held


def is_within(path: object, folder: Path) -> bool:
    """Whether that is the path of something in the folder, wherever its links lead."""
    return (
        isinstance(path, str)
        and "\0" not in path
        and Path(path).resolve().is_relative_to(folder.resolve())
    )


def tidy(folder: Path, keep: float = KEEP_SECONDS) -> int:
    """Delete files that are older than `keep` seconds; returns the bytes of those that stay."""
    oldest, size = time.time() - keep, 0
    for file in _files(folder):
        try:
            facts = file.stat(follow_symlinks=False)
            if facts.st_mtime < oldest:
                os.unlink(file)
            else:
                size += facts.st_size
        except FileNotFoundError:  # somebody else was faster
            continue
    return size


def _files(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        else:
            yield entry
