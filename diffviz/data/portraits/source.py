"""The registry's entry for portraits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffviz.data.source import (
    Compared,
    DataChoice,
    DataSource,
    Known,
    Reference,
    Shipped,
    Subject,
    Words,
)

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.data.base import DataSet

COMPARED = (3, 32, 32)
HELD_OUT = 256  # on which what was learned is measured


def _load(choice: DataChoice) -> DataSet:
    from diffviz.data.portraits.pictures import load_portraits

    if choice.classes:
        raise ValueError("portraits have no classes to choose from")
    return load_portraits("train")


def _words() -> Words:
    from diffviz.data.portraits.sentences import WORDS

    return WORDS


def _held_out() -> list[Tensor]:
    from diffviz.data.portraits.pictures import load_portraits

    portraits = load_portraits("held-out")
    return list(portraits.pictures(portraits.rows[:HELD_OUT]))


def _judge() -> Subject:
    from diffviz.data.portraits.measured import subject

    return subject()


def _reference(samples: int) -> Reference:
    from diffviz.data.portraits.measured import reference

    return reference(samples)


def _known() -> Known:
    from diffviz.data.portraits.measured import known

    return known(*COMPARED[1:])


def _make_few() -> int:
    from diffviz.data.portraits.making import make_few

    return make_few()


def _make_many() -> int:
    from diffviz.data.portraits.making import make_many

    return make_many()


PORTRAITS = DataSource(
    "portraits",
    "Portraits: 128 × 128 in colour, said in free words",
    _load,
    medium="latent",
    shape=(8, 16, 16),
    slots=40,
    things="portraits",
    knows="cartoon portraits",
    says=(
        "This denoiser has seen nothing but cartoon portraits, and those through an autoencoder: it"
        " works on latents, which a decoder turns into pictures."
    ),
    words=_words,
    judge=_judge,
    judge_help="the same for portraits, of those of portraits-all: hours, minutes on a GPU",
    reference=_reference,
    held_out=_held_out,
    autoencoder="portraits",
    compared=Compared(COMPARED, _known),
    ships=(
        Shipped("portraits", "the 4,000 portraits that ship with diffviz, a minute", _make_few),
        Shipped("portraits-all", "60,000 to train on, 1 GB, 5 minutes", _make_many),
    ),
    needs="Portraits are drawn in Node 18 or later, by packages that npm brings.",
    guidance=3.0,
)
