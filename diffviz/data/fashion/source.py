"""The registry's entries for Fashion-MNIST: the whole of it, and the part that ships."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffviz.data.source import (
    DataChoice,
    DataSource,
    Indexed,
    Optimum,
    Reference,
    Shipped,
    Subject,
)

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.data.base import DataSet


def _load(choice: DataChoice) -> DataSet:
    from diffviz.data.fashion.pictures import load_fashion

    return load_fashion("train").only(choice.classes)


def _load_subset(choice: DataChoice) -> DataSet:
    from diffviz.data.fashion.pictures import load_fashion_subset

    return load_fashion_subset("train").only(choice.classes)


def _classes() -> Sequence[str]:
    from diffviz.data.fashion.pictures import CLASSES

    return CLASSES


def _judge() -> Subject:
    from diffviz.data.fashion.measured import subject

    return subject()


def _reference(samples: int) -> Reference:
    from diffviz.data.fashion.measured import reference

    return reference(samples)


def _nearest() -> Indexed:
    from diffviz.data.fashion.measured import nearest

    return nearest()


def _shipped_pictures() -> tuple[Tensor, Tensor]:
    from diffviz.data.fashion.pictures import load_fashion_subset

    return load_fashion_subset("train").rows(slice(None))


def _make_subset() -> int:
    from diffviz.data.fashion.pictures import make_fashion_subset

    return make_fashion_subset()


FASHION = DataSource(
    "fashion",
    "Fashion-MNIST, all 60,000",
    _load,
    _classes,
    shape=(1, 28, 28),
    things="clothes",
    knows="clothes",
    says=(
        "This denoiser has seen nothing but clothes. Of a photograph it keeps what noise has not"
        " drowned, the large lights and darks, and takes the rest for cloth: at a small t your"
        " picture comes back blurred, at a large t it comes back as clothing."
    ),
    condition={"class": "ankle boot"},
    guidance=1.2,
    sampler="dpmpp-2m-sde",
    judge=_judge,
    judge_help="the classifier that `evaluate` measures with (checkpoints/judge), about 10 minutes",
    reference=_reference,
    nearest=_nearest,
    nearest_help="all 60,000 training pictures, a little lossy, for the nearest of a sample, 5 min",
    optimum=Optimum(
        "The clothes’ own optimum",
        "The exact best denoiser for its 6,000 training pictures can only copy them: whatever you"
        " give it comes back as one of those, and no way there and back is exact.",
        "It is the exact best answer for its 6,000 training pictures, and so it can only copy"
        " them.",
        _shipped_pictures,
    ),
    ships=(
        Shipped(
            "fashion-subset",
            "the 8,000 pictures that ship with diffviz (diffviz/data/files), seconds",
            _make_subset,
        ),
    ),
    needs=(
        "Fashion's judge, subset, index and evaluation need the whole of Fashion-MNIST (`apt-get"
        " install dataset-fashion-mnist`)."
    ),
)
FASHION_SUBSET = DataSource(
    "fashion-subset", "Fashion-MNIST, 6,000 that we ship", _load_subset, _classes, shape=(1, 28, 28)
)
