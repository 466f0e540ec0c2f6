"""The exponential moving average of a network's weights, which is what gets sampled from."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from diffviz.networks import UNet


class PowerEMA:
    """An average whose window grows with training (Karras et al. 2024, "EDM2", equation 3):

        β(n) = (1 − 1/n)^(γ + 1),

    so that no half-life has to be chosen for a length of training. γ = 16.97 weighs the last
    tenth of it or so (σ_rel = 0.05).
    """

    def __init__(self, network: UNet, gamma: float = 16.97, updates: int = 0) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.gamma = gamma
        self.updates = updates

    @torch.no_grad()
    def update(self, network: UNet) -> None:
        """Take in the weights after one more step of training."""
        self.updates += 1
        beta = (1 - 1 / self.updates) ** (self.gamma + 1)
        averages: list[Tensor] = list(self.network.parameters())
        torch._foreach_lerp_(averages, list(network.parameters()), 1 - beta)
