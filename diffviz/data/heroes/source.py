"""The registry's entry for heroes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffviz.data.source import DataChoice, DataSource, Reference, Subject, Words

if TYPE_CHECKING:
    from diffviz.data.base import DataSet


def _load(choice: DataChoice) -> DataSet:
    from diffviz.data.heroes.stacks import Heroes

    if choice.classes:
        raise ValueError("heroes have no classes to choose from")
    return Heroes("train")


def _words() -> Words:
    from diffviz.data.heroes.sentences import WORDS

    return WORDS


def _judge() -> Subject:
    from diffviz.data.heroes.measured import subject

    return subject()


def _reference(samples: int) -> Reference:
    from diffviz.data.heroes.measured import reference

    return reference(samples)


HEROES = DataSource(
    "heroes",
    "Heroes: 32 × 32 colour characters with captions",
    _load,
    slots=14,
    things="heroes",
    knows="small drawn heroes",
    says=(
        "This denoiser has seen nothing but small drawn figures on plain ground. Of a photograph it"
        " keeps what noise has not drowned, the large patches of colour, and makes a figure of"
        " them: the larger t, the more figure and the less photograph."
    ),
    guidance=2.0,
    words=_words,
    judge=_judge,
    judge_help="the same for heroes",
    reference=_reference,
)
