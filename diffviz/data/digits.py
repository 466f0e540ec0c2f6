"""Handwritten digits (Alpaydin & Kaynak 1998): 1,797 of 8 × 8 pixels, shown as 16 × 16."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from diffviz.data.base import DataInfo, Slot
from diffviz.data.labelled import Labelled

INFO = DataInfo(
    name="digits",
    shape=(1, 16, 16),
    sigma_data=0.8029,
    slots=(Slot("digit", tuple("0123456789")),),
    licence="CC BY 4.0",
    credit=(
        "Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak, UCI Machine "
        "Learning Repository; here enlarged to 16 × 16"
    ),
)
FILE = Path(__file__).parent / "files" / "digits.npz"  # its licence lies beside it
HIGHEST = 16  # level; 0 is paper


def load_digits() -> Labelled:
    """All of them, white on black, enlarged by bicubic interpolation, which keeps strokes crisp."""
    with np.load(FILE, allow_pickle=False) as arrays:
        levels, labels = torch.from_numpy(arrays["levels"]), torch.from_numpy(arrays["labels"])
    ink = levels.float().div(HIGHEST).unsqueeze(1)  # (N, 1, 8, 8)
    ink = F.interpolate(ink, size=INFO.shape[1:], mode="bicubic").clamp(0, 1).squeeze(1)
    return Labelled(ink.mul(255).round().byte(), labels.long(), INFO)


def make_digits(path: Path = FILE) -> int:
    """Write the shipped file from scikit-learn's copy; returns the file's size in bytes.

    Raises ValueError where scikit-learn is not installed.
    """
    try:
        digits = import_module("sklearn.datasets").load_digits()
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{error.name} is missing: install it with `pip install scikit-learn`, which brings "
            "these pictures along"
        ) from error
    arrays = {
        "levels": digits.images.astype(np.uint8),  # (1797, 8, 8), 0..16
        "labels": digits.target.astype(np.uint8),
    }
    np.savez_compressed(path, allow_pickle=False, **arrays)
    return path.stat().st_size
