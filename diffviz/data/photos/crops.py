"""Photographs (public domain, CC0 and CC BY): crops of any part at any scale, without end."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Generator, Tensor

from diffviz.data.base import DataInfo

FILES = Path(__file__).parent / "files"
SPLITS = ("train", "held-out")
SIDE = 64
MOST_SCALE = 5.0  # of scaling down; the sources are lossy, and smaller they are clean
# Never learned from: denoisers are measured on them. None has a near twin among the rest.
HELD_OUT = frozenset(
    [
        "es-city8",
        "es-forest2",
        "es-lava2",
        "es-nasa5",
        "es-scene-loc1",
        "es-snow4",
        "es-water8",
        "gc-animal-hedgehog",
        "gc-animal-scarlet_macaw",
        "gc-detail-EilanDonanCastle",
        "gc-erase-bee",
        "gc-erase-red_panda",
        "gc-farm-duck",
        "gc-farm-horse",
        "gc-monument-hawaMahal",
        "gc-monument-montStMichel",
        "gc-monument-petra",
        "gc-monument-reimsCathedral",
        "gc-music-japan",
        "jxl-tulips",
        "lomiri-picosdeeuropa",
        "lomiri-wine",
        "ski-coffee",
        "skl-flower",
    ]
)
INFO = DataInfo(
    name="photos",
    shape=(3, SIDE, SIDE),
    sigma_data=0.5443,
    slots=(),
    licence="public domain, CC0 and CC BY",
    credit="the photographers named in data/photos/files/photos.json; cropped and scaled",
)


@dataclass(frozen=True)
class Photo:
    """A photograph, and what must be said of it wherever it is shown."""

    name: str
    file: Path
    title: str
    author: str
    licence: str
    content: str
    package: str
    example: bool

    def open(self) -> Image.Image:
        with Image.open(self.file) as image:
            return image.convert("RGB")

    @property
    def credit(self) -> str:
        by = f" by {self.author}" if self.author else ""
        return f"“{self.title}”{by}, {self.licence}, scaled"


@cache
def photos() -> tuple[Photo, ...]:
    """All that ship, in a fixed order."""
    return tuple(
        Photo(
            name=Path(entry["file"]).stem,
            file=FILES / entry["file"],
            title=entry["title"],
            author=entry["author"] or "",
            licence=entry["license"],
            content=entry["content"],
            package=entry["package"],
            example=entry["example"],
        )
        for entry in json.loads((FILES / "photos.json").read_text("utf-8"))
    )


def split_of(split: str) -> list[Photo]:
    """Raises ValueError for another split, naming them."""
    if split not in SPLITS:
        raise ValueError(f"unknown split {split!r}; choose from {', '.join(SPLITS)}")
    return [photo for photo in photos() if (photo.name in HELD_OUT) == (split == "held-out")]


class Crops:
    """An endless data set: square crops, scaled down by a random factor, half of them mirrored.

    side: of a crop, in pixels; photographs that are smaller are left out.
    A package's photographs are drawn as often as the root of their number: landscapes are the
    majority, and a package of one would else be learned by heart.
    """

    def __init__(self, split: str = "train", side: int = SIDE) -> None:
        opened = [(photo, photo.open()) for photo in split_of(split)]
        opened = [(photo, image) for photo, image in opened if min(image.size) >= side]
        chosen = [photo for photo, _ in opened]
        self.info: DataInfo = INFO
        self.side = side
        self.images = [image for _, image in opened]
        packages = [photo.package for photo in chosen]
        weights = [1 / math.sqrt(packages.count(package)) for package in packages]
        self.weights = torch.tensor(weights, dtype=torch.float64)

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Pictures (size, 3, side, side), float32 in −1..1, and no conditions: (size, 0), int64."""
        which = torch.multinomial(self.weights, size, replacement=True, generator=generator)
        chance = torch.rand(size, 4, generator=generator)
        levels = np.stack(
            [
                self.crop(self.images[row], *draw)
                for row, draw in zip(which.tolist(), chance.tolist(), strict=True)
            ]
        )
        x0 = torch.from_numpy(levels).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        return x0.contiguous(), torch.zeros(size, 0, dtype=torch.int64)

    def crop(
        self, image: Image.Image, scale: float, across: float, down: float, mirror: float
    ) -> np.ndarray:
        """A crop (side, side, 3) uint8; all four numbers are from 0 to 1."""
        most = min(MOST_SCALE, min(image.size) / self.side)
        length = self.side * most**scale  # even in the logarithm of the scale
        left, top = across * (image.width - length), down * (image.height - length)
        box = (left, top, left + length, top + length)
        crop = image.resize((self.side, self.side), Image.Resampling.LANCZOS, box)
        return np.asarray(crop)[:, :: 1 if mirror < 0.5 else -1]
