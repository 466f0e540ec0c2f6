"""Exact denoisers: the ground truth, where the data's distribution is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from diffviz.denoisers.base import Level, Prediction, level, prediction_from_x0
from diffviz.device import widest_dtype
from diffviz.parametrization import per_image


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
        mean, variance = self.mean.to(x), self.std.to(x) ** 2
        x0 = (s**2 * mean + a * variance * x) / (s**2 + a**2 * variance)
        return prediction_from_x0(x, x0, alpha, sigma)


class Components(NamedTuple):
    """Those of a mixture, on one device."""

    flat: Tensor  # (K, D), the means
    squares: Tensor  # (K,), of the means' lengths
    variances: Tensor  # (K,); of full covariances (K, D), along their axes
    log_weights: Tensor  # (K,)
    classes: Tensor | None  # (K,)
    axes: Tensor | None  # (K, D, D), in columns, of full covariances

    def to(self, device: torch.device) -> Components:
        wide = widest_dtype(device)
        return Components(
            self.flat.to(device),
            self.squares.to(device, wide),
            self.variances.to(device, wide),
            self.log_weights.to(device, wide),
            None if self.classes is None else self.classes.to(device),
            None if self.axes is None else self.axes.to(device, wide),
        )


# log p(x_t | component), (B, K), up to a constant; and what averages E[x0 | x_t, component] by the
# components' posterior, (B, K) → (B, D).
Likelihood = tuple[Tensor, Callable[[Tensor], Tensor]]


class MixtureDenoiser:
    """The exact denoiser of a mixture of K Gaussians N(mean_k, Σ_k), by Bayes' rule.

    means: (K, …); weights: (K,). Σ_k is std_k², stds (K,), the same in all directions, or full:
    covariances (K, D, D), of the means' D numbers in their order. classes: (K,), the class of each
    component, from 1: a condition (B, 1) then restricts sample b to components of its class, 0 to
    none. Raises ValueError for covariances that are none.

    With std 0 and a data set's samples as means it is that data set's own optimal denoiser
    (Karras et al. 2022, appendix B.3): the minimum of the training loss, which can only copy.
    """

    def __init__(
        self,
        means: Tensor,
        stds: Tensor | float = 0.0,
        weights: Tensor | None = None,
        classes: Tensor | None = None,
        covariances: Tensor | None = None,
    ) -> None:
        flat, wide = means.flatten(1), widest_dtype(means.device)
        share = torch.ones(len(means)) if weights is None else weights
        variances = torch.as_tensor(stds, dtype=torch.float64).expand(len(means)) ** 2
        axes = None
        if covariances is not None:
            variances, axes = _axes(covariances, flat.shape)
        components = Components(
            flat, flat.to(wide).square().sum(1), variances, share.double().log(), classes, axes
        )
        self.components = {means.device: components.to(means.device)}

    def on(self, device: torch.device) -> Components:
        """The components there, moved once."""
        if device not in self.components:
            self.components[device] = next(iter(self.components.values())).to(device)
        return self.components[device]

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        parts = self.on(x.device)
        wide = parts.squares.dtype
        a, s = (level(value, x)[:, None].to(x.device, wide) for value in (alpha, sigma))  # (B, 1)
        likelihood = _isotropic if parts.axes is None else _anisotropic
        logits, average = likelihood(parts, x.flatten(1), a, s)
        logits = parts.log_weights + logits
        if condition is not None and parts.classes is not None:
            condition = condition.to(x.device)
            other = (condition != 0) & (condition != parts.classes)  # (B, 1), (K,) → (B, K)
            logits = logits.masked_fill(other, -torch.inf)
        x0 = average(logits.softmax(dim=1)).reshape(x.shape)
        return prediction_from_x0(x, x0, alpha, sigma)


def _isotropic(parts: Components, x: Tensor, a: Tensor, s: Tensor) -> Likelihood:
    """x: (B, D); a, s: (B, 1). x_t given component k is N(α·mean_k, σ² + α²·std_k²)."""
    means, wide = parts.flat.to(x.dtype), parts.squares.dtype
    variance = s**2 + a**2 * parts.variances  # (B, K)
    distance = (
        x.to(wide).square().sum(1, keepdim=True)
        - 2 * a * (x @ means.T).to(wide)
        + a**2 * parts.squares
    )
    gain = a * parts.variances / variance

    def average(posterior: Tensor) -> Tensor:
        # E[x0 | x_t, k] = mean_k + gain_k·(x_t − α·mean_k)
        x0 = (posterior * (1 - a * gain)).to(x.dtype) @ means
        return x0 + (posterior * gain).sum(1, keepdim=True).to(x.dtype) * x

    return -distance / (2 * variance) - 0.5 * x.shape[1] * variance.log(), average


def _anisotropic(parts: Components, x: Tensor, a: Tensor, s: Tensor) -> Likelihood:
    """The same with covariances U·diag(λ)·Uᵀ: along each axis of its own a component is a Gaussian
    by itself, N(α·mean, σ² + α²·λ)."""
    assert parts.axes is not None
    means, wide = parts.flat.to(parts.squares.dtype), parts.squares.dtype
    a, s = a[..., None], s[..., None]  # (B, 1, 1)
    along = torch.einsum("bkd,kde->bke", x.to(wide)[:, None] - a * means, parts.axes)
    variance = s**2 + a**2 * parts.variances  # (B, K, D)
    gain = a * parts.variances / variance

    def average(posterior: Tensor) -> Tensor:
        # E[x0 | x_t, k] = mean_k + U·gain_k·Uᵀ·(x_t − α·mean_k)
        weighted = posterior[..., None] * gain * along
        x0 = posterior @ means + torch.einsum("bke,kde->bd", weighted, parts.axes)
        return x0.to(x.dtype)

    return -0.5 * (along.square() / variance + variance.log()).sum(2), average


def _axes(covariances: Tensor, shape: torch.Size) -> tuple[Tensor, Tensor]:
    """Variances (K, D) along axes (K, D, D), of the covariances of means of that shape (K, D)."""
    if covariances.shape != (*shape, shape[1]):
        raise ValueError(
            f"covariances must be {(*shape, shape[1])}, not {tuple(covariances.shape)}"
        )
    wide = covariances.double()
    if not torch.allclose(wide, wide.mT):
        raise ValueError("a covariance is symmetric, and these are not")
    variances, axes = torch.linalg.eigh(wide)
    if (variances < -1e-9 * variances.abs().amax()).any():
        raise ValueError("a covariance is positive in every direction, and these are not")
    return variances.clamp(min=0), axes
