"""What a race came to: from its numbers, for each rival over all its seeds."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import Any

from diffviz.rivals.courses import Course, Score
from diffviz.rivals.race import FIELDS, Place


def places(numbers: Sequence[float]) -> list[Place]:
    """The places again."""
    found, size = [], len(FIELDS)
    for start in range(0, len(numbers), size):
        updates, seconds, visited, covered, astray, energy = numbers[start : start + size]
        score = Score(int(visited), int(covered), astray, energy)
        found.append(Place(int(updates), seconds, score))
    return found


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
