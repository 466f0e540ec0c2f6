"""The settings of a training, and how it draws its noise levels."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from torch import Tensor

from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.schedules import SCHEDULES, make_schedule
from diffviz.settings import Setting, Settings

LOG_NORMAL = "log-normal"
LEVELS = (LOG_NORMAL, *SCHEDULES)
MAX_RATIO = 1000.0  # of σ/α in training
PREDICTED = {
    "eps": "ε, the noise",
    "x0": "x0, the picture",
    "v": "v, between the two",
    "flow": "flow, ε − x0",
    "edm": "EDM: a mix of picture and noise",
}


def predicted() -> dict[str, str]:
    """name → label of what a network can predict."""
    return {name: PREDICTED.get(name, name) for name in PARAMETRIZATIONS}


def drawn_over() -> dict[str, str]:
    """name → label of how noise levels can be drawn."""
    return {LOG_NORMAL: "log-normal (EDM)", **{name: f"uniform in t, {name}" for name in SCHEDULES}}


class TrainConfig(Settings):
    """How to train. Training ends at `images` or `hours`, whichever comes first; the learning rate
    falls to zero over it, along a cosine.

    levels: how a picture's noise level is drawn: "log-normal", or the name of a schedule, of which
    t is then uniform over 1..T.
    """

    parametrization: Annotated[
        str,
        Setting(label="The network predicts", help="What the network predicts", choices=predicted),
    ] = "edm"
    levels: Annotated[
        str,
        Setting(
            label="Schedule of the noise levels",
            help="How noise levels are drawn: log-normal, or uniform in t over a schedule",
            choices=drawn_over,
        ),
    ] = LOG_NORMAL
    batch: Annotated[
        int,
        Setting(
            label="Batch",
            help="Pictures a step, in all processes together",
            minimum=1,
            maximum=4096,
            step=1,
        ),
    ] = 128
    images: Annotated[
        int,
        Setting(
            label="Pictures in all",
            help="End after so many pictures",
            minimum=1,
            maximum=10**9,
            step=1,
            hint=True,
        ),
    ] = 3_000_000
    hours: Annotated[
        float,
        Setting(
            label="Time limit",
            help="End after so many hours, if that is sooner",
            minimum=1e-6,
            maximum=1000,
            unit="hours",
        ),
    ] = 3.0
    learning_rate: Annotated[
        float,
        Setting(
            label="Learning rate",
            help="The highest, after the warm-up; it falls to zero along a cosine",
            minimum=1e-6,
            maximum=0.1,
        ),
    ] = 2e-3
    warmup_images: Annotated[
        int,
        Setting(
            label="Warm-up",
            help="Pictures over which the learning rate rises",
            minimum=1,
            maximum=10**7,
            step=1,
            unit="pictures",
            hint=True,
        ),
    ] = 20_000
    # log(σ/α) ~ N(p_mean, p_std²), as in Karras et al. 2022, table 1, but wider: pixels of grey
    # clothes are far apart, and some schedules start from far more noise than EDM's.
    p_mean: Annotated[
        float,
        Setting(
            label="Noise levels: mean",
            help="Mean of log(σ/α) in training",
            minimum=-5,
            maximum=5,
            step=0.1,
            hint=True,
        ),
    ] = -0.8
    p_std: Annotated[
        float,
        Setting(
            label="Noise levels: spread",
            help="Standard deviation of log(σ/α) in training",
            minimum=0.1,
            maximum=5,
            step=0.1,
            hint=True,
        ),
    ] = 1.4
    condition_dropout: Annotated[
        float,
        Setting(
            label="Condition dropout",
            help="Share of pictures trained without their condition, for guidance",
            minimum=0,
            maximum=1,
            step=0.01,
            hint=True,
        ),
    ] = 0.1
    slot_dropout: Annotated[
        float,
        Setting(
            label="Slot dropout",
            help="Share of the words of a condition left unsaid, each on its own",
            minimum=0,
            maximum=1,
            step=0.01,
            hint=True,
        ),
    ] = 0.0
    ema_length: Annotated[
        float,
        Setting(
            label="EMA: width of the average of the weights",
            help="A share of the training so far",
            minimum=0.01,
            maximum=0.25,
            hint=True,
        ),
    ] = 0.05  # σ_rel
    seed: Annotated[
        int,
        Setting(label="Seed", help="Of all random numbers", minimum=0, maximum=2**31 - 1, step=1),
    ] = 0

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
