"""How large a network is in training: its weights, and what it keeps of a sample for gradients."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Sizes(NamedTuple):
    """weights: numbers that are trained. kept: numbers that are kept of each sample until its
    gradient, in float32."""

    weights: int
    kept: int


def counted(network: nn.Module, shape: tuple[int, ...], slots: int) -> Sizes:
    """By a look at one sample. (Of tensors on torch's meta device it would cost less, were it not
    that their arithmetic imports torch's compilers, for seconds.)"""
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    own = {weight.untyped_storage().data_ptr() for weight in network.parameters()}
    condition = torch.zeros(1, slots, dtype=torch.int64)
    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(torch.zeros(1, *shape), torch.zeros(1), condition)
    lengths = (t.untyped_storage().nbytes() for at, t in kept.items() if at not in own)
    return Sizes(sum(weight.numel() for weight in network.parameters()), sum(lengths) // 4)
