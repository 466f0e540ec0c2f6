"""A denoiser that something else evaluates: what it is asked, and how it is differentiated all the
same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from diffviz.denoisers.base import Level, Prediction, level
from diffviz.parametrization import per_image


class Answer(NamedTuple):
    """x0, eps: a prediction, like x. product: vᵀ·∂x̂0/∂x, where it was asked for."""

    x0: Tensor
    eps: Tensor
    product: Tensor | None = None

    def to(self, device: torch.device) -> Answer:
        product = None if self.product is None else self.product.to(device)
        return Answer(self.x0.to(device), self.eps.to(device), product)


class AskedDenoiser(ABC):
    """A denoiser whose network is elsewhere, with `slots` conditions.

    Autograd goes through it like any other, and then asks once more, for a vector-Jacobian product.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots

    @abstractmethod
    def ask(
        self, x: Tensor, alpha: Tensor, sigma: Tensor, condition: Tensor, v: Tensor | None = None
    ) -> Answer:
        """The prediction and, given a v like x, vᵀ·∂x̂0/∂x. x: (B, …); alpha, sigma: (B,) float64;
        condition: (B, slots). No gradients are kept of it."""

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        rows = self.rows(x, alpha, sigma, condition)
        if torch.is_grad_enabled() and x.requires_grad:
            x0, eps = Asked.apply(self, x, *rows)  # type: ignore[no-untyped-call]
            return Prediction(x0, eps)
        return Prediction(*self.ask(x.detach(), *rows)[:2])

    def vjp(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None, v: Tensor
    ) -> tuple[Prediction, Tensor]:
        """As denoisers.base.vjp, which comes here, in one request."""
        rows = self.rows(x, alpha, sigma, condition)
        x0, eps, product = self.ask(x.detach(), *rows, v.detach())
        assert product is not None
        return Prediction(x0, eps), product

    def rows(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        if condition is None:
            condition = torch.zeros(len(x), self.slots, dtype=torch.int64)
        return level(alpha, x), level(sigma, x), condition


class Asked(torch.autograd.Function):
    """(x̂0, ε̂) of an AskedDenoiser, whose gradient is asked for when it is wanted.

    With ε̂ = (x − α·x̂0)/σ: the gradient is (g_x0 − α/σ·g_eps)ᵀ·∂x̂0/∂x + g_eps/σ.
    """

    @staticmethod
    def forward(
        ctx: Any,
        denoiser: AskedDenoiser,
        x: Tensor,
        alpha: Tensor,
        sigma: Tensor,
        condition: Tensor,
    ) -> tuple[Tensor, Tensor]:
        ctx.denoiser = denoiser
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, alpha, sigma, condition)
        x0, eps, _ = denoiser.ask(x.detach(), alpha, sigma, condition)
        return x0, eps

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, by_x0: Tensor | None, by_eps: Tensor | None) -> tuple[Any, ...]:
        x, alpha, sigma, condition = ctx.saved_tensors
        by_x = torch.zeros_like(x)
        v = by_x if by_x0 is None else by_x0
        if by_eps is not None:
            by_x = by_eps / per_image(sigma, x)
            v = v - per_image(alpha, x) * by_x
        _, product = ctx.denoiser.vjp(x, alpha, sigma, condition, v)
        return None, by_x + product, None, None, None
