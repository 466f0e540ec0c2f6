"""The training loop, whatever is learned: a generator that trains one network and yields where it
stands."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from diffviz.cpu.allocator import keep_freed_memory
from diffviz.cpu.precision import fastest_dtype, rounded_twin
from diffviz.cpu.threads import Threads
from diffviz.cpu.vectors import flatten_parameters, views
from diffviz.data.base import DataSet
from diffviz.device import CPU, autocast_dtype
from diffviz.training import distributed as parallel
from diffviz.training.ema import PowerEMA
from diffviz.training.optimizer import AdamW

STEPS_UNREAD = 16  # on an accelerator, which would stand still each time it is asked how it went


@dataclass(frozen=True)
class Progress:
    """Where training stands: what was seen in this run and before it, and the last step's loss;
    of all processes that train together.

    means: the mean loss and that of each eighth of the batch, (1 + 8,), which of a denoiser are
    eighths of the noise levels that training draws, the least noise first. They may be on an
    accelerator, which is waited for when they are read.
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


def prepare_threads() -> None:
    """Ready this process for `Trainer.steps`, whose threads share batches, not operations."""
    torch.set_num_threads(1)
    keep_freed_memory()


class Pace(Protocol):
    """What every training is told, as TrainConfig has it."""

    @property
    def batch(self) -> int: ...
    @property
    def images(self) -> int: ...
    @property
    def hours(self) -> float: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def warmup_images(self) -> int: ...
    @property
    def ema_length(self) -> float: ...
    @property
    def seed(self) -> int: ...


class Learner(ABC):
    """A network, its optimiser and its average; `state` and `load_state` carry it over a stop.

    build: makes the network, after the seed is set. weights: those to start from, instead of random
    ones; those whose names begin as `data_weights` say start anew where their sizes differ. Raises
    ValueError where they are another network's, or where the processes that train together cannot
    share the batch.

    dtype, memory_format: what the network computes in, by autocast, and how it lies in memory; the
    defaults are the fastest on the device. Weights stay float32. All that is random is drawn on the
    CPU, and a state from one device goes on on any other.
    """

    def __init__(
        self,
        data: DataSet,
        build: Callable[[], nn.Module],
        pace: Pace,
        weights: Mapping[str, Tensor] | None = None,
        data_weights: tuple[str, ...] = (),
        dtype: torch.dtype | None = None,
        memory_format: torch.memory_format = torch.channels_last,
        device: torch.device = CPU,
    ) -> None:
        torch.manual_seed(pace.seed)  # nn.Module's initialisation knows no other generator
        self.data = data
        self.pace = pace
        self.device = device
        on_cpu = device.type == "cpu"
        self.dtype = dtype or (fastest_dtype() if on_cpu else autocast_dtype(device))
        self.unread: list[Tensor] = []  # losses of steps that nobody has looked at
        self.steps_unread = 1 if on_cpu else STEPS_UNREAD
        self.share = parallel.share(pace.batch)
        self.network = build().to(memory_format=memory_format)  # type: ignore[call-overload]
        if weights is not None:
            fine_tune(self.network, weights, data_weights)
        self.network.to(device)
        self.ema = PowerEMA(self.network, pace.ema_length)
        self.weights = flatten_parameters(self.network)  # (P,)
        self.twin, self.rounded = self.network, self.weights
        if self.dtype != torch.float32 and on_cpu:
            self.twin, self.rounded = rounded_twin(self.network, self.weights, self.dtype)
        self.optimizer = AdamW(self.weights)
        self.generator = parallel.generator(pace.seed)
        self.stream: Iterator[Sequence[Tensor]] | None = None
        self.images = 0
        self.hours = 0.0
        self.cpu_hours = 0.0

    def endless(self) -> Iterator[Sequence[Tensor]]:
        """What is learned from, batch after batch, on the device."""
        while True:
            yield self.prepared(*self.data.batch(self.share, self.generator))

    @abstractmethod
    def prepared(self, x0: Tensor, condition: Tensor) -> Sequence[Tensor]:
        """What is learned from a batch of samples, on the device; each along the batch."""

    @abstractmethod
    def losses(self, *batch: Tensor) -> Tensor:
        """Each sample's loss, (B,), of what `prepared` made, or a part of it."""

    def learn_from(self, *part: Tensor) -> tuple[Tensor, Tensor]:
        """The losses of a part of a batch, and the gradient of their sum divided by the share."""
        parameters = list(self.twin.parameters())
        losses = self.losses(*part)
        gradient = torch.empty_like(self.weights)
        gradients = torch.autograd.grad(losses.sum() / self.share, parameters)
        torch._foreach_copy_(views(gradient, parameters), gradients)
        return losses.detach(), gradient

    def backward(self, batch: Sequence[Tensor], threads: Threads) -> tuple[Tensor, Tensor]:
        """The losses, (B,), and the gradient of their mean, (P,)."""

        def add(total: Tensor, *others: Tensor) -> None:
            for other in others:
                total += other

        if self.rounded is not self.weights:
            threads.share(Tensor.copy_, self.rounded, self.weights)
        losses, gradients = zip(*threads.share(self.learn_from, *batch), strict=True)
        threads.share(add, *gradients)
        parallel.average(gradients[0])
        return torch.cat(losses), gradients[0]

    def by_name(self, vector: Tensor) -> dict[str, Tensor]:
        """Views of a vector with a number for each weight, (P,), shaped as the parameters."""
        names, parameters = zip(*self.network.named_parameters(), strict=True)
        return dict(zip(names, views(vector, parameters), strict=True))

    def fraction(self) -> float:
        """How much of the training is done, 0 to 1."""
        return min(1.0, max(self.images / self.pace.images, self.hours / self.pace.hours))

    def learning_rate(self) -> float:
        warmup = min(1.0, (self.images + 1) / self.pace.warmup_images)
        return self.pace.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * self.fraction()))

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
        self.stream = self.stream or self.endless()
        losses, gradient = self.backward(next(self.stream), threads)
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
        self.images += self.pace.batch
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
            self.generator = parallel.generator(self.pace.seed, self.images)
            if parallel.rank() == 0:
                self.generator.set_state(tensors["generator"])
            self.hours, self.cpu_hours = float(tensors["hours"]), float(tensors["cpu_hours"])
        except (KeyError, AttributeError, RuntimeError) as error:
            raise ValueError(f"this is another training's state: {error}") from error


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
