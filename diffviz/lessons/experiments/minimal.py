"""The minimal code, as a lesson shows it and runs it: one noising step, and a training loop."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from diffviz.data.examples import example
from diffviz.data.plane.shapes import SHAPES, shape_named
from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.forward import StreamedNoise, add_noise
from diffviz.lessons.experiments.experiment import Experiment, Messages, Served, found, sent
from diffviz.measure.points import energy_distance
from diffviz.media.decoding import fitted
from diffviz.networks.mlp import MLPConfig
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.rivals.rival import Learner
from diffviz.runs.schema import Seed
from diffviz.samplers import sample
from diffviz.schedules import make_schedule
from diffviz.settings import Setting, Settings

SIDE = 64
SCHEDULE = "scaled-linear"  # ends where σ/α is 15: beyond, errors of ε̂ are only magnified
POINTS, SHOWN, STEPS, TOLD = 2000, 500, 30, 10  # TOLD: updates between two messages
NOISED = (0, 100, 250, 500, 1000)


def add_noise_once(x: Tensor, factor: float, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(x.shape, generator=generator)  # (1, 3, 64, 64), as x
    return x + factor * noise


def train(
    points: Callable[[int], Tensor], updates: int, generator: Generator
) -> Iterator[tuple[LearnedDenoiser, float]]:
    schedule = make_schedule(SCHEDULE)
    network = MLPConfig(shape=(2,), width=64, depth=2).build()
    denoiser = LearnedDenoiser(network, PARAMETRIZATIONS["eps"], sigma_data=0.7)
    adam = Learner(network, rate=5e-3, betas=(0.9, 0.999))
    for update in range(updates):
        adam.rate = 5e-3 * (1 - update / updates)
        x0 = points(256)  # clean data, (256, 2)
        t = torch.randint(1, schedule.T + 1, (256,), generator=generator)  # a step for each
        eps = torch.randn(x0.shape, generator=generator)  # the noise, which is the answer
        alpha, sigma = schedule.alpha[t], schedule.sigma[t]
        x_t = alpha[:, None].float() * x0 + sigma[:, None].float() * eps
        eps_hat = denoiser.output(x_t, alpha, sigma, None)  # the network sees x_t and t alone
        loss = F.mse_loss(eps_hat, eps)
        adam.descend(loss)
        yield denoiser, loss.item()


def source(name: str) -> str:
    """The code that the experiment of that name runs, as it stands in this file."""
    return inspect.getsource(CODE[name]).rstrip()


class NoisingSettings(Settings):
    factor: Annotated[
        float, Setting(label="factor", help="Times the noise", minimum=0, maximum=5)
    ] = 0.3
    seed: Seed = 0


class LoopSettings(Settings):
    shape: Annotated[str, Setting(label="Data", help="Points in the plane", choices=SHAPES)] = (
        "moons"
    )
    updates: Annotated[
        int, Setting(label="Updates", help="Batches of 256", minimum=10, maximum=3000)
    ] = 800
    seed: Seed = 0


def noising(settings: NoisingSettings, served: Served) -> Messages:
    """`add_noise_once` on a photograph, its SNR, and its scale."""
    x = fitted(example("coffee"), (3, SIDE, SIDE))[None]
    noisy = add_noise_once(x, settings.factor, settings.seed)
    yield {"noised": {"shape": x.shape[1:], "x": sent(x), "noisy": sent(noisy)}}
    spread = float(noisy.std())
    yield found(
        "grows" if spread > float(x.std()) * 1.01 else "keeps",
        snr=float(x.square().mean()) / settings.factor**2 if settings.factor else float("inf"),
        before=float(x.std()),
        after=spread,
        factor=settings.factor,
    )


def loop(settings: LoopSettings, served: Served) -> Messages:
    """All of diffusion in a few seconds: data, noise, training, generation."""
    shape, generator = shape_named(settings.shape), Generator().manual_seed(settings.seed)
    torch.manual_seed(settings.seed)  # nn.Module's initialisation knows no other generator
    data, _ = shape.points(POINTS, generator)
    schedule = make_schedule(SCHEDULE)
    yield {"box": "data", "points": sent(data[:SHOWN])}
    eps = StreamedNoise(settings.seed, POINTS, (2,))()
    for t in NOISED:
        yield {"box": "noise", "t": t, "points": sent(add_noise(data, eps, schedule, t)[:SHOWN])}
    updates = train(lambda count: shape.points(count, generator)[0], settings.updates, generator)
    losses: list[float] = []
    for denoiser, loss in updates:  # noqa: B007  # the last one is what has learned all
        losses.append(loss)
        if len(losses) % TOLD == 0 or len(losses) == settings.updates:
            mean = sum(losses[-TOLD:]) / len(losses[-TOLD:])
            yield {"box": "train", "update": len(losses), "updates": settings.updates, "loss": mean}
    grid = schedule.grid(STEPS)
    start = StreamedNoise(settings.seed + 1, POINTS, (2,))
    for step in sample(denoiser, schedule, grid, start):
        yield {"box": "generate", "t": step.t, "points": sent(step.x[:SHOWN])}
    noise_away = energy_distance(start(), data)
    yield learned(energy_distance(step.x, data), noise_away, settings.updates, losses)


def learned(away: float, noise: float, updates: int, losses: list[float]) -> dict[str, Any]:
    """Whether what was generated is much nearer to the data than noise is."""
    tenth = max(1, len(losses) // 10)
    return found(
        "learned" if away < noise / 2 else "not",
        away=away,
        noise=noise,
        updates=updates,
        first=sum(losses[:tenth]) / tenth,
        last=sum(losses[-tenth:]) / tenth,
    )


NOISING = Experiment(
    "noising", NoisingSettings, ("grows", "keeps"), ("snr", "before", "after", "factor"), noising
)
LOOP = Experiment(
    "loop", LoopSettings, ("learned", "not"), ("away", "noise", "updates", "first", "last"), loop
)
CODE: dict[str, Callable[..., Any]] = {"noising": add_noise_once, "loop": train}
