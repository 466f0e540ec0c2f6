"""What networks of several kinds are made of."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from itertools import accumulate
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

Layer = TypeVar("Layer", bound=nn.Module)


class Uninitialised(TorchFunctionMode):
    """Within it networks are built without first values, for weights that are loaded after; those
    of PyTorch's layers take long, and on "meta" they load its compiler, which takes seconds."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Collection[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == nn.init.__name__:
            return kwargs["tensor"] if "tensor" in kwargs else args[0]
        return func(*args, **kwargs)


class NoiseEmbedding(nn.Module):
    """Sines and cosines of the noise level, log(σ/α)/4, through a small MLP. (B,) → (B, dim)."""

    frequencies: Tensor

    def __init__(self, dim: int, features: int = 64) -> None:
        super().__init__()
        # From a quarter to sixteen turns a unit; the noise level takes values from about −2 to 2.
        # On the CPU first: on "meta" these operations would load PyTorch's compiler.
        octaves = torch.logspace(0, 6, features // 2, base=2.0, device="cpu")
        frequencies = torch.tensor((math.pi / 2 * octaves).tolist())
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.mlp = nn.Sequential(nn.Linear(features, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, noise_level: Tensor) -> Tensor:
        angles = noise_level.float()[:, None] * self.frequencies
        embedded: Tensor = self.mlp(torch.cat([angles.cos(), angles.sin()], dim=1))
        return embedded


class Tables(nn.ModuleList):
    """Embeddings of slots, one table a slot; all are looked up by one operation instead of a dozen.

    (B, slots) integers, of each slot up to its size, → (B, slots, dim)
    """

    starts: Tensor

    def __init__(self, sizes: Sequence[int], dim: int) -> None:
        super().__init__(nn.Embedding(size + 1, dim) for size in sizes)
        starts = torch.tensor([0, *accumulate(size + 1 for size in sizes[:-1])], device="cpu")
        self.register_buffer("starts", starts[: len(sizes)], persistent=False)

    def forward(self, condition: Tensor) -> Tensor:
        return F.embedding(condition + self.starts, torch.cat(tuple(self.parameters())))


def zero(layer: Layer) -> Layer:
    """The layer with weight and bias 0, so that what it ends contributes nothing at first."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
