"""The exponential moving average of a network's weights, which is what gets sampled from."""

from __future__ import annotations

import copy

import numpy as np
from torch import Tensor, nn

from diffviz.cpu.threads import Threads
from diffviz.cpu.vectors import flatten_parameters


class PowerEMA:
    """An average whose window grows with training (Karras et al. 2024, "EDM2", equation 3):

        β(n) = (1 − 1/n)^(γ + 1),

    so that no half-life has to be chosen for a length of training. length: the width σ_rel of the
    average, as a share of the training so far; 0.05 weighs the last tenth of it or so.
    """

    def __init__(self, network: nn.Module, length: float = 0.05, updates: int = 0) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.weights = flatten_parameters(self.network)
        self.gamma = gamma_of(length)
        self.updates = updates

    def update(self, weights: Tensor, threads: Threads) -> None:
        """Take in the weights after one more step of training, (P,)."""
        self.updates += 1
        beta = (1 - 1 / self.updates) ** (self.gamma + 1)
        threads.share(lambda average, new: average.lerp_(new, 1 - beta), self.weights, weights)


def gamma_of(length: float) -> float:
    """γ for a width σ_rel: σ_rel² = (γ + 1) / ((γ + 2)²·(γ + 3)), solved (algorithm 2 there)."""
    return float(np.roots([1, 7, 16 - length**-2, 12 - length**-2]).real.max())
