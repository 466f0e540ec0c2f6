"""Denoisers: exact ones against autograd and brute force, wrappers against their formulas."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from diffviz.denoisers.base import Denoiser, prediction_from_x0, vjp
from diffviz.denoisers.clipped import ClippedDenoiser
from diffviz.denoisers.exact import GaussianDenoiser, MixtureDenoiser
from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.parametrization import PARAMETRIZATIONS
from tests.oracles.networks import Constant, random_denoiser

CONDITION = torch.tensor([[1], [3]])


def randn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


MEANS = randn(4, 1, 2, 3, seed=1)
STDS = torch.tensor([0.2, 0.5, 0.05, 1.0], dtype=torch.float64)
WEIGHTS = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64)
CLASSES = torch.tensor([1, 2, 1, 3])


def log_density(x: Tensor, alpha: float, sigma: float, weights: Tensor = WEIGHTS) -> Tensor:
    """log p(x_t) of the mixture above, for each picture of x, from its definition."""
    variance = sigma**2 + (alpha * STDS) ** 2
    components = torch.distributions.Independent(
        torch.distributions.Normal(alpha * MEANS, variance.sqrt().reshape(-1, 1, 1, 1)), 3
    )
    mixture = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(weights), components
    )
    density: Tensor = mixture.log_prob(x)
    return density


LEVELS = [(1.0, 0.01), (0.8, 0.6), (1.0, 30.0), (0.1, 0.995), (0.0, 1.0)]


@pytest.mark.parametrize(("alpha", "sigma"), LEVELS)
def test_mixture_score_is_the_gradient_of_the_log_density(alpha: float, sigma: float) -> None:
    x = (alpha * MEANS[[0, 1, 2]] + sigma * randn(3, 1, 2, 3)).requires_grad_()
    (score,) = torch.autograd.grad(log_density(x, alpha, sigma).sum(), x)
    prediction = MixtureDenoiser(MEANS, STDS, WEIGHTS)(x.detach(), alpha, sigma)
    torch.testing.assert_close(-prediction.eps / sigma, score, rtol=1e-9, atol=1e-9)


def test_mixture_condition_leaves_the_components_of_a_class() -> None:
    x, alpha, sigma = randn(3, 1, 2, 3), 0.8, 0.6
    mixture = MixtureDenoiser(MEANS, STDS, WEIGHTS, CLASSES)
    condition = torch.tensor([[1], [0], [3]])
    prediction = mixture(x, alpha, sigma, condition)
    for i, wanted in enumerate((CLASSES == 1, CLASSES > 0, CLASSES == 3)):
        alone = MixtureDenoiser(MEANS[wanted], STDS[wanted], WEIGHTS[wanted])
        one = slice(i, i + 1)
        torch.testing.assert_close(prediction.x0[one], alone(x[one], alpha, sigma).x0)
    assert not torch.allclose(prediction.x0, mixture(x, alpha, sigma).x0)


def test_mixture_of_pictures_is_the_data_sets_optimal_denoiser() -> None:
    x, alpha, sigma = randn(5, 1, 2, 3), 0.9, 0.4
    distance = (x[:, None] - alpha * MEANS).square().sum((2, 3, 4))
    posterior = (-distance / (2 * sigma**2)).softmax(1)  # Karras et al. 2022, eq. 57
    expected = torch.einsum("bk,kchw->bchw", posterior, MEANS)
    torch.testing.assert_close(MixtureDenoiser(MEANS)(x, alpha, sigma).x0, expected)


def test_mixture_of_one_is_a_gaussian() -> None:
    x = randn(2, 1, 2, 3)
    one = MixtureDenoiser(MEANS[:1], STDS[:1])(x, 0.8, 0.6)
    torch.testing.assert_close(one, GaussianDenoiser(MEANS[0], STDS[0])(x, 0.8, 0.6))


def test_gaussian_denoiser_is_the_best_linear_guess() -> None:
    """E[x0 | x_t] = mean + cov(x0, x_t)/var(x_t)·(x_t − E[x_t])."""
    x, mean, std, alpha, sigma = randn(2, 1, 2, 3), 0.3, 0.5, 0.8, 0.6
    slope = alpha * std**2 / (alpha**2 * std**2 + sigma**2)
    expected = mean + slope * (x - alpha * mean)
    x0 = GaussianDenoiser(mean, std)(x, alpha, sigma).x0
    torch.testing.assert_close(x0, expected, rtol=1e-14, atol=1e-14)


DENOISERS: dict[str, Denoiser] = {
    "gaussian": GaussianDenoiser(torch.full((1, 8, 8), 0.3), 0.5),
    "mixture": MixtureDenoiser(randn(3, 1, 8, 8), 0.1, classes=torch.tensor([1, 2, 3])),
    "clipped": ClippedDenoiser(random_denoiser("v")),
    "guided": GuidedDenoiser(random_denoiser("v"), 3.0),
    **{name: random_denoiser(name) for name in PARAMETRIZATIONS},
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", DENOISERS)
@given(angle=st.floats(0.05, math.pi / 2 - 0.05), scale=st.floats(0.5, 2))
def test_every_prediction_agrees_with_its_state(
    name: str, dtype: torch.dtype, angle: float, scale: float
) -> None:
    alpha, sigma = scale * math.cos(angle), scale * math.sin(angle)
    x = randn(2, 1, 8, 8, dtype=dtype)
    x0, eps = DENOISERS[name](x, alpha, sigma, CONDITION)
    assert x0.dtype == eps.dtype == dtype
    tolerance = 1e-4 if dtype == torch.float32 else 1e-11
    torch.testing.assert_close(alpha * x0 + sigma * eps, x, rtol=0, atol=tolerance)
    for part in (x0, eps):
        assert not part.requires_grad
        assert not part.is_inference()


@pytest.mark.parametrize("name", DENOISERS)
def test_every_prediction_can_be_differentiated(name: str) -> None:
    """Against finite differences."""
    x, v, step = randn(2, 1, 8, 8), randn(2, 1, 8, 8, seed=1), randn(2, 1, 8, 8, seed=2)
    denoiser, h = DENOISERS[name], 1e-5 if name in ("gaussian", "mixture") else 1e-3
    prediction, product = vjp(denoiser, x, 0.8, 0.6, CONDITION, v)
    ahead, behind = (denoiser(x + side * step, 0.8, 0.6, CONDITION).x0 for side in (h, -h))
    difference = (v * (ahead - behind)).sum() / (2 * h)
    assert (product * step).sum().item() == pytest.approx(difference.item(), rel=1e-2, abs=1e-3)
    torch.testing.assert_close(prediction, denoiser(x, 0.8, 0.6, CONDITION), rtol=0, atol=1e-6)
    assert not product.requires_grad
    assert not prediction.x0.requires_grad
    assert x.grad is None


@pytest.mark.parametrize(("alpha", "sigma"), LEVELS)
def test_the_product_with_a_gaussians_jacobian_is_its_closed_form(
    alpha: float, sigma: float
) -> None:
    """∂x̂0/∂x = α·std²/(σ² + α²·std²), and for a mixture α/σ²·Cov[x0 | x_t], which is symmetric."""
    x, v, w = (randn(2, 1, 2, 3, seed=seed) for seed in range(3))
    slope = alpha * STDS[1] ** 2 / (sigma**2 + (alpha * STDS[1]) ** 2)
    for one in (GaussianDenoiser(MEANS[1], STDS[1]), MixtureDenoiser(MEANS[1:2], STDS[1:2])):
        _, product = vjp(one, x, alpha, sigma, None, v)
        torch.testing.assert_close(product, slope * v, rtol=1e-10, atol=1e-12)
    mixture = MixtureDenoiser(MEANS, STDS, WEIGHTS)
    one_way, other = (vjp(mixture, x, alpha, sigma, None, u)[1] for u in (v, w))
    torch.testing.assert_close((one_way * w).sum(), (other * v).sum(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", DENOISERS)
def test_a_level_for_each_picture_is_as_good_as_one_for_all(name: str) -> None:
    x = randn(2, 1, 8, 8)
    alpha = torch.tensor([0.9, 0.3], dtype=torch.float64)
    sigma = (1 - alpha**2).sqrt()
    both = DENOISERS[name](x, alpha, sigma, CONDITION)
    for i in range(2):
        one = slice(i, i + 1)
        alone = DENOISERS[name](x[one], float(alpha[i]), float(sigma[i]), CONDITION[one])
        torch.testing.assert_close(both.x0[one], alone.x0, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("parametrization", PARAMETRIZATIONS)
def test_learned_denoiser_depends_on_the_ratio_of_noise_to_picture_alone(
    parametrization: str,
) -> None:
    """One network for all schedules: D(c·x; c·α, c·σ) is the same guess for every c."""
    denoiser, x = random_denoiser(parametrization), randn(2, 1, 8, 8)
    one = denoiser(x, 0.6, 0.8, CONDITION)
    other = denoiser(5 * x, 3.0, 4.0, CONDITION)
    torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def test_learned_denoiser_shows_unit_variance_and_a_level_that_it_knows() -> None:
    seen = []

    class Recorder(torch.nn.Module):
        def forward(self, x: Tensor, noise_level: Tensor, condition: Tensor) -> Tensor:
            seen.append((x, noise_level, condition))
            return x

    edm = PARAMETRIZATIONS["edm"]
    denoiser = LearnedDenoiser(Recorder(), edm, sigma_data=0.5, min_ratio=0.01, max_ratio=100)
    for alpha, sigma, ratio in ((0.6, 0.8, 4 / 3), (1.0, 0.001, 0.01), (0.0, 1.0, 100.0)):
        x = math.hypot(alpha * 0.5, sigma) * randn(1, 1, 64, 64)
        denoiser(x, alpha, sigma)
        shown, level, condition = seen.pop()
        assert shown.std() == pytest.approx(1, abs=0.05)
        assert level.item() == pytest.approx(math.log(ratio) / 4)
        assert condition.shape == (1, 0)


def test_learned_denoiser_returns_what_a_perfect_network_knows() -> None:
    x0, eps = randn(2, 1, 8, 8), randn(2, 1, 8, 8, seed=1)
    levels = torch.full((2,), 0.6, dtype=torch.float64), torch.full((2,), 0.8, dtype=torch.float64)
    for p in PARAMETRIZATIONS.values():
        perfect = LearnedDenoiser(Constant(p.target(x0, eps, *levels, 0.5)), p, 0.5)
        prediction = perfect(0.6 * x0 + 0.8 * eps, 0.6, 0.8)
        torch.testing.assert_close(prediction, type(prediction)(x0, eps))


@pytest.mark.parametrize("scale", [0.0, 0.5, 1.0, 7.3])
def test_guidance_is_its_formula_in_eps_and_x0(scale: float) -> None:
    plain, x = DENOISERS["mixture"], randn(2, 1, 8, 8)
    without = plain(x, 0.8, 0.6, torch.zeros_like(CONDITION))
    conditional = plain(x, 0.8, 0.6, CONDITION)
    guided = GuidedDenoiser(plain, scale)(x, 0.8, 0.6, CONDITION)
    for part, a, b in zip(guided, without, conditional, strict=True):
        torch.testing.assert_close(part, a + scale * (b - a), rtol=1e-11, atol=1e-11)


def test_guidance_steers_away_from_the_negative_and_only_in_its_interval() -> None:
    plain, x = DENOISERS["mixture"], randn(2, 1, 8, 8)
    negative = torch.tensor([[2]])
    guided = GuidedDenoiser(plain, 4.0, negative, interval=(0.5, 1.0))
    alpha = torch.tensor([0.8, 0.6], dtype=torch.float64)  # σ/α is 0.75, and 1.33
    sigma = torch.tensor([0.6, 0.8], dtype=torch.float64)
    away, conditional = (plain(x, alpha, sigma, c).eps for c in (negative.expand(2, 1), CONDITION))
    eps = guided(x, alpha, sigma, CONDITION).eps
    torch.testing.assert_close(eps[0], away[0] + 4 * (conditional[0] - away[0]))
    torch.testing.assert_close(eps[1], conditional[1])


def test_guidance_without_a_condition_is_the_plain_denoiser() -> None:
    plain, x = DENOISERS["mixture"], randn(2, 1, 8, 8)
    torch.testing.assert_close(GuidedDenoiser(plain, 3.0)(x, 0.8, 0.6), plain(x, 0.8, 0.6))


def test_trap_clipping_x0_derives_eps_again() -> None:
    x, alpha, sigma = 3 * randn(2, 1, 8, 8), 0.8, 0.6
    plain, clipped = (d(x, alpha, sigma) for d in (_far_off, ClippedDenoiser(_far_off)))
    assert plain.x0.abs().max() > 1
    assert torch.equal(clipped.x0, plain.x0.clamp(-1, 1))
    torch.testing.assert_close(clipped.eps, (x - alpha * clipped.x0) / sigma)
    assert not torch.allclose(clipped.eps, plain.eps)


_far_off = GaussianDenoiser(1.5, 1.0)


def test_a_prediction_from_x0_lies_on_the_path() -> None:
    x, x0 = randn(2, 1, 2, 3), randn(2, 1, 2, 3, seed=1)
    prediction = prediction_from_x0(x, x0, 0.6, 0.8)
    torch.testing.assert_close(0.6 * prediction.x0 + 0.8 * prediction.eps, x)


def covariances(k: int, d: int, seed: int = 7) -> Tensor:
    """Those of any shape: long, flat and turned."""
    factors = randn(k, d, d, seed=seed)
    return factors @ factors.mT / d


@pytest.mark.parametrize(("alpha", "sigma"), LEVELS)
@pytest.mark.parametrize("shape", [(2,), (1, 2, 3)])
def test_full_covariances_give_the_gradient_of_the_log_density(
    shape: tuple[int, ...], alpha: float, sigma: float
) -> None:
    """x̂0 = (x_t + σ²·∇log p(x_t))/α (Tweedie's formula), and ε̂ = −σ·∇log p(x_t)."""
    means, d = randn(3, *shape, seed=1), math.prod(shape)
    spread, weights = covariances(3, d), torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    x = (alpha * means + sigma * randn(3, *shape)).requires_grad_()
    noisy = alpha**2 * spread + sigma**2 * torch.eye(d, dtype=torch.float64)
    density = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(weights),
        torch.distributions.MultivariateNormal(alpha * means.flatten(1), noisy),
    ).log_prob(x.flatten(1))
    (score,) = torch.autograd.grad(density.sum(), x)
    exact = MixtureDenoiser(means, weights=weights, covariances=spread)
    prediction = exact(x.detach(), alpha, sigma)
    torch.testing.assert_close(prediction.eps, -sigma * score, rtol=1e-9, atol=1e-9)
    if alpha:
        tweedie = (x.detach() + sigma**2 * score) / alpha
        torch.testing.assert_close(prediction.x0, tweedie, rtol=1e-7, atol=1e-7)


def test_round_covariances_are_stds() -> None:
    x, eye = randn(2, 1, 2, 3), torch.eye(6, dtype=torch.float64)
    full = MixtureDenoiser(MEANS, 0, WEIGHTS, CLASSES, STDS[:, None, None] ** 2 * eye)
    plain = MixtureDenoiser(MEANS, STDS, WEIGHTS, CLASSES)
    condition = torch.tensor([[1], [0]])
    torch.testing.assert_close(full(x, 0.8, 0.6, condition), plain(x, 0.8, 0.6, condition))
    assert full(x.float(), 0.8, 0.6).x0.dtype == torch.float32


@pytest.mark.parametrize(
    ("spread", "told"),
    [
        (torch.zeros(4, 3, 3), r"must be \(4, 6, 6\)"),
        (torch.ones(4, 6, 6).triu(), "symmetric"),
        (-torch.eye(6).expand(4, 6, 6), "positive in every direction"),
    ],
)
def test_what_is_no_covariance_is_told(spread: Tensor, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        MixtureDenoiser(MEANS, covariances=spread)
