"""The kinds of contests: what each is asked by, runs as, and is told as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diffviz.rivals import race, translation
from diffviz.rivals.contest import Contest
from diffviz.rivals.settings import RaceSettings, TranslationSettings
from diffviz.settings import Settings


@dataclass(frozen=True)
class ContestKind:
    """command: of the command line. begin: raises ValueError, in a sentence, for settings that
    cannot be. title: what it is, in a few words. describe: what a page must know of one. size: the
    weights of a lane, how often and from how large a batch they learn, and the number of lanes."""

    name: str
    command: str
    settings: type[Settings]
    begin: Callable[[Any], Contest[Any]]
    title: Callable[[Any], str]
    describe: Callable[[Any], dict[str, Any]]
    size: Callable[[Any], tuple[int, float, int, int]]


RACE = ContestKind("race", "race", RaceSettings, race.Race, race.title, race.describe, race.size)
TRANSLATION = ContestKind(
    "translation",
    "translate",
    TranslationSettings,
    translation.Translation,
    translation.title,
    translation.describe,
    translation.size,
)
CONTESTS = {kind.name: kind for kind in (RACE, TRANSLATION)}


def kind_of(settings: Settings) -> ContestKind:
    """The kind of contest that settings ask for."""
    return next(kind for kind in CONTESTS.values() if isinstance(settings, kind.settings))
