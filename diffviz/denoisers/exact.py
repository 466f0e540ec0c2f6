"""Exact denoisers: the ground truth, where the data's distribution is known."""

from __future__ import annotations

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
    variances: Tensor  # (K,)
    log_weights: Tensor  # (K,)
    classes: Tensor | None  # (K,)

    def to(self, device: torch.device) -> Components:
        wide = widest_dtype(device)
        return Components(
            self.flat.to(device),
            self.squares.to(device, wide),
            self.variances.to(device, wide),
            self.log_weights.to(device, wide),
            None if self.classes is None else self.classes.to(device),
        )


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
        flat, wide = means.flatten(1), widest_dtype(means.device)
        share = torch.ones(len(means)) if weights is None else weights
        components = Components(
            flat,
            flat.to(wide).square().sum(1),
            torch.as_tensor(stds, dtype=torch.float64).expand(len(means)) ** 2,
            share.double().log(),
            classes,
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
        means, squares, variances, log_weights, classes = self.on(x.device)
        wide = squares.dtype
        a, s = (level(value, x)[:, None].to(x.device, wide) for value in (alpha, sigma))  # (B, 1)
        flat = x.flatten(1)
        variance = s**2 + a**2 * variances  # (B, K): of x_t, given component k
        distance = (
            flat.to(wide).square().sum(1, keepdim=True)
            - 2 * a * (flat @ means.T.to(x.dtype)).to(wide)
            + a**2 * squares
        )
        logits = log_weights - distance / (2 * variance)
        logits = logits - 0.5 * flat.shape[1] * variance.log()
        if condition is not None and classes is not None:
            condition = condition.to(x.device)
            other = (condition != 0) & (condition != classes)  # (B, 1), (K,) → (B, K)
            logits = logits.masked_fill(other, -torch.inf)
        posterior = logits.softmax(dim=1)
        # E[x0 | x_t, k] = mean_k + gain_k·(x_t − α·mean_k), averaged over the components.
        gain = a * variances / variance
        x0 = (posterior * (1 - a * gain)).to(x.dtype) @ means.to(x.dtype)
        x0 = (x0 + (posterior * gain).sum(1, keepdim=True).to(x.dtype) * flat).reshape(x.shape)
        return prediction_from_x0(x, x0, alpha, sigma)
