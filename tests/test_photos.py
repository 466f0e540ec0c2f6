"""Photographs: what ships with its credit, what is held out, and crops of it."""

import torch
from torch import Generator

from diffviz.data.examples import (
    PHOTOGRAPHS,
    example,
    example_credit,
    example_names,
    example_path,
    shown_names,
)
from diffviz.data.photos.crops import HELD_OUT, INFO, Crops, photos, split_of


def test_every_photograph_says_what_its_licence_asks_for() -> None:
    assert len(photos()) == 301
    for photo in photos():
        assert photo.file.exists()
        assert photo.title
        assert photo.licence in ("public-domain", "CC0-1.0") or (
            photo.licence.startswith("CC-BY-") and photo.author
        )
    assert sum(photo.example for photo in photos()) == 12


def test_what_is_held_out_is_not_learned_from() -> None:
    learned = {photo.name for photo in split_of("train")}
    held_out = {photo.name for photo in split_of("held-out")}
    assert held_out == HELD_OUT
    assert (len(learned), len(held_out)) == (277, 24)
    assert not learned & held_out


def test_crops_are_a_function_of_the_generator() -> None:
    data = Crops("held-out")
    x0, condition = data.batch(64, Generator().manual_seed(1))
    again, _ = data.batch(64, Generator().manual_seed(1))
    assert x0.shape == (64, *INFO.shape)
    assert condition.shape == (64, 0)
    assert torch.equal(x0, again)
    assert x0.abs().max() <= 1
    assert len({picture.mean().item() for picture in x0}) == 64


def test_crops_of_another_side_leave_out_what_is_smaller() -> None:
    data = Crops(side=256)
    x0, _ = data.batch(4, Generator().manual_seed(1))
    assert x0.shape == (4, 3, 256, 256)
    assert 0 < len(data.images) < len(Crops().images)
    assert min(min(image.size) for image in data.images) >= 256
    assert data.info == INFO


def test_sigma_data_is_what_the_crops_have() -> None:
    x0, _ = Crops().batch(1000, Generator().manual_seed(0))
    assert abs(float(x0.square().mean().sqrt()) - INFO.sigma_data) < 0.02


def test_eight_photographs_are_examples_with_their_credit() -> None:
    shown = {photo.name: photo for photo in photos() if photo.example}
    for name, of in PHOTOGRAPHS.items():
        assert name in shown_names()
        assert example_path(name) == shown[of].file
        assert shown[of].licence in example_credit(name)
        assert max(example(name).shape) == 256
    assert len(PHOTOGRAPHS) == 8
    assert sum(of in HELD_OUT for of in PHOTOGRAPHS.values()) == 4
    assert example_credit("boot") == ""
    assert "sunset" in example_names()
