"""Data sets: what we ship, what we read, and what is said where files are missing or damaged."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Generator

from diffviz.data import DATA_SETS, load_data_set
from diffviz.data.fashion import (
    CLASSES,
    FOLDER,
    FOLDER_VARIABLE,
    SUBSET,
    SUBSET_PER_CLASS,
    FashionMNIST,
    load_fashion,
    load_fashion_subset,
)

needs_all = pytest.mark.skipif(not Path(FOLDER).exists(), reason="needs dataset-fashion-mnist")


@pytest.mark.parametrize("split", SUBSET_PER_CLASS)
def test_the_subset_is_small_and_balanced(split: str) -> None:
    data = load_fashion_subset(split)
    assert data.labels.bincount().tolist() == [SUBSET_PER_CLASS[split]] * len(CLASSES)
    assert data.images.dtype == torch.uint8
    assert data.images.shape[1:] == (28, 28)
    assert SUBSET.stat().st_size < 8_000_000
    assert "MIT" in (SUBSET.parent / "LICENCE-fashion-subset.txt").read_text()


@needs_all
@pytest.mark.parametrize("split", SUBSET_PER_CLASS)
def test_the_subset_is_the_first_pictures_of_each_class(split: str) -> None:
    part = load_fashion_subset(split)
    again = load_fashion(split).balanced(SUBSET_PER_CLASS[split])
    assert torch.equal(part.images, again.images)
    assert torch.equal(part.labels, again.labels)


@needs_all
def test_sigma_data_is_the_root_mean_square_of_the_training_pictures() -> None:
    data = load_fashion("train")
    mean_square = (data.images.double() / 127.5 - 1).square().mean().item()
    assert data.info.sigma_data == pytest.approx(mean_square**0.5, abs=1e-4)


def test_batches_are_in_range_and_repeat_with_the_seed() -> None:
    data = load_fashion_subset("test")
    x0, condition = data.batch(64, Generator().manual_seed(1))
    again, _ = data.batch(64, Generator().manual_seed(1))
    assert torch.equal(x0, again)
    assert x0.shape == (64, *data.info.shape)
    assert x0.aminmax() == (-1, 1)
    assert condition.shape == (64, 1)
    assert condition.aminmax() == (1, 10)


def test_balanced_says_when_a_class_is_too_small() -> None:
    data = FashionMNIST(torch.zeros(3, 28, 28, dtype=torch.uint8), torch.tensor([0, 1, 1]))
    with pytest.raises(ValueError, match="not 2 pictures of each class"):
        data.balanced(2)


def test_missing_files_name_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(FileNotFoundError, match="apt-get install dataset-fashion-mnist"):
        load_fashion("test")


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"\0\0"), gzip.compress(b"x" * 9)]
)
def test_damaged_files_are_a_sentence(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    for kind in ("images-idx3", "labels-idx1"):
        (tmp_path / f"t10k-{kind}-ubyte.gz").write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        load_fashion("test")


def test_idx_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    images = np.arange(2 * 28 * 28).reshape(2, 28, 28).astype(np.uint8)
    for kind, array in (("images-idx3", images), ("labels-idx1", np.array([3, 9], np.uint8))):
        header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}i", *array.shape)
        (tmp_path / f"t10k-{kind}-ubyte.gz").write_bytes(gzip.compress(header + array.tobytes()))
    data = load_fashion("test")
    assert torch.equal(data.images, torch.from_numpy(images))
    assert data.rows(slice(None))[1].tolist() == [[4], [10]]


def test_the_registry_names_its_choices() -> None:
    with pytest.raises(ValueError, match="choose from fashion, fashion-subset"):
        load_data_set("birds")
    assert load_data_set("fashion-subset").info.name == "fashion"
    assert all(name == source.name for name, source in DATA_SETS.items())
