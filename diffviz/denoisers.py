"""Denoisers: (x, alpha, sigma, condition) → the best guess of the picture and of its noise."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from diffviz.parametrization import Parametrization, per_image

Level = float | Tensor  # α or σ: one for all pictures, or one each, (B,)


class Prediction(NamedTuple):
    """What a denoiser sees in x_t = α·x0 + σ·ε; x = α·x0 + σ·eps holds for the guesses too."""

    x0: Tensor
    eps: Tensor


class Denoiser(Protocol):
    """x: (B, C, H, W); condition: (B, slots) int64 or None; both parts of the result are like x."""

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction: ...


class LearnedDenoiser:
    """A trained network as a denoiser, after EDM (Karras et al. 2022, section 5).

    The network sees x_t scaled to unit variance, x_t / √(σ² + α²σ_data²), and log(σ/α)/4. Neither
    depends on the schedule that led there, so one network serves them all.

    max_ratio, min_ratio: the range of σ/α that the network was trained on; beyond it the network
    is told the nearest that it knows.
    """

    def __init__(
        self,
        network: nn.Module,
        parametrization: Parametrization,
        sigma_data: float,
        min_ratio: float = 0.0,
        max_ratio: float = float("inf"),
    ) -> None:
        self.network = network
        self.parametrization = parametrization
        self.sigma_data = sigma_data
        self.min_ratio = min_ratio
        self.max_ratio = max_ratio

    def output(self, x: Tensor, alpha: Tensor, sigma: Tensor, condition: Tensor | None) -> Tensor:
        """The network's own output F for x (B, …), with float64 alpha and sigma (B,)."""
        c_in = (sigma**2 + (alpha * self.sigma_data) ** 2).rsqrt()
        noise_level = (sigma / alpha).clamp(self.min_ratio, self.max_ratio).log() / 4
        if condition is None:
            condition = torch.zeros(len(x), 0, dtype=torch.int64)
        output: Tensor = self.network(x * per_image(c_in, x), noise_level, condition)
        return output

    @torch.no_grad()
    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        alpha, sigma = level(alpha, x), level(sigma, x)
        output = self.output(x.float(), alpha, sigma, condition).to(x.dtype)
        return Prediction(*self.parametrization.solve(x, output, alpha, sigma, self.sigma_data))


def level(value: Level, x: Tensor) -> Tensor:
    """α or σ as a float64 tensor with an entry for each picture of x."""
    return torch.as_tensor(value, dtype=torch.float64).expand(len(x))


class GuidedDenoiser:
    """Classifier-free guidance (Ho & Salimans 2022, eq. 6, with w + 1 written as `scale`):

        ε̂ = ε̂(negative) + scale·(ε̂(condition) − ε̂(negative))

    scale 1 is plain conditional sampling, 0 ignores the condition, more than 1 exaggerates it; one
    number, or one for each picture (B,).
    negative: what to steer away from, (B, slots) or (1, slots); "nothing said" by default.
    interval: the values of σ/α at which guidance acts; elsewhere the plain conditional prediction
    stands (Kynkäänniemi et al. 2024). One batch of 2B goes through the network.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        scale: float | Tensor,
        negative: Tensor | None = None,
        interval: tuple[float, float] = (0.0, float("inf")),
    ) -> None:
        self.denoiser = denoiser
        self.scale = torch.as_tensor(scale, dtype=torch.float64)
        self.negative = negative
        self.interval = interval

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        alpha, sigma = level(alpha, x), level(sigma, x)
        ratio = sigma / alpha
        acts = (ratio >= self.interval[0]) & (ratio <= self.interval[1])
        if condition is None or (self.scale == 1).all() or not acts.any():
            return self.denoiser(x, alpha, sigma, condition)
        negative = torch.zeros_like(condition) if self.negative is None else self.negative
        with_and_without = torch.cat([condition, negative.expand_as(condition)])
        both = self.denoiser(
            torch.cat([x, x]), torch.cat([alpha] * 2), torch.cat([sigma] * 2), with_and_without
        )
        scale = per_image(1 + acts.double() * (self.scale - 1), x)
        x0, eps = (
            plain + scale * (conditional - plain)
            for conditional, plain in (part.chunk(2) for part in both)
        )
        return Prediction(x0, eps)


class ClippedDenoiser:
    """Another denoiser whose x̂0 is clipped to −1..1 and whose ε̂ is derived again from that, so
    that the two still agree with x_t."""

    def __init__(self, denoiser: Denoiser) -> None:
        self.denoiser = denoiser

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        x0 = self.denoiser(x, alpha, sigma, condition).x0.clamp(-1, 1)
        return prediction_from_x0(x, x0, alpha, sigma)


class GaussianDenoiser:
    """The exact denoiser of data drawn from N(mean, std²), each pixel on its own.

    E[x0 | x_t] = (σ²·mean + α·std²·x_t) / (σ² + α²·std²).
    """

    def __init__(self, mean: Tensor | float, std: Tensor | float) -> None:
        self.mean = torch.as_tensor(mean, dtype=torch.float64)
        self.std = torch.as_tensor(std, dtype=torch.float64)

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        a, s = per_image(level(alpha, x), x), per_image(level(sigma, x), x)
        mean, variance = self.mean.to(x.dtype), self.std.to(x.dtype) ** 2
        x0 = (s**2 * mean + a * variance * x) / (s**2 + a**2 * variance)
        return prediction_from_x0(x, x0, alpha, sigma)


class MixtureDenoiser:
    """The exact denoiser of a mixture of K Gaussians N(mean_k, std_k²), by Bayes' rule.

    means: (K, C, H, W); stds, weights: (K,). classes: (K,), the class of each component, from 1:
    a condition (B, 1) then restricts picture b to components of its class, 0 to none.

    With std 0 and a data set's pictures as means it is that data set's own optimal denoiser
    (Karras et al. 2022, appendix B.3): the minimum of the training loss, which can only copy.
    """

    def __init__(
        self,
        means: Tensor,
        stds: Tensor | float = 0.0,
        weights: Tensor | None = None,
        classes: Tensor | None = None,
    ) -> None:
        self.means = means
        self.flat = means.flatten(1)  # (K, D)
        self.squares = self.flat.double().square().sum(1)  # (K,)
        self.variances = torch.as_tensor(stds, dtype=torch.float64).expand(len(means)) ** 2
        share = torch.ones(len(means)) if weights is None else weights
        self.log_weights = share.double().log()
        self.classes = classes

    @torch.no_grad()
    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        a, s = level(alpha, x)[:, None], level(sigma, x)[:, None]  # (B, 1)
        flat = x.flatten(1)
        variance = s**2 + a**2 * self.variances  # (B, K): of x_t, given component k
        distance = (
            flat.double().square().sum(1, keepdim=True)
            - 2 * a * (flat @ self.flat.T.to(x.dtype)).double()
            + a**2 * self.squares
        )
        logits = self.log_weights - distance / (2 * variance)
        logits = logits - 0.5 * flat.shape[1] * variance.log()
        if condition is not None and self.classes is not None:
            other = (condition != 0) & (condition != self.classes)  # (B, 1), (K,) → (B, K)
            logits = logits.masked_fill(other, -torch.inf)
        posterior = logits.softmax(dim=1)
        # E[x0 | x_t, k] = mean_k + gain_k·(x_t − α·mean_k), averaged over the components.
        gain = a * self.variances / variance
        x0 = (posterior * (1 - a * gain)).to(x.dtype) @ self.flat.to(x.dtype)
        x0 = (x0 + (posterior * gain).sum(1, keepdim=True).to(x.dtype) * flat).reshape(x.shape)
        return prediction_from_x0(x, x0, alpha, sigma)


def prediction_from_x0(x: Tensor, x0: Tensor, alpha: Level, sigma: Level) -> Prediction:
    """The prediction with that x̂0, and with ε̂ = (x_t − α·x̂0)/σ."""
    a, s = per_image(level(alpha, x), x), per_image(level(sigma, x), x)
    return Prediction(x0, (x - a * x0) / s)
