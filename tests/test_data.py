"""Data sets: what we ship, what we read, and what is said where files are missing or damaged."""

from __future__ import annotations

import gzip
import struct
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Generator

from diffviz.data import DATA_SETS, DataChoice, load_data_set
from diffviz.data.digits import FILE, load_digits, make_digits
from diffviz.data.fashion.pictures import (
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
    "content", [b"", b"no gzip", gzip.compress(b"\0\0", mtime=0), gzip.compress(b"x" * 9, mtime=0)]
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
        load_data_set(DataChoice("birds"))
    assert load_data_set(DataChoice("fashion-subset")).info.name == "fashion"
    assert all(name == source.name for name, source in DATA_SETS.items())


def test_chosen_classes_are_all_that_is_left() -> None:
    whole = load_fashion_subset("train")
    part = load_data_set(DataChoice("fashion-subset", ("bag", "dress")))
    assert part.info.slots[0].values == ("dress", "bag")  # in the data set's order
    x0, condition = part.batch(64, Generator().manual_seed(0))
    assert set(condition.flatten().tolist()) == {1, 2}
    dresses = whole.rows(whole.labels == CLASSES.index("dress"))[0]
    for picture in x0[condition[:, 0] == 1][:5]:
        assert (dresses == picture).flatten(1).all(1).any()
    with pytest.raises(ValueError, match="unknown class 'hat'"):
        load_data_set(DataChoice("fashion-subset", ("hat",)))


def test_digits_are_white_on_black_and_enlarged_without_moving() -> None:
    data = load_digits()
    x0, condition = data.batch(64, Generator().manual_seed(0))
    assert x0.shape == (64, *data.info.shape) == (64, 1, 16, 16)
    assert condition.aminmax() == (1, 10)
    assert data.labels[:12].tolist() == [*range(10), 0, 1]
    assert data.labels.bincount().min() > 170
    mean_square = (data.images.double() / 127.5 - 1).square().mean().item()
    assert data.info.sigma_data == pytest.approx(mean_square**0.5, abs=1e-4)
    assert data.images[:, :, 0].float().mean() < 20  # paper, at the left edge
    with np.load(FILE, allow_pickle=False) as arrays:
        small = torch.from_numpy(arrays["levels"]).float() * (255 / 16)
    again = torch.nn.functional.avg_pool2d(data.images.float(), 2)
    assert (again - small).abs().mean() < 12
    assert "CC BY 4.0" in (FILE.parent / "LICENCE-digits.txt").read_text()


def test_chosen_digits() -> None:
    data = load_data_set(DataChoice("digits", ("7", "3")))
    assert data.info.slots[0].values == ("3", "7")
    with pytest.raises(ValueError, match="unknown digit 'ten'; choose from 0, 1, 2"):
        load_data_set(DataChoice("digits", ("ten",)))


def test_digits_are_made_from_scikit_learn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "sklearn.datasets", raising=False)
    with pytest.raises(ValueError, match="pip install scikit-learn"):
        make_digits(tmp_path / "digits.npz")
    with np.load(FILE, allow_pickle=False) as arrays:
        digits = SimpleNamespace(images=arrays["levels"] * 1.0, target=arrays["labels"] * 1)
    package, module = ModuleType("sklearn"), ModuleType("sklearn.datasets")
    module.load_digits = lambda: digits  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sklearn", package)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", module)
    assert make_digits(tmp_path / "digits.npz") < 100_000
    with np.load(tmp_path / "digits.npz", allow_pickle=False) as arrays:
        assert (arrays["levels"] == digits.images).all()
        assert (arrays["labels"] == digits.target).all()
        assert arrays["levels"].dtype == arrays["labels"].dtype == np.uint8
