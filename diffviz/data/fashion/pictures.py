"""Fashion-MNIST (Xiao, Rasul & Vollgraf 2017): 28 × 28 grey clothes in 10 classes."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from diffviz.data.base import DataInfo, Slot
from diffviz.data.labelled import Labelled

CLASSES = (
    "t-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
INFO = DataInfo(
    name="fashion",
    shape=(1, 28, 28),
    sigma_data=0.8256,
    slots=(Slot("class", CLASSES),),
    licence="MIT",
    credit="Fashion-MNIST by Han Xiao, Kashif Rasul and Roland Vollgraf, © Zalando SE",
)
# The part that the project ships, for pages that show true pictures; its licence lies beside it.
FILES = Path(__file__).parents[1] / "files"
SUBSET = FILES / "fashion-subset.npz"
SUBSET_PER_CLASS = {"train": 600, "test": 200}
# Where Debian's package dataset-fashion-mnist puts the four files; the variable names another.
FOLDER_VARIABLE = "DIFFVIZ_FASHION_FOLDER"
FOLDER = "/usr/share/datasets/fashion-mnist"


class FashionMNIST(Labelled):
    """Pictures and labels, held in memory. images: (N, 28, 28) uint8; labels: (N,) int64."""

    def __init__(self, images: Tensor, labels: Tensor, info: DataInfo = INFO) -> None:
        super().__init__(images, labels, info)


def load_fashion(split: str = "train") -> FashionMNIST:
    """The whole data set's "train" (60,000) or "test" (10,000) part.

    Raises FileNotFoundError, saying how to get the files, where they are not there.
    """
    folder = Path(os.environ.get(FOLDER_VARIABLE, FOLDER))
    prefix = {"train": "train", "test": "t10k"}[split]
    try:
        images = _read_idx(folder / f"{prefix}-images-idx3-ubyte.gz")
        labels = _read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz")
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error.filename} is missing: install Debian's package with `apt-get install "
            f"dataset-fashion-mnist`, or set {FOLDER_VARIABLE} to a folder with Fashion-MNIST's "
            "four .gz files"
        ) from error
    except (OSError, EOFError, ValueError, IndexError, zlib.error) as error:
        raise ValueError(f"Fashion-MNIST's files in {folder} are damaged: {error}") from error
    return FashionMNIST(torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64)))


def load_fashion_subset(split: str = "train") -> FashionMNIST:
    """The shipped part: 6,000 pictures of "train" or 2,000 of "test", as many of each class."""
    with np.load(SUBSET, allow_pickle=False) as arrays:
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
    return FashionMNIST(torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64)))


def make_fashion_subset(path: Path = SUBSET) -> int:
    """Write the shipped part from the whole data set; returns the file's size in bytes."""
    arrays: dict[str, np.ndarray] = {}
    for split, per_class in SUBSET_PER_CLASS.items():
        data = load_fashion(split).balanced(per_class)
        arrays[f"{split}_images"] = data.images.numpy()
        arrays[f"{split}_labels"] = data.labels.numpy().astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, allow_pickle=False, **arrays)
    return path.stat().st_size


def _read_idx(path: Path) -> np.ndarray:
    """An idx file: 2 zero bytes, the type (8: bytes), the rank, each size as 4 big-endian bytes."""
    with gzip.open(path) as file:
        content = file.read()
    rank = content[3]
    shape = np.frombuffer(content, ">i4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape).copy()
