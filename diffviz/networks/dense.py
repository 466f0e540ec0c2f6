"""A plain multilayer perceptron, the smallest network that learns a denoiser: for points in the
plane, where a browser evaluates it for a whole field at once."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

import torch
import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Generator, Tensor, nn

from diffviz.data.base import DataInfo
from diffviz.networks.base import STRICT, NetworkConfig, slots_of

MAX_NUMBERS = 64  # of a sample
GAIN = 1.7
WAVES = 4  # of the noise level; a cosine and a sine each


@dataclass(frozen=True, config=STRICT)
class DenseConfig(NetworkConfig):
    """shape: of a sample. width: of every hidden layer. depth: how many of them."""

    title: ClassVar[str] = "a plain multilayer perceptron"
    data_fields: ClassVar[tuple[str, ...]] = ("shape", "slots")
    data_weights: ClassVar[tuple[str, ...]] = ("layers.",)

    kind: Literal["dense"] = "dense"
    shape: Annotated[
        tuple[Annotated[int, Field(ge=1, le=MAX_NUMBERS)], ...], Field(max_length=4)
    ] = (2,)
    width: Annotated[int, Field(ge=4, le=256)] = 64
    depth: Annotated[int, Field(ge=1, le=8)] = 3
    slots: Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], Field(max_length=4)] = ()

    @classmethod
    def suited_to(cls, info: DataInfo) -> Self:
        return cls(shape=info.shape, slots=slots_of(info))

    def build(self) -> Dense:
        if math.prod(self.shape) > MAX_NUMBERS:
            raise ValueError(f"a sample for a dense network has at most {MAX_NUMBERS} numbers")
        return Dense(self)


class Dense(nn.Module):
    """(x, noise_level, condition) → an output shaped like x; what it means is the
    parametrization's. x: (B, …), noise_level: (B,), condition: (B, slots), 0 for "not said".

    The first layer sees x, the noise level c and cos, sin of πc, 2πc, … beside it, and for each
    value of each slot a 1 or a 0; SiLU between the layers.
    """

    turns: Tensor

    def __init__(self, config: DenseConfig) -> None:
        super().__init__()
        numbers = math.prod(config.shape)
        self.register_buffer("turns", math.pi * torch.arange(1.0, WAVES + 1), persistent=False)
        seen = numbers + 1 + 2 * WAVES + sum(config.slots)
        sizes = [seen, *[config.width] * config.depth]
        self.slots = config.slots
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))
        self.layers.append(nn.Linear(config.width, numbers))
        self.begin(None)

    @torch.no_grad()
    def begin(self, generator: Generator | None) -> None:
        """Weights at random, so that each layer passes on what it gets, and the last one nothing.

        SiLU leaves about a third of a unit variance, and PyTorch's own weights a third of that:
        after three layers there would be nothing left.
        """
        *hidden, last = self.layers
        for layer in hidden:
            weight, bias = layer.parameters()
            weight.normal_(std=GAIN / math.sqrt(weight.shape[1]), generator=generator)
            bias.zero_()
        for parameter in last.parameters():
            parameter.zero_()

    def forward(self, x: Tensor, noise_level: Tensor, condition: Tensor) -> Tensor:
        return self.answer(self.seen(x, noise_level, condition)).reshape(x.shape)

    def seen(self, x: Tensor, noise_level: Tensor, condition: Tensor) -> Tensor:
        """What the first layer sees, (B, numbers)."""
        level = noise_level.to(x.dtype)[:, None]
        angles = level * self.turns
        said = [
            F.one_hot(values, size + 1)[:, 1:].to(x.dtype)
            for values, size in zip(condition.unbind(1), self.slots, strict=True)
        ]
        return torch.cat([x.flatten(1), level, angles.cos(), angles.sin(), *said], dim=1)

    def answer(self, h: Tensor) -> Tensor:
        """The output for what is seen, flat."""
        for layer in self.layers[:-1]:
            h = F.silu(layer(h))
        out: Tensor = self.layers[-1](h)
        return out
