"""Fashion-MNIST (Xiao, Rasul & Vollgraf 2017): 28 × 28 grey clothes in 10 classes."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from diffviz.data.base import DataInfo, Slot

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
    image_size=28,
    image_channels=1,
    sigma_data=0.8256,
    slots=(Slot("class", CLASSES),),
    licence="MIT",
    credit="Fashion-MNIST by Han Xiao, Kashif Rasul and Roland Vollgraf, © Zalando SE",
)
# Where Debian's package dataset-fashion-mnist puts the four files; the variable names another place.
FOLDER_VARIABLE = "DIFFVIZ_FASHION_FOLDER"
FOLDER = "/usr/share/datasets/fashion-mnist"


class FashionMNIST:
    """Pictures and labels held in memory as bytes. images: (N, 28, 28) uint8; labels: (N,) int64."""

    info = INFO

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images = images
        self.labels = labels

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        rows = torch.randint(len(self), (size,), generator=generator)
        return self.rows(rows)

    def rows(self, rows: Tensor | slice) -> tuple[Tensor, Tensor]:
        """Pictures (n, 1, 28, 28) in −1..1 and conditions (n, 1), class + 1, of the given rows."""
        x0 = self.images[rows].float().div(127.5).sub(1).unsqueeze(1)
        return x0, self.labels[rows].add(1).unsqueeze(1)


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
            f"{error.filename} is missing: install Debian's package dataset-fashion-mnist, or set "
            f"{FOLDER_VARIABLE} to a folder with Fashion-MNIST's four .gz files"
        ) from error
    return FashionMNIST(torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64)))


def _read_idx(path: Path) -> np.ndarray:
    """An idx file: 2 zero bytes, the type (8: bytes), the rank, then each size as 4 bytes, big-endian."""
    with gzip.open(path) as file:
        content = file.read()
    rank = content[3]
    shape = np.frombuffer(content, ">i4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape).copy()
