"""A race as it is told: its numbers, its clouds as bytes, and what both mean."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import Any

from torch import Tensor

from diffviz.media.registry import MEDIA
from diffviz.rivals.courses import Course, Score
from diffviz.rivals.race import MADE, ROUNDS, Place, Round
from diffviz.rivals.settings import RIVALS, RaceSettings

FIELDS = ("updates", "seconds", *Score._fields)  # of a place
RULE = (
    "A run has collapsed when at its end fewer than half of the modes get a fifth of the samples "
    "that are their due, each sample counted for the mode nearest to it. A blur over all modes has "
    "not collapsed: it is astray."
)


def numbers(seen: Round) -> tuple[float, ...]:
    """The FIELDS of each place of a round, one place after the other."""
    return tuple(round(float(n), 4) for p in seen.places for n in (p.updates, p.seconds, *p.score))


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
