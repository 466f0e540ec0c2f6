"""Moment matching posterior sampling (Rozet et al. 2024, "Learning diffusion priors …")."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from diffviz.denoisers.base import Denoiser, Level, Prediction, level, prediction_from_x0
from diffviz.guidance.measurement import Measurement, gain
from diffviz.parametrization import per_image

LEAST_NOISE = 1e-2  # of y: the linear system must have an answer where x_t is almost clean


class MMPS:
    """p(x0 | x_t) is taken for N(x̂0, V) with the covariance that the denoiser itself tells by its
    Jacobian, V = σ²/α·∂x̂0/∂x_t (section 4.1, eq. 16), so that

        x̂0' = x̂0 + V·Aᵀ·(A·V·Aᵀ + σ_y²)⁻¹·(y − A·x̂0).

    The system is solved by a few iterations of conjugate gradients, a vector-Jacobian product each.
    Exact for any Gaussian data, whose Jacobian is symmetric. iterations: of the solver.
    """

    def __init__(self, denoiser: Denoiser, measurement: Measurement, iterations: float = 3) -> None:
        self.denoiser = denoiser
        self.measurement = measurement
        self.iterations = int(iterations)

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        m, a, s = self.measurement, level(alpha, x), level(sigma, x)
        noise = max(m.noise, LEAST_NOISE) ** 2
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            x0 = self.denoiser(x, a, s, condition).x0

        def covariance(v: Tensor) -> Tensor:
            """V·v."""
            (product,) = torch.autograd.grad(x0, x, v, retain_graph=True)
            return gain(x, a, s) * product

        guess = x0.detach()

        def system(u: Tensor) -> Tensor:
            return m.operator(covariance(m.operator.adjoint(u))) + noise * u

        u = conjugate_gradients(system, m.residual(guess), self.iterations)
        x0_given_y = guess + covariance(m.operator.adjoint(u))
        return prediction_from_x0(x.detach(), x0_given_y, a, s)


def conjugate_gradients(system: Callable[[Tensor], Tensor], b: Tensor, iterations: int) -> Tensor:
    """Of a symmetric positive system (Hestenes & Stiefel 1952), from 0; each row of b on its
    own."""

    def dot(one: Tensor, other: Tensor) -> Tensor:
        return (one * other).flatten(1).sum(1)

    u, r = torch.zeros_like(b), b
    p, rr = r, dot(b, b)
    for _ in range(iterations):
        q = system(p)
        curvature = dot(p, q)
        # A network's Jacobian is symmetric only nearly: where a direction does not fit, stop there.
        step = torch.where((curvature > 0) & (rr > 0), rr / curvature, 0)
        u = u + per_image(step, u) * p
        r = r - per_image(step, r) * q
        before, rr = rr, dot(r, r)
        p = r + per_image(torch.where(before > 0, rr / before, 0), p) * p
    return u
