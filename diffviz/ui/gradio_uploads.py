"""How Gradio takes uploads here: with no file open while one is under way, each part counted, and
nothing done to files on the event loop. (Of Gradio's private parts, as `gradio_seams`.)"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio.route_utils
import gradio.routes
from gradio.route_utils import GradioMultiPartParser, GradioUploadFile
from gradio_client.utils import (  # type: ignore[import-untyped]
    strip_invalid_filename_characters,
)
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from diffviz.web.uploads import FILE_BYTES

MOST_PARTS = 1000  # as many as Gradio's page sends at once
MOST_TEXT = 64 * 1024  # bytes of what is no file, which are held in memory
# Of what comes at once, so much is looked at in one turn of the loop where many parts begin in it.
MANY_BEGIN, LOOK_BYTES = 10, 1024
NO_HEADERS = Headers()
BEGINNING = b"\r\n\r\n"  # ends a part's headers


class PartFile:
    """Stands where Gradio has a temporary file, which it keeps open until the form is read; this
    one is open while something is written to it, in a thread. Of thousands the garbage collector
    looks through each, on everybody's time: so they are small."""

    __slots__ = ("name",)

    def __init__(self, delete: bool = False, dir: str | None = None) -> None:
        self.name = os.path.join(dir or ".", f"part-{secrets.token_hex(12)}")

    def write(self, data: bytes) -> int:
        with open(self.name, "ab") as file:
            return file.write(data)

    def seek(self, _: int) -> None:
        """Gradio does so at a part's end, where nothing may have been written."""
        self.write(b"")

    def close(self) -> None:
        """It is."""


class Parser(GradioMultiPartParser):
    """take: counts bytes of the disk; may raise."""

    def __init__(self, request: Request, take: Callable[[float], None], **more: Any) -> None:
        super().__init__(
            request.headers,
            pieces(request.stream()),
            max_files=MOST_PARTS,
            max_fields=MOST_PARTS,
            **more,
        )
        self.take = take
        self.files: list[str] = []
        self.text = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is None:
            self.text += end - start
            if self.text > MOST_TEXT:
                raise MultiPartException("There is too much in this form that is no file.")
        super().on_part_data(data, start, end)

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        part = self._current_part
        part.item_headers = []  # what they say is taken from them; most of what would stay
        if part.file:
            part.file.headers = NO_HEADERS
        for file in self._files_to_close_on_error:  # the one that begins
            self.files.append(file.name)
            self.take(FILE_BYTES)
        self._files_to_close_on_error.clear()

    def remove(self) -> None:
        """What lies where it was written."""
        for file in self.files:
            Path(file).unlink(missing_ok=True)


async def pieces(stream: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async for chunk in stream:
        many = chunk.count(BEGINNING) > MANY_BEGIN
        size = LOOK_BYTES if many else max(1, len(chunk))
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]


async def upload(
    request: Request,
    upload_dir: str,
    max_file_size: float,
    upload_id: str | None,
    force_move: bool = True,
    upload_progress: Any = None,
) -> tuple[list[str], list[str], list[str]]:
    """Stands where Gradio has `upload_fn`: (paths, what else is to be moved, and where)."""
    kind, _ = parse_options_header(request.headers.get("Content-Type", ""))
    if kind != b"multipart/form-data":
        raise HTTPException(400, "Invalid content type.")
    folder = Path(upload_dir)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    if upload_id and upload_progress:
        upload_progress.track(upload_id)
    parser = Parser(
        request,
        request.scope["state"]["take"],
        upload_dir=upload_dir,
        max_file_size=max_file_size,
        upload_id=upload_id,
        upload_progress=upload_progress,
    )
    try:
        try:
            form = await parser.parse()
        except FormParserError as error:  # a boundary that is none
            raise MultiPartException("This is no form.") from error
        return await asyncio.to_thread(put, form.getlist("files"), folder), [], []
    finally:  # not awaited: who goes away ends this at once
        asyncio.get_running_loop().run_in_executor(None, parser.remove)


def put(files: Sequence[Any], folder: Path) -> list[str]:
    """Give each file its name, in a folder that is named by what is in it; returns the paths."""
    paths = []
    for file in files:
        if not isinstance(file, GradioUploadFile):
            raise TypeError("File is not an instance of GradioUploadFile")
        name = strip_invalid_filename_characters(Path(file.filename or "").name)
        if name in ("", ".", ".."):
            name = "file"
        own = folder / file.sha.hexdigest()
        for _ in range(2):  # an empty folder of that name may be removed just now
            own.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                os.rename(str(file.file.name), own / name)
                break
        paths.append(str(own / name))
    return paths


def take_uploads() -> None:
    """From now on Gradio takes uploads so."""
    utils: Any = gradio.route_utils
    utils.NamedTemporaryFile = PartFile
    routes: Any = gradio.routes
    routes.upload_fn = upload
