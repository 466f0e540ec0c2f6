"""Distilling a denoiser into one that needs a few evaluations, by consistency distillation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from torch import Tensor

from diffviz.checkpoints import FOLDER, Card, Checkpoint, load_checkpoint
from diffviz.data import DataChoice, source_of
from diffviz.data.base import DataSet
from diffviz.denoisers.base import Denoiser
from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.device import CPU, autocast, send
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.networks.base import NetworkConfig
from diffviz.parametrization import PARAMETRIZATIONS, per_image
from diffviz.runs.schema import Guidance
from diffviz.schedules import make_schedule
from diffviz.settings import Setting, Settings, declared
from diffviz.training.config import TrainConfig
from diffviz.training.files import read_state, write_state
from diffviz.training.learner import Learner
from diffviz.training.plan import lineage
from diffviz.training.samples import load_samples
from diffviz.training.trainer import stratified

_OF_TRAINING = declared(TrainConfig)
BETWEEN = 40  # levels from one of the teacher's steps to the next
HUBER = 0.00054  # of a number's error; Song & Dhariwal 2024, section 3.3
HEUN = 2  # evaluations a step


class Distillation(Settings):
    """How a denoiser is distilled. It ends at `images` or `hours`, whichever comes first; the
    learning rate falls to zero over it, along a cosine."""

    guidance: Guidance = 1.5
    jumps: Annotated[
        int,
        Setting(
            label="Teacher's steps",
            help="Steps that the teacher's way from noise to data is cut into, each of which the "
            "student learns to leave out",
            minimum=2,
            maximum=100,
            step=1,
        ),
    ] = 18
    batch: Annotated[int, _OF_TRAINING["batch"]] = 128
    images: Annotated[int, _OF_TRAINING["images"]] = 3_000_000
    hours: Annotated[float, _OF_TRAINING["hours"]] = 3.0
    learning_rate: Annotated[float, _OF_TRAINING["learning_rate"]] = 5e-4
    warmup_images: Annotated[int, _OF_TRAINING["warmup_images"]] = 20_000
    condition_dropout: Annotated[float, _OF_TRAINING["condition_dropout"]] = 0.1
    ema_length: Annotated[float, _OF_TRAINING["ema_length"]] = 0.05
    seed: Annotated[int, _OF_TRAINING["seed"]] = 0


@dataclass(frozen=True)
class DistillOrder:
    """What was asked for: enough to begin, and to go on. teacher: of checkpoints/."""

    name: str
    teacher: str
    command: str
    settings: Distillation


class Distiller(Learner):
    """A learner of a consistency function f(x_σ, σ), the end of the probability-flow ODE's path
    through x_σ, as a denoiser's x̂0 (Song et al. 2023, algorithm 2, "consistency distillation").

    The teacher takes one step of the ODE from x_t to x_s, by Heun's method, on the path x0 + σ·ε;
    f(x_t, t) is to be what f(x_s, s) already is, without a gradient, and f(x, 0) = x. So what is
    known of little noise is handed up to the most, over `jumps` steps. t is uniform over Karras et
    al.'s levels (2022, eq. 5). Three things are as in Song & Dhariwal 2024: the pseudo-Huber
    distance (eq. 7), its weight 1/(σ_t − σ_s), without which the small errors at little noise,
    that all others build upon, would count for nothing, and that f(x_s, s) is of the newest weights
    and not of an average.

    With guidance the teacher's path is the guided one, which the student then knows without it
    (Meng et al. 2023).
    """

    def __init__(
        self,
        data: DataSet,
        teacher: Denoiser,
        network: NetworkConfig,
        settings: Distillation,
        parametrization: str = "edm",
        weights: Mapping[str, Tensor] | None = None,
        dtype: torch.dtype | None = None,
        memory_format: torch.memory_format = torch.channels_last,
        device: torch.device = CPU,
    ) -> None:
        """weights: the student's, to begin with: the teacher's where they are one network's."""
        super().__init__(data, network.build, settings, weights, (), dtype, memory_format, device)
        self.settings = settings
        self.shape = network
        self.parametrization = parametrization
        self.teacher = GuidedDenoiser(teacher, settings.guidance)
        self.schedule = make_schedule("karras", BETWEEN * settings.jumps)
        self.ratio_range = float(self.schedule.sigma[1]), float(self.schedule.sigma[-1])
        self.student = LearnedDenoiser(
            self.twin, PARAMETRIZATIONS[parametrization], data.info.sigma_data, *self.ratio_range
        )

    def prepared(self, x0: Tensor, condition: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """x_t, σ_t, σ_s and the condition, the least noise first; σ where all coefficients are."""
        n, T = len(x0), self.schedule.T
        t = (stratified(n, self.generator) * T).ceil().long().clamp(1, T)
        sigma_t, sigma_s = (self.schedule.sigma[i] for i in (t, (t - BETWEEN).clamp(min=0)))
        x = x0 + per_image(sigma_t, x0) * torch.randn(x0.shape, generator=self.generator)
        keep = torch.rand(n, 1, generator=self.generator) >= self.settings.condition_dropout
        return send(x, self.device), sigma_t, sigma_s, send(condition * keep, self.device)

    def losses(self, *batch: Tensor) -> Tensor:
        x, sigma_t, sigma_s, condition = batch
        # A block of its own: what autocast has rounded without a gradient it would use again.
        with torch.no_grad(), autocast(self.device, self.dtype):
            before = heun(self.teacher, x, sigma_t, sigma_s, condition)
            known = self.student(before, 1.0, sigma_s, condition).x0
            target = torch.where(per_image(sigma_s, x) > 0, known, before)
        with autocast(self.device, self.dtype):
            x0 = self.student(x, 1.0, sigma_t, condition).x0
        distance = ((x0 - target).square().flatten(1).mean(1) + HUBER**2).sqrt() - HUBER
        return distance * per_image(1 / (sigma_t - sigma_s), distance)

    @property
    def teacher_evaluations(self) -> int:
        """Of the teacher, so far: two a step, and of each guidance has two sides."""
        return self.images * HEUN * (1 if self.settings.guidance == 1 else 2)

    def checkpoint(self, name: str, command: str, teacher: Card) -> Checkpoint:
        """The averaged student so far and its card. command: the one that distils it."""
        card = Card(
            name=name,
            network=self.shape,
            parametrization=self.parametrization,
            data=self.data.info,
            ratio_range=self.ratio_range,
            images_seen=self.images,
            cpu_hours=round(self.cpu_hours, 6),
            started_from=lineage(teacher),
            distilled={
                "teacher": teacher.name,
                "method": "consistency distillation, Song et al. 2023",
                "guidance": self.settings.guidance,
                "teacher_evaluations": self.teacher_evaluations,
            },
            training={
                **self.settings.model_dump(mode="json"),
                "wall_hours": round(self.hours, 4),
                "device": self.device.type,
                "command": command,
            },
        )
        return Checkpoint(card, self.ema.network)


def heun(
    denoiser: Denoiser, x: Tensor, sigma_t: Tensor, sigma_s: Tensor, condition: Tensor | None
) -> Tensor:
    """x_s from x_t on the path x0 + σ·ε, where dx/dσ = ε̂, each sample by a step of its own; σ (B,).
    Karras et al. 2022, algorithm 1: to σ_s = 0 it is Euler's step, which ends at x̂0."""
    step, corrected = per_image(sigma_s - sigma_t, x), sigma_s > 0
    slope = denoiser(x, 1.0, sigma_t, condition).eps
    x_s = x + step * slope
    there = denoiser(x_s, 1.0, torch.where(corrected, sigma_s, sigma_t), condition).eps
    return x_s + 0.5 * step * per_image(corrected, x) * (there - slope)


def begin(
    order: DistillOrder, folder: Path = FOLDER, device: torch.device = CPU
) -> tuple[Distiller, Card]:
    """A new distillation, and its teacher's card. folder: where the teacher lies.

    Raises ValueError or FileNotFoundError, in a sentence, where it cannot be.
    """
    teacher = load_checkpoint(order.teacher, folder).to(device)
    card = teacher.card
    if card.distilled:
        raise ValueError(f"{card.name!r} is distilled itself: distil {card.distilled['teacher']!r}")
    if order.name == card.name:
        raise ValueError(f"the student of {card.name!r} needs another --name")
    slots = card.data.slots
    choice = DataChoice(source_of(card.data).name)
    data = load_samples(choice, device)
    if data.info.slots != slots and len(slots) == 1:
        data = load_samples(DataChoice(choice.name, slots[0].values), device)
    if (data.info.slots, data.info.shape) != (slots, card.data.shape):
        raise ValueError(f"{card.name!r} was trained on other samples than {choice.name} has now")
    learner = Distiller(
        data,
        teacher.denoiser(),
        card.network,
        order.settings,
        card.parametrization,
        teacher.network.state_dict(),
        device=device,
    )
    return learner, card


def save_state(order: DistillOrder, learner: Distiller, path: Path) -> None:
    """Write an unfinished distillation as one file, whole or not at all."""
    write_state({**asdict(order), "settings": order.settings.model_dump()}, learner, path)


def load_order(fields: Mapping[str, Any]) -> DistillOrder:
    """From what `save_state` wrote."""
    rest = dict(fields)
    return DistillOrder(settings=Distillation(**rest.pop("settings")), **rest)


def load_state(
    path: Path, folder: Path = FOLDER, device: torch.device = CPU
) -> tuple[DistillOrder, Distiller, Card]:
    """An unfinished distillation, ready to go on, and its teacher's card; raises ValueError where
    the file is none."""
    order, tensors = read_state(path, load_order)
    learner, card = begin(order, folder, device)
    learner.load_state(tensors)
    return order, learner, card
