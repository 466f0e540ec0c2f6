"""PSNR and SSIM against their definitions, and the spread of several results."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Generator, Tensor

from diffviz.measure.fidelity import psnr, spread, ssim


def draw(seed: int, *shape: int) -> Tensor:
    return torch.rand(shape, generator=Generator().manual_seed(seed)) * 2 - 1


def test_psnr_of_a_grey_level_apart() -> None:
    x = draw(1, 1, 3, 16, 16) * 0.9
    assert psnr(x, x + 2 / 255) == pytest.approx(20 * math.log10(255), abs=1e-3)
    assert psnr(x, x) == math.inf


def test_ssim_is_what_its_definition_says_at_one_window() -> None:
    one, other = draw(1, 1, 1, 11, 11).double(), draw(2, 1, 1, 11, 11).double()
    line = torch.exp(-torch.arange(-5, 6).double().square() / (2 * 1.5**2))
    w = torch.outer(line, line) / line.sum() ** 2
    a, b = one[0, 0], other[0, 0]
    ma, mb = (w * a).sum(), (w * b).sum()
    va, vb = (w * (a - ma) ** 2).sum(), (w * (b - mb) ** 2).sum()
    both = (w * (a - ma) * (b - mb)).sum()
    c1, c2 = 0.02**2, 0.06**2
    known = (2 * ma * mb + c1) * (2 * both + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    assert ssim(one, other) == pytest.approx(float(known), abs=1e-12)
    assert ssim(one, one) == pytest.approx(1)
    assert math.isnan(ssim(one[..., :10], other[..., :10]))


def test_the_spread_of_results() -> None:
    x = torch.stack([torch.zeros(3, 2, 2), torch.ones(3, 2, 2)])
    mean, std = spread(x)
    assert torch.equal(mean, torch.full((1, 3, 2, 2), 0.5))
    assert torch.equal(std, torch.full((1, 1, 2, 2), 0.5))
