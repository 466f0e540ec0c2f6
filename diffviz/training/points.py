"""Training a denoiser of points while somebody watches: thousands of steps in a few seconds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, NamedTuple, cast

import torch
from torch import Generator, Tensor

from diffviz.checkpoints import Checkpoint
from diffviz.cpu.threads import Threads
from diffviz.cpu.vectors import views
from diffviz.data.base import DataSet
from diffviz.networks.dense import Dense, DenseConfig
from diffviz.runs.plane import CloudSettings
from diffviz.settings import Setting, declared
from diffviz.training.config import TrainConfig
from diffviz.training.trainer import Trainer

AT_ONCE = 16  # batches that are noised together: what is done to so few numbers costs by the call
WARMUP_STEPS = 50
PIECE = 10  # updates that take some hundredths of a second
_OF_TRAINING = declared(TrainConfig)


class PointsTraining(CloudSettings):
    """How a denoiser of a cloud is trained."""

    parametrization: Annotated[str, _OF_TRAINING["parametrization"]] = "edm"
    levels: Annotated[str, _OF_TRAINING["levels"]] = "log-normal"
    p_mean: Annotated[float, _OF_TRAINING["p_mean"]] = -1.2
    p_std: Annotated[float, _OF_TRAINING["p_std"]] = 1.6
    width: Annotated[
        int, Setting(label="Width", help="Of each hidden layer", minimum=8, maximum=256, step=8)
    ] = 48
    depth: Annotated[
        int, Setting(label="Depth", help="Hidden layers", minimum=1, maximum=6, step=1)
    ] = 3
    updates: Annotated[
        int,
        Setting(
            label="Training steps",
            help="Updates of the weights",
            minimum=50,
            maximum=20_000,
            step=50,
        ),
    ] = 3000
    batch: Annotated[
        int,
        Setting(label="Batch", help="Points a step", minimum=16, maximum=2048, step=16),
    ] = 512
    learning_rate: Annotated[
        float,
        Setting(
            label="Learning rate",
            help="The highest; it falls to zero along a cosine",
            minimum=1e-4,
            maximum=0.1,
            step=1e-4,
        ),
    ] = 1e-2
    train_seed: Annotated[
        int,
        Setting(
            label="Seed of the training",
            help="Of its weights, batches and noise",
            minimum=0,
            maximum=2**31 - 1,
            step=1,
        ),
    ] = 0

    def config(self) -> TrainConfig:
        """The same as training has it."""
        return TrainConfig(
            parametrization=self.parametrization,
            levels=self.levels,
            p_mean=self.p_mean,
            p_std=self.p_std,
            batch=self.batch,
            images=self.updates * self.batch,
            hours=1.0,
            learning_rate=self.learning_rate,
            warmup_images=WARMUP_STEPS * self.batch,
            seed=self.train_seed,
        )


class Ready(NamedTuple):
    """A batch as the network's first layer sees it, (B, numbers), and its targets, (B, 2)."""

    seen: Tensor
    target: Tensor


class Learned(NamedTuple):
    """What a training has come to. updates: taken so far; losses: the mean since the last one told,
    and of each eighth of the noise levels, the least noise first."""

    updates: int
    losses: list[float]
    checkpoint: Checkpoint


class PointsTrainer(Trainer):
    """A Trainer for samples of a few numbers: the same batches, losses, optimiser and average, with
    as little around them as there can be. On the CPU, in float32."""

    def __init__(self, data: DataSet, settings: PointsTraining) -> None:
        network = DenseConfig.suited_to(data.info).changed(
            {"width": settings.width, "depth": settings.depth}
        )
        super().__init__(
            data,
            network,
            settings.config(),
            dtype=torch.float32,
            memory_format=torch.contiguous_format,
        )
        # Of generators of its own: others may train at the same time in this process.
        self.dense = cast(Dense, self.network)
        self.dense.begin(Generator().manual_seed(settings.train_seed))
        self.parameters = list(self.network.parameters())
        self.gradient = torch.empty_like(self.weights)
        self.parts = views(self.gradient, self.parameters)
        self.batches = self._batches()
        self.alone = Threads(1)
        self.since: list[Tensor] = []  # losses that were not told

    @property
    def updates(self) -> int:
        return self.ema.updates

    def _batches(self) -> Iterator[Ready]:
        """Every AT_ONCE-th of a large batch that is stratified is stratified too."""
        while True:
            many = self.noised(
                *self.data.batch(AT_ONCE * self.config.batch, self.generator), self.generator
            )
            seen = self.dense.seen(many.x, many.noise_level, many.condition)
            parts = (
                part.reshape(-1, AT_ONCE, part.shape[1]).transpose(0, 1).contiguous()
                for part in (seen, many.target)
            )
            yield from map(Ready, *parts)

    def update(self) -> None:
        """One optimiser step; where a loss is no number it changes nothing."""
        batch = next(self.batches)
        losses = (self.dense.answer(batch.seen) - batch.target).square().mean(1)
        gradients = torch.autograd.grad(losses.mean(), self.parameters)
        torch._foreach_copy_(self.parts, gradients)
        self.optimizer.step(self.gradient, self.learning_rate(), self.ema.updates, self.alone)
        self.ema.update(self.weights, self.alone)
        self.images += self.config.batch
        self.since.append(losses.detach())

    def pieces(self, size: int = PIECE) -> Iterator[int]:
        """Train to the end; after each few updates, how many there were."""
        while self.fraction() < 1:
            self.update()
            if self.updates % size == 0 or self.fraction() == 1:
                yield self.updates

    def told(self) -> Learned:
        """How it stands, with the losses since this was last asked. Raises ValueError where the
        training has diverged."""
        means = torch.stack(self.since).mean(0)
        self.since = []
        losses = [float(part.mean()) for part in (means, *means.tensor_split(8))]
        if not all(map(math.isfinite, losses)):
            raise ValueError("training has diverged: lower the learning rate")
        return Learned(self.updates, losses, self.checkpoint(self.data.info.name, ""))


def train_points(
    settings: PointsTraining, data: DataSet | None = None, every: int = 100
) -> Iterator[Learned]:
    """Train, telling how it stands after each so many updates, and at the end.

    data: in place of the settings' own cloud. Raises ValueError where training diverges.
    """
    trainer = PointsTrainer(data or settings.cloud(), settings)
    for _ in trainer.pieces(every):
        yield trainer.told()
