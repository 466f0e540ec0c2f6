"""Samplers against the truth: the exact end, and how fast each comes nearer to it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from diffviz.denoisers.base import Level, Prediction
from diffviz.denoisers.exact import GaussianDenoiser, MixtureDenoiser
from diffviz.measure.convergence import Run, slopes
from diffviz.measure.flow import flow
from diffviz.measure.plane_convergence import Convergence, ConvergenceSettings
from diffviz.training.points import PointsTraining, train_points

FINE = (64, 128, 256)
ORDERS = {"euler": 1, "ddim": 1, "heun": 2, "dpmpp-2m": 2, "unipc": 3}


def test_the_flow_of_a_gaussian_is_known() -> None:
    # A Gaussian's cloud keeps its form: x/std of x_t is a constant on each path.
    mean, std = torch.tensor([0.5, -1.0]).double(), 0.3
    denoiser = GaussianDenoiser(mean, std)
    x = torch.randn(20, 2, generator=torch.Generator().manual_seed(1)).double() * 80
    for end in ((1.0, 0.002), (0.6, 0.8)):
        spread = [math.hypot(alpha * std, sigma) for alpha, sigma in ((1.0, 80.0), end)]
        due = end[0] * mean + (x - mean) * spread[1] / spread[0]
        assert (flow(denoiser, x, (1.0, 80.0), end) - due).abs().max() < 1e-8
    u, nearly = x / 80, flow(denoiser, x / 80, (0.0, 1.0), (1.0, 1e-3))  # from no data at all
    assert (nearly - (mean + u * math.hypot(std, 1e-3))).abs().max() < 1e-8


def test_the_flow_of_a_mixture_is_another_integrator_s() -> None:
    # In numpy, in other variables: d(x/α)/d log(σ/α) = (σ/α)·ε̂, by Runge & Kutta's classical rule.
    means, std = np.array([[-1.0, 0.2], [0.8, 0.0], [0.1, 1.1]]), 0.15
    x = np.random.default_rng(2).normal(size=(30, 2)) * 20.0

    def slope(log_ratio: float, y: np.ndarray) -> np.ndarray:
        variance = std**2 + math.exp(2 * log_ratio)
        away = y[:, None] - means
        weight = np.exp(-(away**2).sum(2) / (2 * variance))
        weight /= weight.sum(1, keepdims=True)
        # ε̂·σ/α = y − x̂0 = (y − E[mean])·(σ/α)²/variance
        return (weight[:, :, None] * away).sum(1) * math.exp(2 * log_ratio) / variance

    y, (start, end), count = x.copy(), (math.log(20), math.log(0.01)), 4000
    h = (end - start) / count
    for k in range(count):
        at = start + k * h
        k1 = slope(at, y)
        k2 = slope(at + h / 2, y + h / 2 * k1)
        k3 = slope(at + h / 2, y + h / 2 * k2)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + slope(at + h, y + h * k3))
    denoiser = MixtureDenoiser(torch.from_numpy(means), std)
    found = flow(denoiser, torch.from_numpy(x), (1.0, 20.0), (1.0, 0.01))
    assert np.abs(found.numpy() - y).max() < 1e-8


def test_a_field_that_cannot_be_followed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Noisy:
        def __call__(
            self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
        ) -> Prediction:
            return Prediction(torch.randn_like(x), torch.randn_like(x))

    monkeypatch.setattr("diffviz.measure.flow.MOST_STEPS", 50)
    with pytest.raises(ValueError, match="too rough to follow"):
        flow(Noisy(), torch.zeros(3, 2).double(), (1.0, 1.0), (1.0, 0.1))


@pytest.mark.parametrize("data", ["eight", "moons"])
def test_each_sampler_has_the_order_that_it_says(data: str) -> None:
    settings = ConvergenceSettings(data=data, points=60, samplers=tuple(ORDERS), at=FINE, count=100)
    found = slopes(list(Convergence(settings).runs()))
    assert list(found) == list(ORDERS)
    for name, order in ORDERS.items():
        assert found[name] == pytest.approx(order, abs=0.2), name


def test_a_learned_denoiser_is_followed_in_doubles() -> None:
    *_, learned = train_points(PointsTraining(data="eight", updates=50, width=16, depth=1))
    settings = ConvergenceSettings(data="eight", denoiser="yours", at=FINE, samplers=("heun",))
    runs = list(Convergence(settings, learned.checkpoint).runs())
    assert slopes(runs)["heun"] == pytest.approx(2, abs=0.2)
    ready = ConvergenceSettings(data="moons", denoiser="learned", at=(64,), samplers=("unipc",))
    (one,) = Convergence(ready).runs()
    assert one.distance < 0.02
    assert next(learned.checkpoint.network.parameters()).dtype == torch.float32


def test_guidance_asks_for_its_class_exactly_too() -> None:
    settings = ConvergenceSettings(what="upper", guidance=2, points=40, at=FINE, samplers=("heun",))
    assert slopes(list(Convergence(settings).runs()))["heun"] == pytest.approx(2, abs=0.2)


def test_a_slope_is_of_the_finest_runs() -> None:
    runs = [Run("a", 2**k, 2**k, 1.0 if k < 3 else 5 * 2 ** (-2.0 * k)) for k in range(1, 9)]
    assert slopes(runs)["a"] == pytest.approx(2)
    assert slopes([Run("a", 8, 8, 0.0), Run("a", 16, 16, 0.1)]) == {}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"samplers": ("ddpm",)}, "draws noise on its way, and has no one end"),
        ({"samplers": ("magic",)}, "unknown sampler 'magic'; choose from ddim"),
        ({"samplers": ()}, "1 to 6 samplers can be compared"),
        ({"at": ()}, "at how many steps"),
        ({"at": (0,)}, "steps must be a whole number from 1 to 512, not 0"),
        ({"at": (200,), "T": 100}, "steps must be a whole number from 1 to 99, not 200"),
    ],
)
def test_what_cannot_be_compared_is_told(asked: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        ConvergenceSettings(**asked)


def test_too_much_is_told_in_a_sentence() -> None:
    settings = ConvergenceSettings(count=10_000, points=10_000)
    with pytest.raises(ValueError, match="more than one run may be; ask for fewer"):
        Convergence(settings)
