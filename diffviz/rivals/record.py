"""A race as it is told: its numbers, its clouds as bytes, and what both mean."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from diffviz.media.registry import MEDIA
from diffviz.rivals.contest import ROUNDS
from diffviz.rivals.courses import Course, Score
from diffviz.rivals.race import MADE, Place, Round
from diffviz.rivals.settings import RIVALS, RaceSettings
from diffviz.storage import write_whole

FIELDS = ("updates", "seconds", *Score._fields)  # of a place
RULE = (
    "A run has collapsed when at its end fewer than half of the modes get a fifth of the samples "
    "that are their due, each sample counted for the mode nearest to it. A blur over all modes has "
    "not collapsed: it is astray."
)


class Recording(NamedTuple):
    """status: what a page is told of a job when it is finished; sheets: its clouds after each
    round, gzipped, by the round's number."""

    status: dict[str, Any]
    sheets: dict[str, bytes]

    def clouds(self, number: int) -> Tensor:
        """After that round, (rivals, seeds, shown, …) float32."""
        shape = self.status["race"]["shape"]
        content = gzip.decompress(self.sheets[str(number)])
        if self.status["race"]["medium"] == "points":
            return torch.from_numpy(np.frombuffer(content, "<f2").astype("f4").reshape(shape))
        levels = torch.from_numpy(np.frombuffer(content, np.uint8).copy())
        return levels.reshape(shape).float() / 127.5 - 1


def places(numbers: Sequence[float]) -> list[Place]:
    """The places again."""
    found, size = [], len(FIELDS)
    for start in range(0, len(numbers), size):
        updates, seconds, visited, covered, astray, energy = numbers[start : start + size]
        score = Score(int(visited), int(covered), astray, energy)
        found.append(Place(int(updates), seconds, score))
    return found


def encoded(clouds: Tensor) -> Tensor:
    """(…, *shape) as its medium encodes samples, uint8."""
    medium = "points" if clouds.shape[-1] == 2 else "picture"
    return MEDIA[medium].encode(clouds)


def title(settings: RaceSettings) -> str:
    who = ", ".join(RIVALS[name] for name in settings.rivals)
    return f"{settings.on().label} · {who}"


def describe(settings: RaceSettings) -> dict[str, Any]:
    """What a page must know of a race in order to draw it."""
    course = settings.on()
    weights, updates = settings.budget()
    return {
        "course": course.name,
        "label": course.label,
        "medium": course.info.medium,
        "rivals": [
            {"name": name, "label": RIVALS[name], "source": MADE[name].source}
            for name in settings.rivals
        ],
        "seeds": [*range(settings.seed, settings.seed + settings.seeds)],
        "weights": weights,
        "updates": updates,
        "seconds": settings.seconds,
        "said": settings.said(),
        "rounds": ROUNDS,
        "fields": FIELDS,
        "shape": (len(settings.rivals), settings.seeds, course.shown, *course.info.shape),
        "data": course.held_out[: course.shown].flatten().tolist()
        if course.info.medium == "points"
        else [],
        "modes": len(course.modes.shares),
        "fresh": course.score(course.fresh)._asdict(),
        "rule": RULE,
        "credit": f"{course.info.credit} ({course.info.licence})" if course.info.credit else "",
    }


def outcome(course: Course, seeds: int, last: Sequence[Place]) -> list[dict[str, Any]]:
    """Of the places after the last round, for each rival: means over its seeds, and how many of
    them collapsed."""
    found = []
    for start in range(0, len(last), seeds):
        own = last[start : start + seeds]
        found.append(
            {
                "collapsed": sum(course.collapsed(place.score) for place in own),
                "seeds": len(own),
                "covered": mean(place.score.covered for place in own),
                "modes": len(course.modes.shares),
                "astray": mean(place.score.astray for place in own),
                "energy": mean(place.score.energy for place in own),
                "updates": mean(place.updates for place in own),
                "seconds": mean(place.seconds for place in own),
            }
        )
    return found


def sheet(clouds: Tensor) -> bytes:
    """Clouds as a page is sent them, gzipped."""
    return gzip.compress(encoded(clouds).numpy().tobytes(), compresslevel=9, mtime=0)


def record(
    settings: RaceSettings, rounds: Sequence[Round], name: str, command: str = ""
) -> Recording:
    """A race that was run, as one that is watched is told. command: what it was run with."""
    lanes = rounds[-1].places
    status = {
        "id": name,
        "kind": "race",
        "recorded": True,
        "title": title(settings),
        "state": "finished",
        "position": 0,
        "fraction": 1,
        "message": "",
        "wish": "",
        "seconds": round(sum(place.seconds for place in lanes), 1),
        "left": 0,
        "points": [[seen.number, 0, *seen.numbers] for seen in rounds],
        "newest": len(rounds),
        "sheets": [seen.number for seen in rounds],
        "race": describe(settings),
        "command": command,
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
