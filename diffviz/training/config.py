"""The settings of a training, and how it draws its noise levels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.schedules import SCHEDULES, make_schedule

LOG_NORMAL = "log-normal"
LEVELS = (LOG_NORMAL, *SCHEDULES)
MAX_RATIO = 1000.0  # of σ/α in training
BOUNDS = {
    "batch": (1, 4096),
    "images": (1, 10**9),
    "hours": (1e-6, 1000),
    "learning_rate": (1e-6, 0.1),
    "warmup_images": (1, 10**7),
    "p_mean": (-5, 5),
    "p_std": (0.1, 5),
    "condition_dropout": (0, 1),
    "slot_dropout": (0, 1),
    "ema_length": (0.01, 0.25),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True)
class TrainConfig:
    """How to train. Training ends at `images` or `hours`, whichever comes first; the learning rate
    falls to zero over it, along a cosine.

    levels: how a picture's noise level is drawn: "log-normal", or the name of a schedule, of which
    t is then uniform over 1..T.
    """

    parametrization: str = "edm"
    levels: str = LOG_NORMAL
    batch: int = 128
    images: int = 3_000_000
    hours: float = 3.0
    learning_rate: float = 2e-3
    warmup_images: int = 20_000
    # log(σ/α) ~ N(p_mean, p_std²), as in Karras et al. 2022, table 1, but wider: pixels of grey
    # clothes are far apart, and some schedules start from far more noise than EDM's.
    p_mean: float = -0.8
    p_std: float = 1.4
    condition_dropout: float = 0.1
    slot_dropout: float = 0.0
    ema_length: float = 0.05  # σ_rel: the width of the average, as a share of the training so far
    seed: int = 0

    def check(self) -> None:
        """Raises ValueError, in a sentence, for what is unknown or out of bounds."""
        for name, choices in (("parametrization", PARAMETRIZATIONS), ("levels", LEVELS)):
            if (value := getattr(self, name)) not in choices:
                raise ValueError(f"unknown {name} {value!r}; choose from {', '.join(choices)}")
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            if not low <= value <= high:  # NaN fails this too
                raise ValueError(f"{name} must be from {low:g} to {high:g}, not {value:g}")

    def ratio(self, quantile: Tensor) -> Tensor:
        """σ/α at these quantiles (0 to 1) of the distribution that training draws from."""
        if self.levels == LOG_NORMAL:
            normal = math.sqrt(2) * torch.erfinv(2 * quantile - 1)
            return torch.exp(self.p_mean + self.p_std * normal)
        schedule = make_schedule(self.levels)
        t = torch.ceil(quantile * schedule.T).long().clamp(1, schedule.T)
        # Without bound where a schedule ends in pure noise; there is no more to learn up there.
        return (schedule.sigma[t] / schedule.alpha[t]).clamp(max=MAX_RATIO)

    @property
    def ratio_range(self) -> tuple[float, float]:
        """Between which values of σ/α 99.8 % of training lies."""
        low, high = self.ratio(torch.tensor([0.001, 0.999], dtype=torch.float64)).tolist()
        return low, high
