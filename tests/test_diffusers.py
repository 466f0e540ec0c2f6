"""The same pictures as `diffusers` makes, with one network, one grid and the same noise.

T = 1000 and 20 'leading' steps: the one grid on which all of these schedulers agree with what they
say. Their timestep t is our index t + 1. Their tables of ᾱ are float32 products, so ours take
their place.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.oracles.networks import random_denoiser
from torch import Generator, Tensor

from diffviz.denoisers import Prediction
from diffviz.samplers import sample
from diffviz.schedules import make_schedule

os.environ.setdefault("HF_HUB_OFFLINE", "1")
diffusers = pytest.importorskip("diffusers")

SCHEDULE = make_schedule("linear")
STEPS = 20
GRID = SCHEDULE.grid(STEPS, "leading")
SHAPE = (2, 1, 8, 8)
DENOISER = random_denoiser("v")
CONDITION = torch.tensor([[1], [0]])
COMMON = {"num_train_timesteps": 1000, "timestep_spacing": "leading", "steps_offset": 0}
EXACT_INPUT = {"clip_sample": False, "thresholding": False}
FLOAT64 = pytest.approx(0, abs=1e-12)


def denoise(x: Tensor, t: int) -> Prediction:
    alpha, sigma = float(SCHEDULE.alpha[t + 1]), float(SCHEDULE.sigma[t + 1])
    return DENOISER(x, alpha, sigma, CONDITION)


def scheduler(name: str, **config: Any) -> Any:
    made = getattr(diffusers, name)(**COMMON, **config)
    made.alphas_cumprod = SCHEDULE.alpha_bar[1:]
    if hasattr(made, "alpha_t"):  # what DPM-Solver and UniPC derive from it when they are made
        made.alpha_t, made.sigma_t = SCHEDULE.alpha[1:], SCHEDULE.sigma[1:]
        made.lambda_t = SCHEDULE.log_snr[1:] / 2
    made.set_timesteps(STEPS)
    assert sorted({int(t) for t in made.timesteps}, reverse=True) == [t - 1 for t in GRID[:-1]]
    return made


def their_sample(scheduler: Any, x: Tensor, **step: Any) -> Tensor:
    x = x * scheduler.init_noise_sigma / SCHEDULE.sigma[GRID[0]].to(x.dtype)
    if scheduler.init_noise_sigma == 1:
        x = x * SCHEDULE.sigma[GRID[0]].to(x.dtype)
    for t in scheduler.timesteps:
        model_input = scheduler.scale_model_input(x, t)
        x = scheduler.step(denoise(model_input, int(t)).eps, t, x, **step).prev_sample
    return x
