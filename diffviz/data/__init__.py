"""The registry of data sources that a denoiser can be trained on.

A new one is a module or folder beside this one and one entry of DATA_SETS; the command line, the
page and the tests find it there, with all that they must know of it (diffviz/data/source.py).
Nothing heavy is imported before a data set is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from diffviz.data.fashion.source import FASHION, FASHION_SUBSET
from diffviz.data.heroes.source import HEROES
from diffviz.data.portraits.source import PORTRAITS
from diffviz.data.source import DEFAULT as DEFAULT
from diffviz.data.source import GENERAL as GENERAL
from diffviz.data.source import DataChoice as DataChoice
from diffviz.data.source import DataSource as DataSource
from diffviz.data.source import Shipped, Words

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.data.base import DataInfo, DataSet


def _digits_classes() -> Sequence[str]:
    from diffviz.data.digits import INFO

    return INFO.slots[0].values


def _digits(choice: DataChoice) -> DataSet:
    from diffviz.data.digits import load_digits

    return load_digits().only(choice.classes)


def _make_digits() -> int:
    from diffviz.data.digits import make_digits

    return make_digits()


def _photos(choice: DataChoice) -> DataSet:
    from diffviz.data.photos.crops import Crops

    if choice.classes:
        raise ValueError("photographs have no classes to choose from")
    return Crops(side=choice.crop) if choice.crop else Crops()


def _photos_held_out() -> list[Tensor]:
    from diffviz.data.photos.crops import split_of
    from diffviz.media.decoding import load_picture

    return [load_picture(photo.file) for photo in split_of("held-out")]


def _own(choice: DataChoice) -> DataSet:
    from diffviz.data.own.pictures import load_own

    if not choice.path:
        raise ValueError("choose your own pictures first: a zip of them, or several files")
    if choice.classes:
        raise ValueError("of your own pictures all labels are learned; leave the classes out")
    return load_own(Path(choice.path))


DIGITS = DataSource(
    "digits",
    "Handwritten digits, 1,797",
    _digits,
    _digits_classes,
    shape=(1, 16, 16),
    things="digits",
    knows="handwritten digits",
    ships=(Shipped("digits", "the 1,797 pictures that ship with diffviz, seconds", _make_digits),),
    needs="Digits are made from scikit-learn's copy (`pip install scikit-learn`).",
)
PHOTOS = DataSource(
    "photos",
    "Photographs: crops of 64 × 64 in colour",
    _photos,
    shape=(3, 64, 64),
    slots=0,
    parts=True,
    things="photographs",
    knows="photographs",
    held_out=_photos_held_out,
    # Convolutions alone, so that it takes pictures of any size.
    network={"channels": (64, 96, 128), "blocks": (2, 2, 2), "attention": False},
    says=(
        "This denoiser has seen photographs of all kinds. Of yours it keeps what noise has not"
        " drowned and guesses the rest: at a large t its one look is the mean of all that the"
        " picture could be, a blur, and many small steps choose one of them."
    ),
)
OWN = DataSource("own", "Your own pictures", _own)

DATA_SETS = {
    source.name: source
    for source in (FASHION, FASHION_SUBSET, DIGITS, HEROES, PORTRAITS, PHOTOS, OWN)
}


def load_data_set(choice: DataChoice) -> DataSet:
    """The training samples chosen; raises ValueError naming the data sets that there are."""
    if choice.name not in DATA_SETS:
        raise ValueError(f"unknown data set {choice.name!r}; choose from {', '.join(DATA_SETS)}")
    return DATA_SETS[choice.name].load(choice)


def source_of(info: DataInfo) -> DataSource:
    """The entry behind what a denoiser's card says of its data; of data that is not in the registry
    one that knows no more than that."""

    def load(choice: DataChoice) -> DataSet:
        raise ValueError(f"{info.name} is no data set that is known here")

    return DATA_SETS.get(info.name) or DataSource(info.name, info.name, load, medium=info.medium)


def words_of(info: DataInfo) -> Words | None:
    """How people say its conditions in words, where they do."""
    words = source_of(info).words
    return words() if words else None
