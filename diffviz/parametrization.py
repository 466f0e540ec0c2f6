"""What a network is asked to predict: eps, x0, v, flow or EDM's mix, one pair of coefficients each.

On the path x_t = α·x0 + σ·ε every usual target is linear in the two unknowns,

    F = p·x0 + q·ε,

so that (p, q) is all there is to a parametrization: solving it together with the path gives

    x0 = (q·x_t − σ·F) / (α·q − σ·p),        ε = (α·F − p·x_t) / (α·q − σ·p).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Coefficients = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Parametrization:
    """A training target F = p·x0 + q·ε.

    coefficients: (alpha, sigma, sigma_data) → (p, q), float64 tensors of one shape, which depend on
    the ratio of alpha and sigma alone, so that one network serves paths of any scale; sigma_data
    is the standard deviation of the data, which EDM's target depends on.
    """

    name: str
    label: str
    source: str
    coefficients: Callable[[Tensor, Tensor, float], Coefficients]

    def target(
        self, x0: Tensor, eps: Tensor, alpha: Tensor, sigma: Tensor, sigma_data: float
    ) -> Tensor:
        """F for the clean pictures x0 and the noise eps, both (B, …); alpha and sigma are (B,)."""
        p, q = self.coefficients(alpha, sigma, sigma_data)
        return per_image(p, x0) * x0 + per_image(q, eps) * eps

    def solve(
        self, x: Tensor, output: Tensor, alpha: Tensor, sigma: Tensor, sigma_data: float
    ) -> tuple[Tensor, Tensor]:
        """(x0, eps) from x_t and the network's output F, all (B, …); alpha and sigma are (B,).

        Where the target says nothing of x0 (eps at α = 0, zero-terminal SNR) or nothing of ε (x0
        at σ = 0) the result is not finite, as the mathematics has it.
        """
        p, q = self.coefficients(alpha, sigma, sigma_data)
        determinant = alpha * q - sigma * p
        x0 = per_image(q / determinant, x) * x - per_image(sigma / determinant, x) * output
        eps = per_image(alpha / determinant, x) * output - per_image(p / determinant, x) * x
        return x0, eps


def per_image(coefficient: Tensor, like: Tensor) -> Tensor:
    """A (B,) coefficient as it multiplies the (B, …) tensor `like`: its shape, type and device."""
    return beside(coefficient, like).reshape(-1, *[1] * (like.dim() - 1))


def beside(coefficient: Tensor, like: Tensor) -> Tensor:
    """The coefficient where `like` is, and of its type."""
    # A CUDA device takes so few numbers without being waited for.
    return coefficient.to(like.device, like.dtype, non_blocking=like.is_cuda)


def _eps(alpha: Tensor, sigma: Tensor, sigma_data: float) -> Coefficients:
    return torch.zeros_like(alpha), torch.ones_like(alpha)


def _x0(alpha: Tensor, sigma: Tensor, sigma_data: float) -> Coefficients:
    return torch.ones_like(alpha), torch.zeros_like(alpha)


def _v(alpha: Tensor, sigma: Tensor, sigma_data: float) -> Coefficients:
    # On the path scaled to α² + σ² = 1, as the paper's is: a network that is trained at α = 1
    # then means the same on every schedule.
    total = torch.hypot(alpha, sigma)
    return -sigma / total, alpha / total


def _flow(alpha: Tensor, sigma: Tensor, sigma_data: float) -> Coefficients:
    return -torch.ones_like(alpha), torch.ones_like(alpha)


def _edm(alpha: Tensor, sigma: Tensor, sigma_data: float) -> Coefficients:
    total = (sigma**2 + (alpha * sigma_data) ** 2).sqrt()
    return sigma / (sigma_data * total), -sigma_data * alpha / total


PARAMETRIZATIONS = {
    p.name: p
    for p in (
        Parametrization("eps", "noise ε", "Ho et al. 2020, eq. 14", _eps),
        Parametrization("x0", "picture x0", "Salimans & Ho 2022, section 4", _x0),
        Parametrization("v", "velocity v = αε − σx0", "Salimans & Ho 2022, appendix D", _v),
        Parametrization("flow", "flow ε − x0", "Liu et al. 2022, eq. 1", _flow),
        Parametrization("edm", "EDM's mix, unit variance", "Karras et al. 2022, table 1", _edm),
    )
}
