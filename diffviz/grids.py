"""Which of a schedule's T steps a sampler visits when it may take only a few.

Each spacing maps (log_snr, steps) to `steps` strictly falling indices from 1 to T; integers
throughout, because a float step (T/steps) rounds to one index too many, or one twice.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def _leading(log_snr: Tensor, steps: int) -> list[int]:
    """Ho et al. 2020's code: multiples of T // steps from below; T itself is not among them."""
    stride = (len(log_snr) - 1) // steps
    return [1 + k * stride for k in reversed(range(steps))]


def _trailing(log_snr: Tensor, steps: int) -> list[int]:
    """From T downwards in even strides (Lin et al. 2024, table 2)."""
    T = len(log_snr) - 1
    return [(2 * T * k + steps) // (2 * steps) for k in range(steps, 0, -1)]


def _linspace(log_snr: Tensor, steps: int) -> list[int]:
    """From T to 1, both included (Nichol & Dhariwal 2021)."""
    T = len(log_snr) - 1
    if steps == 1:
        return [T]
    gaps = steps - 1
    return [1 + (2 * (T - 1) * k + gaps) // (2 * gaps) for k in range(gaps, -1, -1)]


def _log_snr(log_snr: Tensor, steps: int) -> list[int]:
    """Even in log-SNR from T to 1, as DPM-Solver's authors advise (Lu et al. 2022, section 3.4)."""
    T = len(log_snr) - 1
    last = T if torch.isfinite(log_snr[T]) else T - 1  # −∞ has no even parts: visit it first
    count = steps - (T - last)
    targets = torch.linspace(float(log_snr[last]), float(log_snr[1]), count, dtype=torch.float64)
    indices = [] if last == T else [T]
    for target in targets.tolist():
        nearest = 1 + int((log_snr[1 : last + 1] - target).abs().argmin())
        latest = indices[-1] - 1 if indices else T
        indices.append(max(min(nearest, latest), steps - len(indices)))  # room for those to come
    return indices


SPACINGS: dict[str, Callable[[Tensor, int], list[int]]] = {
    "trailing": _trailing,
    "leading": _leading,
    "linspace": _linspace,
    "log-snr": _log_snr,
}
