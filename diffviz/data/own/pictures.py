"""A visitor's own pictures: gathered once into a packed file, and read from it for training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Generator, Tensor

from diffviz.data.base import DataInfo, Slot
from diffviz.data.own.uploads import (
    LOCAL,
    MIN_PICTURES,
    SIZES,
    UPLOADED,
    Gathered,
    Limits,
    LoadSquares,
    gather,
)
from diffviz.media.decoding import load_squares
from diffviz.storage import write_whole

KEY, LABELS, CLASSES, SLOT = "pictures", "labels", "classes", "class"
MAX_PACKED_BYTES = LOCAL.pictures * (3 * SIZES[-1] ** 2 + 8) + 2**16  # with the header
MIN_SIGMA_DATA = 0.05  # pictures all of middle grey have 0, which a network cannot be scaled by


class OwnPictures:
    """images: (N, C, S, S) uint8. flips: whether a batch mirrors half of its pictures, which helps
    where left and right mean nothing, and there are few. labels: (N,) int64, of each the row in
    `classes`, plus 1, or 0 for none; without classes there is no condition."""

    def __init__(
        self,
        images: Tensor,
        flips: bool = False,
        labels: Tensor | None = None,
        classes: tuple[str, ...] = (),
    ) -> None:
        self.images = images
        self.flips = flips
        self.conditions = images.new_zeros(len(images), 0, dtype=torch.int64)
        if labels is not None and classes:
            self.conditions = labels[:, None]
        self.info = DataInfo(
            name="own",
            shape=tuple(images.shape[1:]),
            sigma_data=max(MIN_SIGMA_DATA, round(_root_mean_square(images), 4)),
            slots=(Slot(SLOT, classes),) if classes else (),
            licence="the uploader's own",
            credit="the pictures of whoever trained it",
        )

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Pictures (size, C, S, S), float32 in −1..1, and conditions (size, slots), int64."""
        rows = torch.randint(len(self), (size,), generator=generator)
        x0 = self.images[rows].float().div(127.5).sub(1)
        if self.flips:
            mirrored = torch.rand(size, generator=generator) < 0.5
            x0 = torch.where(mirrored[:, None, None, None], x0.flip(3), x0)
        return x0, self.conditions[rows]


def pack(
    paths: Sequence[Path],
    size: int,
    channels: int,
    to: Path,
    limits: Limits = UPLOADED,
    flips: bool = False,
    load: LoadSquares = load_squares,
    across: int = 1,
    down: int = 1,
) -> Gathered:
    """Gather pictures, and write them to one file for `load_own`, whole or not at all.

    Raises ValueError as `gather` does.
    """
    gathered = gather(paths, size, channels, limits, load, across, down)
    header = {"name": "own", "flips": "yes" if flips else "no"}
    header[CLASSES] = json.dumps(gathered.classes)
    tensors = {KEY: gathered.images, LABELS: gathered.labels}
    write_whole(to, lambda temporary: save_file(tensors, temporary, header))
    return gathered


def load_own(path: Path) -> OwnPictures:
    """The pictures that `pack` wrote. Raises ValueError where the file is missing or damaged."""
    try:
        if path.stat().st_size > MAX_PACKED_BYTES:
            raise ValueError("it is too large")
        with safe_open(path, "pt") as file:
            header = file.metadata() or {}
            images = file.get_tensor(KEY)
            labels = file.get_tensor(LABELS) if LABELS in file.keys() else None  # noqa: SIM118
        classes = tuple(map(str, json.loads(header.get(CLASSES, "[]"))))
        shape = tuple(images.shape[1:])
        if images.dtype != torch.uint8 or shape not in [(c, s, s) for c in (1, 3) for s in SIZES]:
            raise ValueError(f"it holds {images.dtype} of shape {tuple(images.shape)}")
        if len(images) < MIN_PICTURES:
            raise ValueError(f"it holds {len(images)} pictures")
        if labels is not None and (
            labels.dtype != torch.int64
            or labels.shape != images.shape[:1]
            or not 0 <= int(labels.min()) <= int(labels.max()) <= len(classes)
        ):
            raise ValueError("its labels are none of its classes")
    except FileNotFoundError as error:
        raise ValueError(f"the packed pictures {path.name} are no longer there") from error
    except (OSError, SafetensorError, ValueError) as error:
        raise ValueError(f"the packed pictures {path.name} cannot be read: {error}") from error
    return OwnPictures(images, header.get("flips") == "yes", labels, classes)


def _root_mean_square(images: Tensor) -> float:
    """Of the pixels in −1..1; a part at a time, as there may be 200 MB of them."""
    squares = sum(
        part.float().div(127.5).sub(1).square().sum(dtype=torch.float64).item()
        for part in torch.split(images, 1_000)
    )
    return float((squares / images.numel()) ** 0.5)
