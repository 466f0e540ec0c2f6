"""What a step costs in pixels and in latents: the same network at both sizes, measured here."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from diffviz.autoencoders import Autoencoder
from diffviz.checkpoints import Checkpoint
from diffviz.device import send
from diffviz.measure.bench import seconds

REPEATS, SLOW_REPEATS = 5, 1  # of an evaluation, the median of which counts


@dataclass(frozen=True)
class Cost:
    """Of a sample's numbers, `shape`: milliseconds of one evaluation by a network of so many
    weights."""

    space: str
    shape: tuple[int, ...]
    milliseconds: float
    weights: int

    @property
    def numbers(self) -> int:
        return math.prod(self.shape)


@torch.no_grad()
def costs(checkpoint: Checkpoint, autoencoder: Autoencoder) -> tuple[Cost, Cost]:
    """Of pictures and of their latents. In pixels the network has the same channels and blocks, and
    no self-attention, whose cost would grow as the square of the pixels: there it is cheaper than
    it would be. Its weights are random, which changes no time."""
    info = checkpoint.card.data
    pixels = autoencoder.card.data.shape
    channels, height, width = pixels
    config = checkpoint.card.network.changed(
        {"image_size": (height, width), "image_channels": channels}
    )
    twin = config.build().requires_grad_(False).eval()
    if hasattr(twin, "attention"):
        twin.attention = nn.Identity()
    twin.to(checkpoint.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    nothing = torch.zeros(1, info.columns, dtype=torch.int64)

    def cost(space: str, network: nn.Module, shape: tuple[int, ...], repeats: int) -> Cost:
        device = checkpoint.device
        x, level = torch.zeros(1, *shape, device=device), torch.zeros(1, device=device)
        condition = send(nothing, device)

        def evaluation() -> Tensor:
            out: Tensor = network(x, level, condition)
            return out

        spent = 1e3 * seconds(evaluation, repeats, device)
        return Cost(space, shape, spent, sum(p.numel() for p in network.parameters()))

    return (
        cost("pixels", twin, pixels, SLOW_REPEATS),
        cost("latents", checkpoint.network, info.shape, REPEATS),
    )
