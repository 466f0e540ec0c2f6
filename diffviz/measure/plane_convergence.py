"""Samplers against the truth: in the plane the exact end of a deterministic way from noise is
known, so that each sampler's error can be seen to fall with its steps, as its order says."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Annotated, ClassVar, Self

from pydantic import model_validator
from torch import Tensor

from diffviz.checkpoints import Checkpoint
from diffviz.data.plane.clouds import Cloud
from diffviz.forward import StreamedNoise
from diffviz.measure.convergence import Run
from diffviz.measure.flow import flow
from diffviz.runs.plane import (
    LEARNED,
    MOST_PAIRS,
    PlaneSettings,
    components,
    guided_denoiser,
    ready_made,
)
from diffviz.samplers import SAMPLERS, check_one_end, sample
from diffviz.schedules import NoiseSchedule
from diffviz.settings import Setting, check_bounds, declared

MOST_SAMPLERS, MOST_STEPS = 6, 512
OF_FLOW = 600  # evaluations that the exact solution takes, or so
LAST = 1  # the index at which all end; see Convergence


class ConvergenceSettings(PlaneSettings):
    """Which samplers walk how many steps, from the noise of a run in the plane.

    The noise levels are at first Karras et al.'s, each 2⁻ᵏ of them another's half.
    """

    without: ClassVar[frozenset[str]] = frozenset(
        {"steps", "sampler", "sampler_parameters", "spacing"}
    )

    samplers: Annotated[
        tuple[str, ...],
        Setting(
            label="Samplers",
            help=f"Up to {MOST_SAMPLERS} that draw no noise on their way: "
            f"{', '.join(name for name, one in SAMPLERS.items() if one.order)}",
        ),
    ] = ("euler", "heun", "dpmpp-2m", "unipc")
    at: Annotated[
        tuple[int, ...], Setting(label="Steps", help="Numbers of steps, with commas between")
    ] = (2, 4, 8, 16, 32, 64, 128, 256)
    schedule: Annotated[str, declared(PlaneSettings)["schedule"]] = "karras"
    T: Annotated[int, declared(PlaneSettings)["T"]] = 1025
    count: Annotated[int, declared(PlaneSettings)["count"]] = 200

    @model_validator(mode="after")
    def _comparable(self) -> Self:
        if not 1 <= len(set(self.samplers)) <= MOST_SAMPLERS:
            raise ValueError(f"1 to {MOST_SAMPLERS} samplers can be compared")
        check_one_end(self.samplers)
        if not self.at:
            raise ValueError("say at how many steps samplers are compared")
        for steps in self.at:
            check_bounds("steps", steps, 1, min(MOST_STEPS, self.T - 1), whole=True)
        return self


class Convergence:
    """The exact end of one x_T, and samplers' distances to it.

    All walk from T to t = 1, not to clean data: at σ = 0 the log-SNR is infinite, and the last step
    is of first order whatever the rule. Everything is in float64, the network's weights too.
    Raises ValueError for what is more than one run may be.
    """

    def __init__(
        self,
        settings: ConvergenceSettings,
        checkpoint: Checkpoint | None = None,
        cloud: Cloud | None = None,
    ) -> None:
        self.settings = settings
        self.cloud = cloud or settings.cloud()
        check_work(settings, self.cloud)
        if settings.denoiser == LEARNED:
            checkpoint = ready_made(settings.data)
        wide = checkpoint and Checkpoint(checkpoint.card, deepcopy(checkpoint.network).double())
        self.denoiser, self.condition = guided_denoiser(settings, self.cloud, wide)
        self.schedule = settings.noise_schedule()
        noise = StreamedNoise(settings.seed, settings.count, self.cloud.info.shape)
        self.start = float(self.schedule.sigma[-1]) * noise().double()

    def exact(self) -> Tensor:
        """Where the probability flow carries x_T to, (count, 2)."""
        ends = (_level(self.schedule, self.schedule.T), _level(self.schedule, LAST))
        return flow(self.denoiser, self.start, *ends, self.condition)

    def runs(self) -> Iterator[Run]:
        """One sampler after the other, the coarsest first, as each is done.

        A distance is the median over the samples: of the few that start next to a watershed between
        two parts of the data some end at the other, which no step is short enough to tell.
        """
        end = self.exact()
        for sampler in dict.fromkeys(self.settings.samplers):
            for steps in sorted(set(self.settings.at)):
                x, evaluations = self.walked(sampler, steps)
                distance = float((x - end).norm(dim=1).median())
                yield Run(sampler, steps, evaluations, distance)

    def walked(self, sampler: str, steps: int) -> tuple[Tensor, int]:
        """The end at t = 1, and how often the denoiser was asked, a guided one for both sides at
        once."""
        grid = self.schedule.grid(steps + 1, "linspace")[:-1]
        walk = (self.denoiser, self.schedule, grid, _no_noise, sampler, self.condition)
        *_, last = sample(*walk, x=self.start)
        return last.x, last.nfe


def check_work(settings: ConvergenceSettings, cloud: Cloud) -> None:
    """Raises ValueError for more than a run in the plane may be."""
    evaluations = 2 * len(settings.samplers) * sum(settings.at) + OF_FLOW
    if settings.count * len(components(settings, cloud).means) * evaluations > MOST_PAIRS:
        raise ValueError(
            f"{settings.count:,} samples, each held against {len(cloud.points):,} points "
            f"{evaluations:,} times, are more than one run may be; ask for fewer of one of them"
        )


def _no_noise() -> Tensor:
    raise AssertionError("these samplers draw no noise on their way")


def _level(schedule: NoiseSchedule, t: int) -> tuple[float, float]:
    return float(schedule.alpha[t]), float(schedule.sigma[t])
