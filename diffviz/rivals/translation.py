"""Translation between two clouds without pairs: a CycleGAN, and dual diffusion bridges."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffviz.denoisers.base import Denoiser
from diffviz.rivals.contest import ROUNDS, Contest
from diffviz.rivals.courses import Course, Score, course_named
from diffviz.rivals.diffusion import SCHEDULE, Diffusion
from diffviz.rivals.gan import BETA2, LEAK
from diffviz.rivals.rival import Lane, Learner, perceptron, width_for
from diffviz.rivals.settings import PLANE, TranslationSettings
from diffviz.runs.editing import invert, rms_distance
from diffviz.samplers import sample
from diffviz.schedules import NoiseSchedule, make_schedule
from diffviz.training.learner import with_prefix

SHOWN = 200
FIELDS = ("updates", "seconds", *Score._fields, "cycle", "moved")  # of an arrival


def bridge(
    there: Denoiser,
    back: Denoiser,
    schedule: NoiseSchedule,
    steps: int,
    x0: Tensor,
    condition: tuple[Tensor | None, Tensor | None] = (None, None),
) -> tuple[Tensor, Tensor]:
    """Dual diffusion implicit bridges (Su et al. 2023, algorithm 1): the probability-flow ODE of
    one denoiser from x0 up to x_T, and that of the other down again. Returns (x_T, the result).

    They share noise alone, so that neither data nor denoiser of one domain is known to the other;
    the way back is the same with the two exchanged, and the cycle error is the steps' alone.
    condition: for each of them, (B, slots); one denoiser with two classes is a bridge too.
    """
    grid = schedule.grid(steps)
    *_, up = invert(there, schedule, grid, x0, condition[0])
    *_, down = sample(back, schedule, grid, _no_noise, condition=condition[1], x=up.x)
    return up.x, down.x


def _no_noise() -> Tensor:
    raise AssertionError("DDIM draws none on the way")


class Translator(Lane):
    """One that learns the way from its course to another's data, and back."""

    @abstractmethod
    def translate(self, x: Tensor, back: bool = False) -> Tensor:
        """Samples (B, …) of the source as ones of the target; back: the other way."""


class Bridges(Translator):
    """Two denoisers, each trained on its own cloud alone, joined where both have noise."""

    title = "Dual diffusion bridges"
    source = "Su et al. 2023"

    def __init__(self, source: Course, target: Course, settings: TranslationSettings) -> None:
        super().__init__(source, settings.batch, settings.seed)
        self.settings = settings
        each = settings.diffusion()
        self.ends = [Diffusion(course, each, settings.seed) for course in (source, target)]

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return tuple(network for end in self.ends for network in end.networks)

    def learners(self) -> dict[str, Learner]:
        return {}

    def learn(self) -> dict[str, float]:
        return {
            name: end.step()["loss"]
            for name, end in zip(("source", "target"), self.ends, strict=True)
        }

    def translate(self, x: Tensor, back: bool = False) -> Tensor:
        there, away = (end.denoiser() for end in (reversed(self.ends) if back else self.ends))
        return bridge(there, away, make_schedule(SCHEDULE), self.settings.steps, x)[1]

    def state(self) -> dict[str, Tensor]:
        ends = {
            f"end{i}.{name}": value
            for i, end in enumerate(self.ends)
            for name, value in end.state().items()
        }
        return super().state() | ends

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        super().load_state(tensors)
        for i, end in enumerate(self.ends):
            end.load_state(with_prefix(tensors, f"end{i}."))


class Cycle(nn.Module):
    """there, back: samples → samples of the other cloud; source, target: samples → how real."""

    def __init__(self, width: int, numbers: int = 2) -> None:
        super().__init__()
        self.there, self.back = (perceptron(numbers, numbers, width, nn.ReLU()) for _ in range(2))
        self.source, self.target = (
            perceptron(numbers, 1, width, nn.LeakyReLU(LEAK)) for _ in range(2)
        )


@dataclass
class CycleLosses:
    """Zhu et al. 2017, eq. 3, with least squares in place of the logarithm (section 4)."""

    adversarial: Tensor
    cycle: Tensor


class CycleGAN(Translator):
    """Generators there and back descend their critics' least squares, and λ·(E|back(there(x)) − x|
    + E|there(back(y)) − y|), which ties the two together (Zhu et al. 2017)."""

    title = "CycleGAN"
    source = "Zhu et al. 2017"

    def __init__(self, source: Course, target: Course, settings: TranslationSettings) -> None:
        super().__init__(source, settings.batch, settings.seed)
        self.settings = settings
        self.target = target
        self.cycle = Cycle(width_for(settings.weights, Cycle))
        betas = 0.5, BETA2
        generators = nn.ModuleList([self.cycle.there, self.cycle.back])
        critics = nn.ModuleList([self.cycle.source, self.cycle.target])
        self.generating = Learner(generators, settings.rate, betas)
        self.judging = Learner(critics, settings.rate, betas)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return (self.cycle,)

    def learners(self) -> dict[str, Learner]:
        return {"generators": self.generating, "critics": self.judging}

    def learn(self) -> dict[str, float]:
        """The critics, then the generators; a batch of the target comes from the same stream."""
        x, y = self.data(), self.target.batch(self.batch, self.draws)
        net = self.cycle
        with torch.no_grad():
            made_y, made_x = net.there(x), net.back(y)
        critics = sum(
            (
                (critic(real) - 1).square().mean() + critic(made).square().mean()
                for critic, real, made in ((net.target, y, made_y), (net.source, x, made_x))
            ),
            torch.zeros(()),
        )
        self.judging.descend(critics / 2)
        losses = self.losses(x, y)
        self.generating.descend(losses.adversarial + self.settings.cycle * losses.cycle)
        return {
            "critics": critics.item(),
            "adversarial": losses.adversarial.item(),
            "cycle": losses.cycle.item(),
        }

    def losses(self, x: Tensor, y: Tensor) -> CycleLosses:
        """Of the generators."""
        net = self.cycle
        made_y, made_x = net.there(x), net.back(y)
        fooled = (net.target(made_y) - 1).square().mean() + (net.source(made_x) - 1).square().mean()
        errors = (net.back(made_y) - x).abs().mean() + (net.there(made_x) - y).abs().mean()
        return CycleLosses(fooled, errors)

    @torch.no_grad()
    def translate(self, x: Tensor, back: bool = False) -> Tensor:
        made: Tensor = (self.cycle.back if back else self.cycle.there)(x)
        return made


class Arrival(NamedTuple):
    """Where one translator stands after a round. score: of what arrived, against the target.
    cycle: root mean square of what comes back, less where it began. moved: of what arrived, less
    where it began."""

    updates: int
    seconds: float
    score: Score
    cycle: float
    moved: float


class Translated(NamedTuple):
    """arrivals: of each translator. clouds: (translators, 2, SHOWN, 2), what arrived, and what came
    back of it; they begin from the same points after every round."""

    number: int
    arrivals: list[Arrival]
    clouds: Tensor

    @property
    def numbers(self) -> tuple[float, ...]:
        """All of one translator, then of the next."""
        return tuple(
            round(float(n), 4)
            for a in self.arrivals
            for n in (a.updates, a.seconds, *a.score, a.cycle, a.moved)
        )


class Translation(Contest[Translated]):
    """Both translators, on the same two clouds. Raises ValueError, in a sentence, for settings that
    cannot be."""

    def __init__(self, settings: TranslationSettings) -> None:
        settings.check()
        self.settings = settings
        self.source, self.target = course_named(settings.source), course_named(settings.target)
        self.translators: list[Translator] = [
            CycleGAN(self.source, self.target, settings),
            Bridges(self.source, self.target, settings),
        ]
        super().__init__(self.translators, settings.updates)

    def look(self) -> Translated:
        x, arrivals, clouds = self.source.held_out, [], []
        for lane in self.translators:
            there = lane.translate(x)
            again = lane.translate(there, back=True)
            score = self.target.score(there)
            cycle, moved = rms_distance(again, x), rms_distance(there, x)
            arrivals.append(Arrival(lane.updates, lane.seconds, score, cycle, moved))
            clouds += [there[:SHOWN], again[:SHOWN]]
        shape = len(self.translators), 2, SHOWN, 2
        return Translated(self.round, arrivals, torch.stack(clouds).reshape(shape))


def title(settings: TranslationSettings) -> str:
    """What it is, in a few words."""
    return f"{PLANE[settings.source]} to {PLANE[settings.target].lower()}"


def describe(settings: TranslationSettings) -> dict[str, Any]:
    """What a page must know of a translation in order to draw it."""
    source, target = course_named(settings.source), course_named(settings.target)
    return {
        "source": source.label,
        "target": target.label,
        "medium": source.info.medium,
        "translators": [
            {"label": translator.title, "source": translator.source}
            for translator in (CycleGAN, Bridges)
        ],
        "weights": settings.weights,
        "updates": settings.updates,
        "said": settings.said(),
        "rounds": ROUNDS,
        "fields": FIELDS,
        "shape": (2, 2, SHOWN, 2),
        "begin": source.held_out[:SHOWN].flatten().tolist(),
        "data": target.held_out[:SHOWN].flatten().tolist(),
        "modes": len(target.modes.shares),
        "fresh": target.score(target.fresh)._asdict(),
    }


def size(settings: TranslationSettings) -> tuple[int, float, int, int]:
    """Weights of a lane, updates, samples of each, and lanes. The CycleGAN goes about three times
    through its networks in an update."""
    return settings.weights, 3 * settings.updates, settings.batch, 2
