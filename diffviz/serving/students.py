"""Which denoiser was distilled from which, and what the page says of the two."""

from __future__ import annotations

from typing import Any

from diffviz.checkpoints import Card, checkpoint_names
from diffviz.serving.cards import took
from diffviz.serving.models import bundled_card

FEW = (1, 2, 4, 8)  # evaluations of the student
MANY = 40  # of the teacher


def pair_of(name: str) -> tuple[Card, Card] | None:
    """The teacher's card and the student's, of the bundled denoisers, of which this is one."""
    there = checkpoint_names()
    for student in map(bundled_card, there):
        teacher = student.distilled.get("teacher")
        if teacher in there and name in (teacher, student.name):
            return bundled_card(teacher), student
    return None


def beside(name: str) -> dict[str, Any]:
    """What the player must know before anything of it was made; nothing for most denoisers."""
    pair = pair_of(name)
    if pair is None:
        return {}
    teacher, student = pair
    told = {"teacher": teacher.name, "student": student.name, "few": FEW, "many": MANY}
    return {"distilled": {**told, "took": took(student)}}
