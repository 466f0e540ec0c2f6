"""The settings that suit a denoiser: those it was distilled for, or that serve best on its data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from diffviz.checkpoints import Card
from diffviz.data import DATA_SETS
from diffviz.runs.schema import RunSettings
from diffviz.settings import declared

# Of a student: it says where the path ends, and its teacher's guidance is in that.
OF_STUDENTS: dict[str, Any] = {"guidance": 1.0, "sampler": "consistency", "steps": 4}
SUITED = tuple(OF_STUDENTS)


def suited(data: str, distilled: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Guidance, sampler and steps for a denoiser of that data; distilled: as its card has it. The
    usual ones where nothing is known."""
    if distilled:
        return dict(OF_STUDENTS)
    source, usual = DATA_SETS.get(data), declared(RunSettings)
    measured = {name: getattr(source, name, None) for name in SUITED}
    return {n: usual[n].default if value is None else value for n, value in measured.items()}


def as_distilled(settings: RunSettings, said: Collection[str], card: Card) -> RunSettings:
    """The settings, but for a student what suits it, except where something else was said."""
    if not card.distilled:
        return settings
    own = suited(card.data.name, card.distilled)
    return settings.but(**{name: value for name, value in own.items() if name not in said})


def check_mean(card: Card) -> None:
    """Raises ValueError, in a sentence, for a student, where x̂0 must be the mean of all that x_t
    may have been."""
    if card.distilled:
        raise ValueError(
            f"{card.name} is distilled to say where a path ends, not the mean that is steered on"
            f" the way; choose {card.distilled['teacher']}"
        )
