"""How long a sample takes here and now: a diffusion model's many passes against a GAN's one."""

from __future__ import annotations

from typing import Annotated, Any

from torch import Generator

from diffviz.lessons.experiments.experiment import Experiment, Messages, Served, found
from diffviz.measure.bench import seconds
from diffviz.rivals.diffusion import Diffusion
from diffviz.rivals.gan import GAN
from diffviz.rivals.settings import RaceSettings
from diffviz.settings import Setting, Settings

SAMPLES, REPEATS = 16, 5
MILLI = 1e3


class SpeedSettings(Settings):
    steps: Annotated[
        int, Setting(label="Steps of diffusion", help="DDIM", minimum=1, maximum=200)
    ] = 50


def speed(settings: SpeedSettings, served: Served) -> Messages:
    """Both of the race's digits, with as many weights. These are not trained here, on which time
    does not depend."""
    race = RaceSettings(course="digits", steps=settings.steps)
    labels = {"gan": "GAN, one pass", "diffusion": f"Diffusion, {settings.steps} steps"}
    times = {}
    for name, made in (("gan", GAN), ("diffusion", Diffusion)):
        rival = made(race.on(), race, 0)

        def once() -> object:
            return rival.sample(SAMPLES, Generator().manual_seed(0))  # noqa: B023

        times[name] = seconds(once, REPEATS)
        told = {"label": labels[name], "seconds": times[name], "weights": rival.weights}
        yield {"timed": {**told, "samples": SAMPLES}}
    yield raced(times["gan"], times["diffusion"], settings.steps)


def raced(gan: float, diffusion: float, steps: int) -> dict[str, Any]:
    outcome = "slower" if diffusion > gan else "faster"
    return found(
        outcome, gan=MILLI * gan, diffusion=MILLI * diffusion, times=diffusion / gan, steps=steps
    )


SPEED = Experiment(
    "speed", SpeedSettings, ("slower", "faster"), ("gan", "diffusion", "times", "steps"), speed
)
