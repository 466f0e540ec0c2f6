"""Training a denoiser: noised batches, and the error of what the network makes of them. (The loop,
which other networks share, is in `learner`.)"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Generator, Tensor

from diffviz.checkpoints import Card, Checkpoint
from diffviz.cpu.threads import Threads
from diffviz.data.base import DataSet
from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.device import CPU, autocast, send
from diffviz.networks.base import NetworkConfig
from diffviz.parametrization import PARAMETRIZATIONS, per_image
from diffviz.training import distributed as parallel
from diffviz.training.config import TrainConfig
from diffviz.training.cuda import Recorded, prepared_ahead
from diffviz.training.learner import Learner


class NoisedBatch(NamedTuple):
    """What the network is shown of each sample of a batch, and what it should answer.

    x, target: (B, C, H, W), x of about unit variance. noise_level: (B,). condition: (B, slots)."""

    x: Tensor
    noise_level: Tensor
    condition: Tensor
    target: Tensor

    def to(self, device: torch.device) -> NoisedBatch:
        return NoisedBatch(*(send(part, device) for part in self))


class Trainer(Learner):
    """A learner of a denoiser; a conditioning slot whose vocabulary has another size than in the
    weights to start from starts anew."""

    def __init__(
        self,
        data: DataSet,
        network: NetworkConfig,
        config: TrainConfig,
        weights: Mapping[str, Tensor] | None = None,
        dtype: torch.dtype | None = None,
        memory_format: torch.memory_format = torch.channels_last,
        device: torch.device = CPU,
    ) -> None:
        super().__init__(
            data, network.build, config, weights, network.data_weights, dtype, memory_format, device
        )
        self.config = config
        self.shape = network
        self.denoiser = LearnedDenoiser(
            self.twin, PARAMETRIZATIONS[config.parametrization], data.info.sigma_data
        )
        self.started_from: Mapping[str, Any] = {}  # told in the card
        self.recorded: Recorded | None = None

    def endless(self) -> Iterator[Sequence[Tensor]]:
        if self.device.type != "cuda":
            yield from super().endless()

        def make(generator: Generator) -> NoisedBatch:
            return self.noised(*self.data.batch(self.share, generator), generator)

        for batch in prepared_ahead(make, self.generator):
            yield NoisedBatch(*batch).to(self.device)

    def compile(self) -> None:
        """Fuse the network's operations before the first step, which takes about a minute; after it
        a step of the bundled networks takes 0.4 of the time. Raises ValueError for another device
        than CUDA."""
        if self.device.type != "cuda":
            raise ValueError("--compile is for --device cuda alone")
        self.twin = torch.compile(self.twin, fullgraph=True)
        self.denoiser.network = self.twin

    def prepared(self, x0: Tensor, condition: Tensor) -> NoisedBatch:
        return self.noised(x0, condition, self.generator).to(self.device)

    def backward(self, batch: Sequence[Tensor], threads: Threads) -> tuple[Tensor, Tensor]:
        if self.device.type != "cuda":
            return super().backward(batch, threads)
        self.recorded = self.recorded or Recorded(self.learn_from, batch)
        losses, gradient = self.recorded(*batch)
        parallel.average(gradient)
        return losses, gradient

    def noised(self, x0: Tensor, condition: Tensor, generator: Generator) -> NoisedBatch:
        """The pictures at one random noise level each, the least noise first, and some of their
        condition left unsaid.

        The levels are stratified. Each of several processes does so for its own share.
        """
        n = len(x0)
        sigma = self.config.ratio(stratified(n, generator))
        eps = torch.randn(x0.shape, generator=generator)
        keep = torch.rand(n, 1, generator=generator) >= self.config.condition_dropout
        keep = keep & (
            torch.rand(n, condition.shape[1], generator=generator) >= self.config.slot_dropout
        )
        target = self.denoiser.parametrization.target(
            x0, eps, torch.ones_like(sigma), sigma, self.denoiser.sigma_data
        )
        x, noise_level = self.denoiser.seen(
            x0 + per_image(sigma, x0) * eps, torch.ones_like(sigma), sigma
        )
        return NoisedBatch(x, noise_level, condition * keep, target)

    def losses(self, *batch: Tensor) -> Tensor:
        return self.loss(NoisedBatch(*batch))

    def loss(self, batch: NoisedBatch) -> Tensor:
        """Each picture's mean squared error of the network's output, (B,)."""
        with autocast(self.device, self.dtype):
            output: Tensor = self.denoiser.network(batch.x, batch.noise_level, batch.condition)
        return (output.float() - batch.target).square().flatten(1).mean(1)

    def take_up(self, checkpoint: Checkpoint) -> None:
        """Go on from what a training had learned when it finished, its average weights; of its
        optimiser nothing is left. Raises ValueError where the network is another."""
        card = checkpoint.card
        try:
            for network in (self.network, self.ema.network):
                network.load_state_dict(checkpoint.network.state_dict())
        except RuntimeError as error:
            raise ValueError(f"{card.name} is of another network: {error}") from error
        self.images, self.cpu_hours = card.images_seen, card.cpu_hours
        self.hours = float(card.training["wall_hours"])
        self.generator = parallel.generator(self.config.seed, self.images)

    def checkpoint(self, name: str, command: str) -> Checkpoint:
        """The averaged network so far and its card. command: the one that trains it."""
        config = self.config
        card = Card(
            name=name,
            network=self.shape,
            parametrization=config.parametrization,
            data=self.data.info,
            ratio_range=config.ratio_range,
            images_seen=self.images,
            cpu_hours=round(self.cpu_hours, 6),
            started_from=dict(self.started_from),
            training={
                **config.model_dump(),
                "wall_hours": round(self.hours, 4),
                "command": command,
            },
        )
        return Checkpoint(card, self.ema.network)


def stratified(n: int, generator: Generator) -> Tensor:
    """Random quantiles (n,), rising: the i-th is of the i-th n-th of the distribution, which lowers
    the variance of the gradient (Kingma et al. 2021, appendix I.1)."""
    return (torch.arange(n) + torch.rand(n, generator=generator, dtype=torch.float64)) / n
