"""Numbers of fewer bits: whether this machine's processor trains in them faster, and the weights
that it does so with."""

from __future__ import annotations

import copy
import time
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffviz.cpu.vectors import views

CHOICES = (torch.float32, torch.bfloat16)
ROUNDS = 5


@cache
def fastest_dtype() -> torch.dtype:
    """bfloat16 or float32: measured once, in a fifth of a second.

    That a processor knows bfloat16 is not enough: some multiply it twice as fast as float32, others
    at two thirds of its speed.
    """
    times = [(convolution_seconds(dtype), dtype) for _ in range(ROUNDS) for dtype in CHOICES]
    return min(times, key=lambda pair: pair[0])[1]  # other work can only slow a round down


def convolution_seconds(dtype: torch.dtype) -> float:
    """What a convolution as in the U-Net takes under autocast, there and back."""
    x = torch.ones(2, 128, 14, 14).to(memory_format=torch.channels_last).requires_grad_()
    weight = torch.ones(128, 128, 3, 3).to(memory_format=torch.channels_last).requires_grad_()
    started = time.perf_counter()
    with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        y = F.conv2d(x, weight, padding=1)
    torch.autograd.grad(y.sum(), (x, weight))
    return time.perf_counter() - started


def rounded_twin(
    network: nn.Module, weights: Tensor, dtype: torch.dtype
) -> tuple[nn.Module, Tensor]:
    """The network again, to compute with while the first one keeps the exact weights; and a vector
    of them rounded, (P,), to be renewed after each step (Micikevicius et al. 2018, 3.1).

    In the twin those weights lie there that autocast would round, at each use and for each thread.
    The others it shares. weights: the vector in which the network's parameters lie.
    """
    twin, rounded = copy.deepcopy(network), weights.to(dtype)
    layers = [module for module in twin.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    round_these = {id(parameter) for layer in layers for parameter in layer.parameters()}
    parameters = list(network.parameters())
    places = zip(views(weights, parameters), views(rounded, parameters), strict=True)
    for parameter, (exact, near) in zip(twin.parameters(), places, strict=True):
        parameter.data = near if id(parameter) in round_these else exact
    return twin, rounded
