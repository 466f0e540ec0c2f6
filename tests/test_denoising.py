"""One look at noisy pictures: its error against what is known of Gaussian ones."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

import diffviz.data
from diffviz.__main__ import main
from diffviz.data import DATA_SETS
from diffviz.data.photos.crops import split_of
from diffviz.denoisers.exact import GaussianDenoiser
from diffviz.forward import noise
from diffviz.measure.denoising import denoising, one_look

SPREAD = 0.08  # of the pictures below, far from black and white


def test_the_best_denoiser_of_gaussian_pictures_has_wiener_s_error() -> None:
    pictures = [0.2 + SPREAD * noise(100 + seed, (3, 96, 128)) for seed in range(3)]
    methods: dict[str, Callable[[Tensor, float], Tensor]] = {
        "exact": one_look(GaussianDenoiser(0.2, SPREAD)),
        "none": lambda noisy, sigma: noisy,
    }
    figures = denoising(methods, pictures, sigmas=(5, 15))
    for name, sigma in ((name, sigma) for name in methods for sigma in (5, 15)):
        noisy = (sigma / 127.5) ** 2
        error = noisy * SPREAD**2 / (noisy + SPREAD**2) if name == "exact" else noisy
        assert figures["psnr_by_sigma"][name][f"{sigma}"] == pytest.approx(
            10 * math.log10(4 / error), abs=0.03
        )
    assert figures["pictures"] == 3
    assert figures["seconds_a_picture"].keys() == methods.keys()


def test_all_methods_see_the_same_noise_which_is_each_picture_s_own() -> None:
    seen: dict[str, list[Tensor]] = {"a": [], "b": []}

    def note(name: str) -> Callable[[Tensor, float], Tensor]:
        return lambda noisy, sigma: seen[name].append(noisy) or noisy

    denoising({name: note(name) for name in seen}, [torch.zeros(1, 8, 8)] * 2, (10,))
    assert all(torch.equal(*pair) for pair in zip(*seen.values(), strict=True))
    assert not torch.equal(*seen["a"])


def test_evaluate_measures_photographs_by_denoising(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = DATA_SETS["photos"]
    assert photos.held_out is not None
    pictures = photos.held_out()
    assert len(pictures) == len(split_of("held-out")) == 24
    assert {max(picture.shape[1:]) for picture in pictures} == {256}
    few = replace(photos, held_out=lambda: [pictures[0][:, :64, :64]])
    monkeypatch.setitem(diffviz.data.DATA_SETS, "photos", few)
    assert main(["evaluate", "--model", "photos"]) == 0
    decibels = json.loads(capsys.readouterr().out)["psnr_by_sigma"]["photos"]
    assert list(decibels) == ["15", "25", "50", "75"]
    # As it is seen through the noise, and 3 dB more.
    assert all(value > 20 * math.log10(255 / float(sigma)) + 3 for sigma, value in decibels.items())
