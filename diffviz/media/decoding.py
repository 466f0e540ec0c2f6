"""Pictures from files as tensors, and fitted to what a network sees."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from diffviz.media.levels import from_levels, grey_levels
from diffviz.media.raster import SIZE, check_length, shrunk, squares


def load_picture(path: str | Path, size: int = SIZE) -> Tensor:
    """The picture in a file: (3, H, W), or (1, H, W) where it is grey, float32 in −1..1; otherwise
    as `shrunk` makes it. Raises PictureError."""
    check_length(os.path.getsize(path))
    return from_levels(shrunk(Path(path).read_bytes(), size))


def load_squares(
    content: bytes, size: int, channels: int, across: int = 1, down: int = 1
) -> NDArray[np.uint8]:
    """The square centres of the cells of the picture that a file's bytes hold, row by row:
    (across · down, channels, size, size), 0..255; otherwise as `squares` makes them. Raises
    PictureError."""
    levels = squares(content, size, channels, across, down)
    return levels.reshape(-1, size, size, channels).transpose(0, 3, 1, 2)


def fitted(picture: Tensor, shape: tuple[int, ...]) -> Tensor:
    """shape, (C, H, W): the picture's centre, as much as has these sides' ratio, scaled, and made
    grey (ITU-R 601 weights) or colour as C, 1 or 3, says."""
    channels, height, width = shape
    levels = grey_levels(picture).numpy()
    image = Image.fromarray(levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0))
    image = image.convert("L" if channels == 1 else "RGB")
    scale = min(image.width / width, image.height / height)
    across, down = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (image.width - across) // 2, (image.height - down) // 2
    part = image.crop((left, top, left + across, top + down))
    small = np.asarray(part.resize((width, height), Image.Resampling.LANCZOS), np.float32)
    planes = small.reshape(height, width, channels).transpose(2, 0, 1)
    return torch.from_numpy(planes.copy()) / 127.5 - 1
