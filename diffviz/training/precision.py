"""Which numbers this machine's processor trains a network in fastest."""

from __future__ import annotations

import time
from functools import cache

import torch
import torch.nn.functional as F

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
    x = torch.ones(8, 128, 14, 14).to(memory_format=torch.channels_last).requires_grad_()
    weight = torch.ones(128, 128, 3, 3).to(memory_format=torch.channels_last).requires_grad_()
    started = time.perf_counter()
    with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        y = F.conv2d(x, weight, padding=1)
    torch.autograd.grad(y.sum(), (x, weight))
    return time.perf_counter() - started
