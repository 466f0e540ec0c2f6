"""The same pictures as `diffusers` makes, with one network, one grid and the same noise.

T = 1000 and 20 'trailing' steps is a grid that all of its schedulers agree on; their timestep t is
our index t + 1. Their tables of ᾱ are products in float32, so ours take their place.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Generator, Tensor

from diffviz.samplers import sample
from diffviz.schedules import make_schedule
from tests.oracles.networks import random_denoiser

diffusers = pytest.importorskip("diffusers")
pytestmark = pytest.mark.filterwarnings(  # numpy's, of diffusers' np.array(tensor)
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

SCHEDULE = make_schedule("linear")
GRID = SCHEDULE.grid(20, "trailing")
CONDITION = torch.tensor([[1], [0]])
DENOISER = random_denoiser("v")
X_T = torch.randn(2, 1, 8, 8, generator=Generator().manual_seed(0), dtype=torch.float64)


class Noise:
    """The draws of one seed, for both sides alike."""

    def __init__(self) -> None:
        self.generator = Generator().manual_seed(1)

    def __call__(self) -> Tensor:
        return torch.randn(X_T.shape, generator=self.generator, dtype=X_T.dtype)


def their_states(
    name: str, step: Callable[[Noise], dict[str, Any]], **config: Any
) -> Iterator[Tensor]:
    """x_T and what each step of theirs makes of it, as the network sees it: at α² + σ² = 1."""
    scheduler = getattr(diffusers, name)(
        num_train_timesteps=1000, timestep_spacing="trailing", steps_offset=0, **config
    )
    scheduler.alphas_cumprod = SCHEDULE.alpha_bar[1:]
    scheduler.set_timesteps(20)
    assert [int(t) + 1 for t in dict.fromkeys(scheduler.timesteps.tolist())] == GRID[:-1]
    noise = Noise()
    # Euler and Heun hold x/α.
    x = X_T / SCHEDULE.alpha[-1] if name in ("EulerDiscreteScheduler", HEUN) else X_T
    for t in scheduler.timesteps:
        model_input = scheduler.scale_model_input(x, t).double()
        yield model_input
        alpha, sigma = float(SCHEDULE.alpha[int(t) + 1]), float(SCHEDULE.sigma[int(t) + 1])
        eps = DENOISER(model_input, alpha, sigma, CONDITION).eps
        x = scheduler.step(eps, t, x, **step(noise)).prev_sample
    yield x.double()


HEUN = "HeunDiscreteScheduler"
DPM = "DPMSolverMultistepScheduler"


@pytest.mark.parametrize(
    ("sampler", "parameters", "name", "step", "config"),
    [
        ("ddim", {}, "DDIMScheduler", lambda noise: {}, {"clip_sample": False}),
        (
            "ddim",
            {"eta": 0.6},
            "DDIMScheduler",
            lambda noise: {"eta": 0.6, "variance_noise": noise()},
            {"clip_sample": False},
        ),
        (
            "ddpm",
            {},
            "DDPMScheduler",
            lambda noise: {"generator": noise.generator},
            {"clip_sample": False},
        ),
        ("euler", {}, "EulerDiscreteScheduler", lambda noise: {}, {}),
        (
            "heun",
            {},
            HEUN,
            lambda noise: {},
            {"clip_sample": False, "beta_start": 1e-4, "beta_end": 0.02},
        ),
        ("dpmpp-2m", {}, DPM, lambda noise: {}, {"solver_type": "midpoint"}),
        (
            "dpmpp-2m-sde",
            {},
            DPM,
            lambda noise: {"variance_noise": noise()},
            {"algorithm_type": "sde-dpmsolver++", "solver_type": "midpoint"},
        ),
        ("unipc", {}, "UniPCMultistepScheduler", lambda noise: {}, {"solver_order": 2}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_equal_to_diffusers(
    sampler: str,
    parameters: dict[str, float],
    name: str,
    step: Callable[[Noise], dict[str, Any]],
    config: dict[str, Any],
) -> None:
    theirs = list(their_states(name, step, **config))
    if name == HEUN:  # after the first, two evaluations a step: keep the step's own states
        theirs = [*theirs[:-1:2], theirs[-1]]
    ours = list(sample(DENOISER, SCHEDULE, GRID, Noise(), sampler, CONDITION, x=X_T, **parameters))
    assert len(theirs) == len(ours)
    for i, (our, their) in enumerate(zip(ours, theirs, strict=True)):
        difference = float((our.x - their).norm() / their.norm())
        assert difference < 1e-5, f"state {i} of {len(ours) - 1}"
