"""A contest as it is told when it is over: what it was, its numbers, and its clouds as bytes."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffviz.media.registry import MEDIA
from diffviz.rivals.contest import Seen
from diffviz.rivals.kinds import kind_of
from diffviz.settings import Settings
from diffviz.storage import write_whole


class Recording(NamedTuple):
    """status: what a page is told of a job when it is finished; sheets: its clouds after each
    round, gzipped, by the round's number."""

    status: dict[str, Any]
    sheets: dict[str, bytes]

    def clouds(self, number: int) -> Tensor:
        """After that round, (rivals, seeds, shown, …) float32."""
        shape = self.status["contest"]["shape"]
        content = gzip.decompress(self.sheets[str(number)])
        if self.status["contest"]["medium"] == "points":
            return torch.from_numpy(np.frombuffer(content, "<f2").astype("f4").reshape(shape))
        levels = torch.from_numpy(np.frombuffer(content, np.uint8).copy())
        return levels.reshape(shape).float() / 127.5 - 1


def encoded(clouds: Tensor) -> Tensor:
    """(…, *shape) as its medium encodes samples, uint8."""
    medium = "points" if clouds.shape[-1] == 2 else "picture"
    return MEDIA[medium].encode(clouds)


def sheet(clouds: Tensor) -> bytes:
    """Clouds as a page is sent them, gzipped."""
    return gzip.compress(encoded(clouds).numpy().tobytes(), compresslevel=9, mtime=0)


def record(settings: Settings, rounds: Sequence[Seen], name: str) -> Recording:
    """A contest that was run, as a job of it is told when it is finished."""
    kind = kind_of(settings)
    told = kind.describe(settings)
    status = {
        "id": f"recorded-{name}",
        "kind": kind.name,
        "recorded": True,
        "title": kind.title(settings),
        "state": "finished",
        "position": 0,
        "fraction": 1,
        "message": "",
        "wish": "",
        "left": 0,
        "points": [[seen.number, 1, *seen.numbers] for seen in rounds],
        "newest": len(rounds),
        "sheets": [seen.number for seen in rounds],
        "contest": told,
        "command": command_of(settings, f"{name}.zip"),
    }
    return Recording(status, {str(seen.number): sheet(seen.clouds) for seen in rounds})


def write_recording(recording: Recording, path: Path) -> int:
    """Write it as one file; returns its size in bytes."""

    def write(temporary: Path) -> None:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("status.json", json.dumps(recording.status))
            for number, content in recording.sheets.items():
                archive.writestr(f"sheets/{number}", content, zipfile.ZIP_STORED)

    write_whole(path, write)
    return path.stat().st_size


@cache
def read_recording(path: Path) -> Recording:
    with zipfile.ZipFile(path) as archive:
        status = json.loads(archive.read("status.json"))
        sheets = {str(n): archive.read(f"sheets/{n}") for n in status["sheets"]}
    return Recording(status, sheets)


def command_of(settings: Settings, out: str) -> str:
    """The command that runs such a contest."""
    words = ["python -m diffviz", kind_of(settings).command]
    for name, value in settings.said().items():
        values = value if isinstance(value, tuple) else (value,)
        words += [f"--{name.replace('_', '-')}", *map(str, values)]
    return " ".join([*words, "-o", out])
