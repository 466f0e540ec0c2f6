"""The registry of data sets that a denoiser can be trained on.

A new data set is one module beside this one and one entry of DATA_SETS; the command line, the page
and the tests find it there. Nothing heavy is imported before a data set is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffviz.data.base import DataSet


@dataclass(frozen=True)
class DataSource:
    """load: reads the training pictures; raises FileNotFoundError or ValueError, in a sentence."""

    name: str
    label: str
    load: Callable[[], DataSet]


def _fashion() -> DataSet:
    from diffviz.data.fashion import load_fashion

    return load_fashion("train")


def _fashion_subset() -> DataSet:
    from diffviz.data.fashion import load_fashion_subset

    return load_fashion_subset("train")


DATA_SETS = {
    source.name: source
    for source in (
        DataSource("fashion", "Fashion-MNIST, all 60,000 training pictures", _fashion),
        DataSource("fashion-subset", "Fashion-MNIST, the 6,000 that we ship", _fashion_subset),
    )
}


def load_data_set(name: str) -> DataSet:
    """The training pictures of that data set; raises ValueError naming those that there are."""
    if name not in DATA_SETS:
        raise ValueError(f"unknown data set {name!r}; choose from {', '.join(DATA_SETS)}")
    return DATA_SETS[name].load()
