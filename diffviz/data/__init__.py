"""The registry of data sets that a denoiser can be trained on.

A new data set is one module beside this one and one entry of DATA_SETS; the command line, the page
and the tests find it there. Nothing heavy is imported before a data set is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffviz.data.base import DataSet


@dataclass(frozen=True)
class DataChoice:
    """Which pictures to train on.

    name: of an entry of DATA_SETS. classes: those of it to keep, all where it is empty. path: of
    the file with one's own pictures, for an entry that reads one.
    """

    name: str = "fashion"
    classes: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True)
class DataSource:
    """load: reads the training pictures of a choice; raises FileNotFoundError or ValueError, in a
    sentence. classes: those that can be chosen from, without reading any picture."""

    name: str
    label: str
    load: Callable[[DataChoice], DataSet]
    classes: Callable[[], Sequence[str]] = tuple


def _fashion(choice: DataChoice) -> DataSet:
    from diffviz.data.fashion import load_fashion

    return load_fashion("train").only(choice.classes)


def _fashion_subset(choice: DataChoice) -> DataSet:
    from diffviz.data.fashion import load_fashion_subset

    return load_fashion_subset("train").only(choice.classes)


def _fashion_classes() -> Sequence[str]:
    from diffviz.data.fashion import CLASSES

    return CLASSES


def _digits_classes() -> Sequence[str]:
    from diffviz.data.digits import INFO

    return INFO.slots[0].values


def _digits(choice: DataChoice) -> DataSet:
    from diffviz.data.digits import load_digits

    return load_digits().only(choice.classes)


def _heroes(choice: DataChoice) -> DataSet:
    from diffviz.data.heroes.stacks import Heroes

    if choice.classes:
        raise ValueError("heroes have no classes to choose from")
    return Heroes("train")


def _photos(choice: DataChoice) -> DataSet:
    from diffviz.data.photos.crops import Crops

    if choice.classes:
        raise ValueError("photographs have no classes to choose from")
    return Crops()


def _own(choice: DataChoice) -> DataSet:
    from diffviz.data.own.pictures import load_own

    if not choice.path:
        raise ValueError("choose your own pictures first: a zip of them, or several files")
    if choice.classes:
        raise ValueError("your own pictures have no classes to choose from")
    return load_own(Path(choice.path))


DATA_SETS = {
    source.name: source
    for source in (
        DataSource("fashion", "Fashion-MNIST, all 60,000", _fashion, _fashion_classes),
        DataSource(
            "fashion-subset",
            "Fashion-MNIST, 6,000 that we ship",
            _fashion_subset,
            _fashion_classes,
        ),
        DataSource("digits", "Handwritten digits, 1,797", _digits, _digits_classes),
        DataSource("heroes", "Heroes: 32 × 32 colour characters with captions", _heroes),
        DataSource("photos", "Photographs: crops of 64 × 64 in colour", _photos),
        DataSource("own", "Your own pictures", _own),
    )
}


def load_data_set(choice: DataChoice) -> DataSet:
    """The training pictures chosen; raises ValueError naming the data sets that there are."""
    if choice.name not in DATA_SETS:
        raise ValueError(f"unknown data set {choice.name!r}; choose from {', '.join(DATA_SETS)}")
    return DATA_SETS[choice.name].load(choice)
