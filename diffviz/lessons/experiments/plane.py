"""Experiments on points in the plane, where the best possible denoiser is known exactly: what is
wrong with a picture then is never the network's fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from torch import Generator, Tensor

from diffviz.data.plane.shapes import shape_named
from diffviz.denoisers.base import Denoiser, Level, Prediction, level, prediction_from_x0
from diffviz.denoisers.exact import MixtureDenoiser
from diffviz.forward import StreamedNoise
from diffviz.lessons.experiments.experiment import Experiment, Messages, Served, found, sent
from diffviz.measure.evaluation import frechet_distance
from diffviz.measure.points import astray, covered
from diffviz.runs.schema import Seed
from diffviz.samplers import sample
from diffviz.schedules import NoiseSchedule, drawn_schedule, make_schedule
from diffviz.settings import Setting, Settings

POINTS, SHOWN = 2000, 500
SHORT = (1, 0.95, 0.9)  # ᾱ: ends where most is still data, and noise alone is begun with
MISLED = 0.4  # of σ, which a denoiser is told in place of σ itself
CLEARLY = 2.0  # times
LABELS = {
    "data": "The data",
    "jump": "One jump from noise",
    "steps": "Many steps from the same noise",
    "good": "A good schedule",
    "short": "A schedule that ends too early",
    "misled": "The good schedule, t told wrongly",
    "drawn": "Your schedule, drawn in Forward",
}
Steps = Annotated[int, Setting(label="Steps", help="Updates", minimum=2, maximum=200)]


class OnceSettings(Settings):
    steps: Steps = 50
    seed: Seed = 0


class ScheduleSettings(Settings):
    """handles: of ᾱ, from 1 to above 0, of a schedule drawn in the Forward tab."""

    steps: Steps = 50
    seed: Seed = 0
    handles: Annotated[
        tuple[float, ...], Setting(label="A schedule drawn by you", help="Values of ᾱ")
    ] = ()


class Eight:
    """Eight Gaussians in a ring: their data, the exact denoiser, and how good samples are."""

    def __init__(self) -> None:
        shape = shape_named("eight")
        self.centres, self.std = shape.centres(), shape.spread / shape.scale
        self.data, _ = shape.points(POINTS, Generator().manual_seed(1))
        self.denoiser = MixtureDenoiser(self.centres, self.std)

    def sample(
        self, schedule: NoiseSchedule, steps: int, seed: int, denoiser: Denoiser | None = None
    ) -> Tensor:
        noise = StreamedNoise(seed, POINTS, (2,))
        *_, last = sample(denoiser or self.denoiser, schedule, schedule.grid(steps), noise)
        return last.x

    def lane(self, name: str, points: Tensor) -> dict[str, Any]:
        return {
            "lane": {
                "name": name,
                "label": LABELS[name],
                "points": sent(points[:SHOWN]),
                "distance": frechet_distance(points, self.data),
                "covered": covered(points, self.centres, self.std),
                "modes": len(self.centres),
                "astray": astray(points, self.centres, self.std),
            }
        }


@dataclass(frozen=True)
class Misled:
    """A denoiser that is told too little noise."""

    denoiser: Denoiser

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        x0, _ = self.denoiser(x, alpha, MISLED * level(sigma, x), condition)
        return prediction_from_x0(x, x0, alpha, sigma)


def once(settings: OnceSettings, served: Served) -> Messages:
    """At full strength and back in one jump, against many steps, from the same noise."""
    eight, schedule = Eight(), make_schedule("cosine")
    yield eight.lane("data", eight.data)
    told = {}
    for name, steps in (("jump", 1), ("steps", settings.steps)):
        message = eight.lane(name, eight.sample(schedule, steps, settings.seed))
        told[name] = message["lane"]
        yield message
    yield compared(told["jump"]["distance"], told["steps"]["distance"], settings.steps)


def compared(jump: float, many: float, steps: int) -> dict[str, Any]:
    """Which of both Fréchet distances is clearly smaller."""
    outcome = "many" if jump > CLEARLY * many else "one" if many > CLEARLY * jump else "alike"
    return found(outcome, jump=jump, many=many, steps=steps)


def schedules(settings: ScheduleSettings, served: Served) -> Messages:
    """One denoiser, one noise, as many steps; another schedule, or t told wrongly."""
    eight, good = Eight(), make_schedule("cosine")
    runs: list[tuple[str, NoiseSchedule, Denoiser]] = [
        ("good", good, eight.denoiser),
        ("short", drawn_schedule(SHORT), eight.denoiser),
        ("misled", good, Misled(eight.denoiser)),
    ]
    if settings.handles:
        runs.append(("drawn", drawn_schedule(settings.handles), eight.denoiser))
    yield eight.lane("data", eight.data)
    distances = {}
    for name, schedule, denoiser in runs:
        message = eight.lane(name, eight.sample(schedule, settings.steps, settings.seed, denoiser))
        distances[name] = message["lane"]["distance"]
        yield message
    yield weighed(distances["good"], distances["short"], distances["misled"])


def weighed(good: float, short: float, misled: float) -> dict[str, Any]:
    """Whether a wrong schedule, and a wrong t, are clearly worse than the good one."""
    worse = [other > CLEARLY * good for other in (short, misled)]
    outcome = "matters" if all(worse) else "partly" if any(worse) else "not"
    return found(outcome, good=good, short=short, misled=misled)


ONCE = Experiment("once", OnceSettings, ("many", "one", "alike"), ("jump", "many", "steps"), once)
SCHEDULE = Experiment(
    "schedule",
    ScheduleSettings,
    ("matters", "partly", "not"),
    ("good", "short", "misled"),
    schedules,
)
