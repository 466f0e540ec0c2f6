"""Parametrizations: what goes in comes out, where mathematics allows it at all."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.schedules import make_schedule

SIGMA_DATA = 0.5
X0 = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(1, 1, 3, 4)
EPS = torch.randn(X0.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def level(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float64)


def round_trip(name: str, alpha: float, sigma: float, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """x0 and eps again, out of x_t and a perfect network's output."""
    p = PARAMETRIZATIONS[name]
    x0, eps, a, s = X0.to(dtype), EPS.to(dtype), level(alpha), level(sigma)
    x = (alpha * X0 + sigma * EPS).to(dtype)
    return p.solve(x, p.target(x0, eps, a, s, SIGMA_DATA), a, s, SIGMA_DATA)


@pytest.mark.parametrize("name", PARAMETRIZATIONS)
@given(angle=st.floats(0.01, math.pi / 2 - 0.01), scale=st.floats(0.1, 50))
def test_solve_undoes_target(name: str, angle: float, scale: float) -> None:
    alpha, sigma = scale * math.cos(angle), scale * math.sin(angle)
    x0, eps = round_trip(name, alpha, sigma, torch.float64)
    torch.testing.assert_close(x0, X0, rtol=0, atol=1e-11)
    torch.testing.assert_close(eps, EPS, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", PARAMETRIZATIONS)
@given(angle=st.floats(0.01, math.pi / 2 - 0.01), scale=st.floats(0.1, 50))
def test_any_output_gives_a_prediction_on_the_path(name: str, angle: float, scale: float) -> None:
    alpha, sigma = scale * math.cos(angle), scale * math.sin(angle)
    x, output = EPS, X0.flip(2)
    x0, eps = PARAMETRIZATIONS[name].solve(x, output, level(alpha), level(sigma), SIGMA_DATA)
    torch.testing.assert_close(alpha * x0 + sigma * eps, x, rtol=0, atol=1e-10)


def test_targets_are_what_their_names_say() -> None:
    a, s = level(0.8), level(0.6)
    expected = {
        "eps": EPS,
        "x0": X0,
        "v": 0.8 * EPS - 0.6 * X0,
        "flow": EPS - X0,
        # Karras et al. 2022, table 1, at σ = 0.6/0.8 of x0: F = (x0 − c_skip·x)/c_out
        "edm": edm_target(0.75),
    }
    assert expected.keys() == PARAMETRIZATIONS.keys()
    for name, p in PARAMETRIZATIONS.items():
        torch.testing.assert_close(p.target(X0, EPS, a, s, SIGMA_DATA), expected[name])


def edm_target(sigma: float) -> Tensor:
    total = sigma**2 + SIGMA_DATA**2
    c_skip, c_out = SIGMA_DATA**2 / total, sigma * SIGMA_DATA / math.sqrt(total)
    return (X0 - c_skip * (X0 + sigma * EPS)) / c_out


@pytest.mark.parametrize("name", PARAMETRIZATIONS)
def test_trap_only_eps_says_nothing_of_the_picture_at_alpha_0(name: str) -> None:
    x0, eps = round_trip(name, alpha=0.0, sigma=1.0, dtype=torch.float64)
    finite = bool(torch.isfinite(x0).all())
    assert finite == (name != "eps")
    if finite:
        torch.testing.assert_close(x0, X0)
        torch.testing.assert_close(eps, EPS)


@pytest.mark.parametrize(("name", "low", "high"), [("eps", 1e-4, 1.0), ("v", 0.0, 1e-6)])
def test_trap_float32_loses_x0_from_eps_at_cosines_end_and_not_from_v(
    name: str, low: float, high: float
) -> None:
    schedule = make_schedule("cosine", 1000)
    alpha, sigma = float(schedule.alpha[-1]), float(schedule.sigma[-1])
    x0, _ = round_trip(name, alpha, sigma, torch.float32)
    error = float((x0 - X0).abs().max())
    assert low <= error < high


def test_each_picture_of_a_batch_has_its_own_level() -> None:
    alpha = torch.tensor([0.9, 0.1], dtype=torch.float64)
    sigma = (1 - alpha**2).sqrt()
    pair = torch.cat([X0, EPS])
    for p in PARAMETRIZATIONS.values():
        both = p.solve(pair, pair.flip(3), alpha, sigma, SIGMA_DATA)
        for i in range(2):
            one = slice(i, i + 1)
            alone = p.solve(pair[one], pair[one].flip(3), alpha[one], sigma[one], SIGMA_DATA)
            for part, expected in zip(both, alone, strict=True):
                torch.testing.assert_close(part[one], expected)
