"""A network's parameters side by side in one vector: what is done to all of them, such as a step of
the optimiser, is then one operation instead of a hundred small ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn


def views(vector: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """The vector cut into views with the shapes, and the layouts in memory, of other tensors, which
    have as many numbers together."""
    parts = torch.split(vector, [tensor.numel() for tensor in like])
    return [
        part.as_strided(tensor.shape, tensor.stride())
        for part, tensor in zip(parts, like, strict=True)
    ]


@torch.no_grad()
def flatten_parameters(network: nn.Module) -> Tensor:
    """Move the parameters into one vector, (P,), of which they are views from then on.

    They keep their layouts, where PyTorch's `vector_to_parameters` would undo channels_last.
    """
    parameters = list(network.parameters())
    size = sum(parameter.numel() for parameter in parameters)
    vector = parameters[0].new_empty(size)
    for parameter, view in zip(parameters, views(vector, parameters), strict=True):
        parameter.data = view.copy_(parameter)
    return vector
