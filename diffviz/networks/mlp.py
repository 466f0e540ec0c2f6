"""A small multilayer perceptron, for samples of a few numbers such as points in the plane."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self

import torch.nn.functional as F
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from diffviz.data.base import DataInfo
from diffviz.networks.base import STRICT, NetworkConfig, slots_of
from diffviz.networks.layers import NoiseEmbedding, Tables, zero

MAX_NUMBERS = 1024  # of a sample


@dataclass(frozen=True, config=STRICT)
class MLPConfig(NetworkConfig):
    """shape: of a sample. width: of every hidden layer. depth: how many residual blocks."""

    title: ClassVar[str] = "a multilayer perceptron"
    data_fields: ClassVar[tuple[str, ...]] = ("shape", "slots")
    data_weights: ClassVar[tuple[str, ...]] = ("slots.", "stem.", "head.")

    kind: Literal["mlp"] = "mlp"
    shape: Annotated[
        tuple[Annotated[int, Field(ge=1, le=MAX_NUMBERS)], ...], Field(max_length=4)
    ] = (2,)
    width: Annotated[int, Field(ge=4, le=1024)] = 128
    depth: Annotated[int, Field(ge=1, le=16)] = 3
    slots: Annotated[tuple[Annotated[int, Field(ge=1, le=10_000)], ...], Field(max_length=64)] = ()

    @classmethod
    def suited_to(cls, info: DataInfo) -> Self:
        return cls(shape=info.shape, slots=slots_of(info))

    def build(self) -> MLP:
        if math.prod(self.shape) > MAX_NUMBERS:
            raise ValueError(f"a sample for an mlp has at most {MAX_NUMBERS} numbers")
        return MLP(self)


class Block(nn.Module):
    """Norm, two linear layers, as a residual; the embedding scales and shifts the norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.modulation = nn.Linear(width, 2 * width)
        self.up = nn.Linear(width, 2 * width)
        self.down = zero(nn.Linear(2 * width, width))  # starts as the identity

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        scale, shift = self.modulation(embedding).chunk(2, dim=1)
        h = self.norm(x) * (1 + scale) + shift
        out: Tensor = x + self.down(F.silu(self.up(h)))
        return out


class MLP(nn.Module):
    """(x, noise_level, condition) → an output shaped like x; what it means is the
    parametrization's. x: (B, …), noise_level: (B,), condition: (B, slots), 0 for "not said"."""

    def __init__(self, config: MLPConfig) -> None:
        super().__init__()
        numbers, width = math.prod(config.shape), config.width
        self.noise = NoiseEmbedding(width)
        self.slots = Tables(config.slots, width)
        self.stem = nn.Linear(numbers, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width)
        self.head = zero(nn.Linear(width, numbers))

    def forward(self, x: Tensor, noise_level: Tensor, condition: Tensor) -> Tensor:
        embedding = self.noise(noise_level)
        if self.slots:
            embedding = embedding + self.slots(condition).sum(dim=1)
        embedding = F.silu(embedding)
        h = self.stem(x.flatten(1))
        for block in self.blocks:
            h = block(h, embedding)
        out: Tensor = self.head(F.silu(self.norm(h))).reshape(x.shape)
        return out
