"""Posterior sampling, against Gaussian data, of which p(x0 | x_t, y) is known in closed form."""

from __future__ import annotations

import pytest
import torch
from torch import Generator, Tensor

from diffviz.denoisers.base import Denoiser, Level, Prediction, level, prediction_from_x0
from diffviz.forward import SeededNoise
from diffviz.guidance.measurement import Measurement
from diffviz.guidance.methods import METHODS, condition_on
from diffviz.guidance.mmps import conjugate_gradients
from diffviz.guidance.operators import (
    BlockMean,
    Blur,
    Grey,
    Identity,
    LinearOperator,
    Mask,
    gaussian_kernel,
)
from diffviz.samplers import sample
from diffviz.schedules import make_schedule

SHAPE = (3, 4, 6)
DIM = 72
MEAN = 0.2


class Correlated:
    """The exact denoiser of N(MEAN, covariance) over whole pictures, (D, D) float64."""

    def __init__(self, covariance: Tensor) -> None:
        self.covariance = covariance

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        a, s = level(alpha, x)[:, None, None], level(sigma, x)[:, None, None]
        total = a**2 * self.covariance + s**2 * torch.eye(DIM, dtype=torch.float64)
        centred = (x.flatten(1) - a[:, 0] * MEAN)[..., None].double()
        x0 = MEAN + a[:, 0] * (self.covariance @ torch.linalg.solve(total, centred))[..., 0]
        return prediction_from_x0(x, x0.reshape(x.shape).to(x.dtype), alpha, sigma)


def smooth(length: float, std: float = 0.5) -> Tensor:
    """A covariance that falls with the distance of pixels; all colours are alike but for a
    tenth."""
    rows, columns = torch.meshgrid(torch.arange(4.0), torch.arange(6.0), indexing="ij")
    places = torch.stack([rows.flatten(), columns.flatten()], 1).double()
    near = torch.exp(-torch.cdist(places, places).square() / (2 * length**2))
    colours = 0.9 * torch.ones(3, 3, dtype=torch.float64) + 0.1 * torch.eye(3, dtype=torch.float64)
    return std**2 * torch.kron(colours, near) + 1e-4 * torch.eye(DIM, dtype=torch.float64)


ISOTROPIC = 0.25 * torch.eye(DIM, dtype=torch.float64)


def hole() -> Mask:
    kept = torch.ones(SHAPE[1:])
    kept[1:3, 2:5] = 0
    return Mask(kept)


OPERATORS: dict[str, LinearOperator] = {
    "identity": Identity(),
    "mask": hole(),
    "blocks": BlockMean(2),
    "grey": Grey(),
    "blur": Blur(gaussian_kernel(0.6)[1:-1, 1:-1]),
}


def draw(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


def matrix(operator: LinearOperator) -> Tensor:
    """(numbers measured, DIM); rows of zeros for the hole."""
    basis = torch.eye(DIM, dtype=torch.float64).reshape(DIM, *SHAPE)
    return operator(basis).flatten(1).T


def posterior(
    covariance: Tensor, A: Tensor, y: Tensor, noise: float, x: Tensor, a: float, s: float
) -> tuple[Tensor, Tensor]:
    """Mean and covariance of p(x0 | x_t, y), from precisions; a = 0, s = 1 leaves x_t out."""
    precision = torch.linalg.inv(covariance)
    total = precision + (a / s) ** 2 * torch.eye(DIM, dtype=torch.float64) + A.T @ A / noise**2
    right = precision.sum(1) * MEAN + a / s**2 * x.flatten() + A.T @ y.flatten() / noise**2
    return torch.linalg.solve(total, right), torch.linalg.inv(total)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("method", ["ddnm", "pigdm", "mmps"])
@pytest.mark.parametrize("ratio", [0.05, 0.4, 10.0])
def test_methods_are_exact_for_isotropic_gaussian_data(
    method: str, name: str, ratio: float
) -> None:
    operator, noise, alpha = OPERATORS[name], 0.1, 0.7
    sigma = alpha * ratio
    x0 = MEAN + 0.5 * draw(1, 1, *SHAPE)
    x = alpha * x0 + sigma * draw(2, 1, *SHAPE)
    y = operator(x0 + noise * draw(3, 1, *SHAPE))
    denoiser = Correlated(ISOTROPIC)
    parameters = {"iterations": 10.0} if method == "mmps" else {}
    guided = condition_on(denoiser, Measurement(operator, y, noise, 0.5), method, **parameters)
    seen = guided(x, alpha, sigma)
    mean, _ = posterior(ISOTROPIC, matrix(operator), y, noise, x, alpha, sigma)
    assert torch.allclose(seen.x0.flatten(), mean, atol=2e-4 if name == "blur" else 1e-6)
    assert torch.allclose(alpha * seen.x0 + sigma * seen.eps, x, atol=1e-9)


@pytest.mark.parametrize("name", ["mask", "blocks", "grey"])
def test_moment_matching_is_exact_for_any_gaussian(name: str) -> None:
    operator, noise, alpha, sigma, covariance = OPERATORS[name], 0.2, 0.8, 0.5, smooth(1.5)
    x0 = MEAN + torch.linalg.cholesky(covariance) @ draw(1, DIM)
    x0 = x0.reshape(1, *SHAPE)
    x = alpha * x0 + sigma * draw(2, 1, *SHAPE)
    y = operator(x0 + noise * draw(3, 1, *SHAPE))
    measurement = Measurement(operator, y, noise, 0.5)
    mean, _ = posterior(covariance, matrix(operator), y, noise, x, alpha, sigma)

    def error(method: str, **parameters: float) -> float:
        guided = condition_on(Correlated(covariance), measurement, method, **parameters)
        return float((guided(x, alpha, sigma).x0.flatten() - mean).norm() / mean.norm())

    assert error("mmps", iterations=10) < 2e-3
    # Those that take all pixels for independent are farther, and the plain guess is farthest.
    plain = (Correlated(covariance)(x, alpha, sigma).x0.flatten() - mean).norm() / mean.norm()
    assert error("mmps", iterations=10) < error("pigdm") < float(plain)


def filled(method: str, count: int = 128, steps: int = 40, **parameters: float) -> Tensor:
    """Samples of what is in the hole of a smooth picture, (count, D)."""
    covariance = smooth(1.5)
    x0 = (MEAN + torch.linalg.cholesky(covariance) @ draw(5, DIM)).reshape(1, *SHAPE)
    operator = hole()
    measurement = Measurement(operator, operator(x0), 0.02, 0.5)
    guided = condition_on(Correlated(covariance), measurement, method, **parameters)
    schedule = make_schedule("cosine")
    noise = SeededNoise(range(count), SHAPE)
    *_, last = sample(guided, schedule, schedule.grid(steps), noise, "ddpm")
    return last.x.flatten(1).double()


@pytest.mark.parametrize("method", METHODS)
def test_each_method_fills_a_hole_from_what_is_around_it(method: str) -> None:
    covariance = smooth(1.5)
    x0 = MEAN + torch.linalg.cholesky(covariance) @ draw(5, DIM)
    A = matrix(hole())
    outside = A.diagonal() > 0
    mean, rest = posterior(covariance, A, A @ x0, 0.02, x0, 0.0, 1.0)
    samples = filled(method)
    assert (samples[:, outside] - x0[outside]).abs().mean() < 0.1
    inside = samples[:, ~outside]
    prior = (MEAN - mean[~outside]).norm()
    # Methods that take pixels for independent are off where, as here, they hang together.
    share = 0.2 if method == "mmps" else 0.8
    assert (inside.mean(0) - mean[~outside]).norm() < share * prior
    std = rest.diagonal()[~outside].sqrt()
    assert 0.3 < float((inside.std(0) / std).mean()) < 4


def test_moment_matching_samples_the_posterior() -> None:
    covariance = smooth(1.5)
    x0 = MEAN + torch.linalg.cholesky(covariance) @ draw(5, DIM)
    A = matrix(hole())
    inside = A.diagonal() == 0
    mean, rest = posterior(covariance, A, A @ x0, 0.02, x0, 0.0, 1.0)
    samples = filled("mmps", count=256, steps=60, iterations=6)[:, inside]
    std = rest.diagonal()[inside].sqrt()
    assert ((samples.mean(0) - mean[inside]) / std).abs().max() < 0.5
    assert 0.7 < float((samples.std(0) / std).mean()) < 1.3


def test_conjugate_gradients_solve_each_row() -> None:
    a = draw(1, 2, 5, 5)
    positive = a @ a.mT + torch.eye(5, dtype=torch.float64)
    b = draw(2, 2, 5)
    found = conjugate_gradients(lambda u: (positive @ u[..., None])[..., 0], b, 5)
    assert torch.allclose(found, torch.linalg.solve(positive, b), atol=1e-8)
    assert conjugate_gradients(lambda u: u, torch.zeros(1, 3), 4).abs().max() == 0


class Counted:
    """Counts what a method asks of a denoiser: evaluations, and gradients through them."""

    def __init__(self, denoiser: Denoiser) -> None:
        self.denoiser = denoiser
        self.evaluations = self.gradients = 0

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        self.evaluations += 1
        seen = self.denoiser(x, alpha, sigma, condition)
        if seen.x0.requires_grad:
            seen.x0.register_hook(self._count)
        return seen

    def _count(self, gradient: Tensor) -> None:
        self.gradients += 1


@pytest.mark.parametrize("method", METHODS)
def test_a_method_costs_what_it_says(method: str) -> None:
    counted = Counted(Correlated(ISOTROPIC))
    guided = condition_on(counted, Measurement(hole(), hole()(draw(1, 1, *SHAPE)), 0.05), method)
    guided(draw(2, 1, *SHAPE), 0.6, 0.8)
    # A gradient counts for two evaluations; moment matching takes one more, for the last product.
    assert counted.evaluations + 2 * counted.gradients == METHODS[method].cost()
    assert bool(counted.gradients) == METHODS[method].gradients


def test_what_cannot_be_gets_a_sentence() -> None:
    denoiser = Correlated(ISOTROPIC)
    grey = Measurement(Grey(), Grey()(draw(1, 1, *SHAPE)))
    with pytest.raises(ValueError, match="unknown method 'magic'; choose from ddnm, diffpir"):
        condition_on(denoiser, grey, "magic")
    with pytest.raises(ValueError, match="has no parameter strength"):
        condition_on(denoiser, grey, "pigdm", strength=2)
    with pytest.raises(ValueError, match="must be a number from 1 to 10, not 0"):
        condition_on(denoiser, grey, "mmps", iterations=0)
    with pytest.raises(ValueError, match="RePaint fills holes"):
        condition_on(denoiser, grey, "repaint")
