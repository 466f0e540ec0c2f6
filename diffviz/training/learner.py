"""The training loop: a generator that trains one denoiser and yields its progress."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from diffviz.checkpoints import Card, Checkpoint
from diffviz.cpu.allocator import keep_freed_memory
from diffviz.cpu.precision import fastest_dtype, rounded_twin
from diffviz.cpu.threads import Threads
from diffviz.cpu.vectors import flatten_parameters, views
from diffviz.data.base import DataSet
from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.device import CPU, autocast, autocast_dtype, send
from diffviz.networks.base import NetworkConfig
from diffviz.parametrization import PARAMETRIZATIONS, per_image
from diffviz.training import distributed as parallel
from diffviz.training.config import TrainConfig
from diffviz.training.ema import PowerEMA
from diffviz.training.optimizer import AdamW

STEPS_UNREAD = 16  # on an accelerator, which would stand still each time it is asked how it went


@dataclass(frozen=True)
class Progress:
    """Where training stands: what was seen in this run and before it, and the last step's loss;
    of all processes that train together.

    means: the mean loss and that of each eighth of the noise levels that training draws, the least
    noise first, (1 + 8,). They may be on an accelerator, which is waited for when they are read.
    """

    images: int
    hours: float
    fraction: float
    means: Tensor

    @property
    def loss(self) -> float:
        return self.means[0].item()

    @property
    def losses(self) -> tuple[float, ...]:
        return tuple(self.means[1:].tolist())


class NoisedBatch(NamedTuple):
    """What the network is shown of each picture of a batch, and what it should answer.

    x, target: (B, C, H, W). sigma: (B,), beside an α of 1. condition: (B, slots)."""

    x: Tensor
    sigma: Tensor
    condition: Tensor
    target: Tensor

    def to(self, device: torch.device) -> NoisedBatch:
        """All there but the levels, which are where all coefficients are."""
        x, condition, target = (
            send(part, device) for part in (self.x, self.condition, self.target)
        )
        return NoisedBatch(x, self.sigma, condition, target)


def prepare_threads() -> None:
    """Ready this process for `Trainer.steps`, whose threads share batches, not operations."""
    torch.set_num_threads(1)
    keep_freed_memory()


class Trainer:
    """A network, its optimiser and its average; `state` and `load_state` carry it over a stop.

    weights: those to start from, instead of random ones; a conditioning slot whose vocabulary has
    another size starts anew. Raises ValueError where they are another network's, or where the
    processes that train together cannot share the batch.

    dtype, memory_format: what the network computes in, by autocast, and how it lies in memory; the
    defaults are the fastest on the device. Weights stay float32. All that is random is drawn on the
    CPU, and a state from one device goes on on any other.
    """

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
        torch.manual_seed(config.seed)  # nn.Module's initialisation knows no other generator
        self.data = data
        self.config = config
        self.device = device
        on_cpu = device.type == "cpu"
        self.dtype = dtype or (fastest_dtype() if on_cpu else autocast_dtype(device))
        self.unread: list[Tensor] = []  # losses of steps that nobody has looked at
        self.steps_unread = 1 if on_cpu else STEPS_UNREAD
        self.share = parallel.share(config.batch)
        self.shape = network
        self.network = network.build().to(memory_format=memory_format)  # type: ignore[call-overload]
        if weights is not None:
            fine_tune(self.network, weights, network.data_weights)
        self.network.to(device)
        self.ema = PowerEMA(self.network, config.ema_length)
        self.weights = flatten_parameters(self.network)  # (P,)
        self.twin, self.rounded = self.network, self.weights
        if self.dtype != torch.float32 and on_cpu:
            self.twin, self.rounded = rounded_twin(self.network, self.weights, self.dtype)
        self.denoiser = LearnedDenoiser(
            self.twin, PARAMETRIZATIONS[config.parametrization], data.info.sigma_data
        )
        self.optimizer = AdamW(self.weights)
        self.generator = parallel.generator(config.seed)
        self.images = 0
        self.hours = 0.0
        self.cpu_hours = 0.0
        self.started_from: Mapping[str, Any] = {}  # told in the card

    def noised(self, x0: Tensor, condition: Tensor) -> NoisedBatch:
        """The pictures at one random noise level each, the least noise first, and some of their
        condition left unsaid.

        The levels are stratified: picture i of n draws from the i-th n-th of the distribution,
        which lowers the variance of the gradient (Kingma et al. 2021, appendix I.1). Each of
        several processes does so for its own share.
        """
        n = len(x0)
        quantile = (
            torch.arange(n) + torch.rand(n, generator=self.generator, dtype=torch.float64)
        ) / n
        sigma = self.config.ratio(quantile)
        eps = torch.randn(x0.shape, generator=self.generator)
        keep = self.kept(n, 1, self.config.condition_dropout)
        keep = keep & self.kept(n, condition.shape[1], self.config.slot_dropout)
        target = self.denoiser.parametrization.target(
            x0, eps, torch.ones_like(sigma), sigma, self.denoiser.sigma_data
        )
        return NoisedBatch(x0 + per_image(sigma, x0) * eps, sigma, condition * keep, target)

    def loss(self, batch: NoisedBatch) -> Tensor:
        """Each picture's mean squared error of the network's output, (B,)."""
        with autocast(self.device, self.dtype):
            output = self.denoiser.output(
                batch.x, torch.ones_like(batch.sigma), batch.sigma, batch.condition
            )
        return (output.float() - batch.target).square().flatten(1).mean(1)

    def backward(self, batch: NoisedBatch, threads: Threads) -> tuple[Tensor, Tensor]:
        """The losses, (B,), and the gradient of their mean, (P,)."""
        parameters = list(self.twin.parameters())
        count = len(batch.x)

        def learn_from(*part: Tensor) -> tuple[Tensor, Tensor]:
            losses = self.loss(NoisedBatch(*part))
            gradient = torch.empty_like(self.weights)
            gradients = torch.autograd.grad(losses.sum() / count, parameters)
            torch._foreach_copy_(views(gradient, parameters), gradients)
            return losses.detach(), gradient

        def add(total: Tensor, *others: Tensor) -> None:
            for other in others:
                total += other

        if self.rounded is not self.weights:
            threads.share(Tensor.copy_, self.rounded, self.weights)
        losses, gradients = zip(*threads.share(learn_from, *batch), strict=True)
        threads.share(add, *gradients)
        parallel.average(gradients[0])
        return torch.cat(losses), gradients[0]

    def by_name(self, vector: Tensor) -> dict[str, Tensor]:
        """Views of a vector with a number for each weight, (P,), shaped as the parameters."""
        names, parameters = zip(*self.network.named_parameters(), strict=True)
        return dict(zip(names, views(vector, parameters), strict=True))

    def kept(self, rows: int, columns: int, dropout: float) -> Tensor:
        return torch.rand(rows, columns, generator=self.generator) >= dropout

    def fraction(self) -> float:
        """How much of the training is done, 0 to 1."""
        return min(1.0, max(self.images / self.config.images, self.hours / self.config.hours))

    def learning_rate(self) -> float:
        warmup = min(1.0, (self.images + 1) / self.config.warmup_images)
        return self.config.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * self.fraction()))

    def steps(self, threads: int = 1) -> Iterator[Progress]:
        """Train to the end, one optimiser step at a time.

        threads: among which each batch is shared; `prepare_threads` comes first.
        """
        with Threads(threads if self.device.type == "cpu" else 1) as team:
            while self.fraction() < 1:
                yield self.step(team)
            self.check_losses()

    def step(self, threads: Threads) -> Progress:
        """One optimiser step. Raises ValueError where training diverges: on an accelerator up to
        STEPS_UNREAD later, in which the weights stay what they were."""
        started, busy = time.monotonic(), time.process_time()
        batch = self.noised(*self.data.batch(self.share, self.generator)).to(self.device)
        losses, gradient = self.backward(batch, threads)
        eighths = losses.tensor_split(min(8, len(losses)))
        means = torch.stack([part.mean() for part in (losses, *eighths)])
        means = parallel.mean(means)
        self.unread.append(means)
        if len(self.unread) >= self.steps_unread:
            self.check_losses()
        self.optimizer.step(gradient, self.learning_rate(), self.ema.updates, threads)
        self.ema.update(self.weights, threads)
        spent = [time.monotonic() - started, time.process_time() - busy]
        wall, cpu = parallel.mean(torch.tensor(spent, dtype=torch.float64)).tolist()
        self.images += self.config.batch
        self.hours += wall / 3600
        self.cpu_hours += cpu * parallel.size() / 3600
        return Progress(self.images, self.hours, self.fraction(), means)

    def check_losses(self) -> None:
        """Look at the losses of the last steps; raises ValueError where one is no number."""
        unread, self.unread = self.unread, []
        if unread and not torch.stack(unread).isfinite().all().item():
            raise ValueError("training has diverged: lower the learning rate")

    def state(self) -> dict[str, Tensor]:
        """All that training goes on from, as named tensors on the CPU; there, with one thread, it
        goes on to the last bit.

        Of several processes it is the first one's. The others differ in their random numbers alone,
        which they draw anew from the seed and the pictures seen, so that any number can go on.
        """
        tensors = {"generator": self.generator.get_state()}
        for part, network in (("network", self.network), ("ema", self.ema.network)):
            tensors |= {f"{part}.{name}": value for name, value in network.state_dict().items()}
        if self.ema.updates:
            for key, moment in self.optimizer.moments.items():
                for name, value in self.by_name(moment).items():
                    tensors[f"optimizer.{key}.{name}"] = value
        for name, number in (("updates", self.ema.updates), ("images", self.images)):
            tensors[name] = torch.tensor(number)
        for name, hours in (("hours", self.hours), ("cpu_hours", self.cpu_hours)):
            tensors[name] = torch.tensor(hours, dtype=torch.float64)
        return {name: value.cpu() for name, value in tensors.items()}

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from `state()`. Raises ValueError where it is not this network's."""
        try:
            for part, network in (("network.", self.network), ("ema.", self.ema.network)):
                network.load_state_dict(with_prefix(tensors, part))
            self.ema.updates, self.images = int(tensors["updates"]), int(tensors["images"])
            if self.ema.updates:
                for key, moment in self.optimizer.moments.items():
                    for name, value in self.by_name(moment).items():
                        value.copy_(tensors[f"optimizer.{key}.{name}"])
            self.generator = parallel.generator(self.config.seed, self.images)
            if parallel.rank() == 0:
                self.generator.set_state(tensors["generator"])
            self.hours, self.cpu_hours = float(tensors["hours"]), float(tensors["cpu_hours"])
        except (KeyError, AttributeError, RuntimeError) as error:
            raise ValueError(f"this is another training's state: {error}") from error

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


def with_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Those whose names begin so, by the rest of their names."""
    return {n.removeprefix(prefix): value for n, value in tensors.items() if n.startswith(prefix)}


def fine_tune(
    network: nn.Module, weights: Mapping[str, Tensor], data_weights: tuple[str, ...] = ()
) -> None:
    """Give the network another one's weights, but for words and sizes that it does not know.

    data_weights: as NetworkConfig has them.
    """
    own = network.state_dict()
    fitting = {
        name: weights[name]
        for name, value in own.items()
        if name in weights and weights[name].shape == value.shape
    }
    if other := [name for name in own if name not in fitting and not name.startswith(data_weights)]:
        raise ValueError(f"those weights are of a network of another shape, in {other[0]}")
    network.load_state_dict(fitting, strict=False)
