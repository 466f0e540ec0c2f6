"""Lanes, each with one that learns, and rivals, which learn to make samples like a course's."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn

from diffviz.cpu.threads import Threads
from diffviz.cpu.vectors import flatten_parameters
from diffviz.rivals.courses import Course
from diffviz.rivals.settings import RaceSettings
from diffviz.training.learner import with_prefix
from diffviz.training.optimizer import AdamW

HIDDEN = 3  # layers of a perceptron, of one width
WIDTHS = 4, 1024
ALONE = Threads(1)


def perceptron(inputs: int, outputs: int, width: int, activation: nn.Module) -> nn.Sequential:
    """HIDDEN layers of a width between inputs and outputs, (B, inputs) → (B, outputs)."""
    sizes = [inputs, *[width] * HIDDEN]
    layers = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), activation)]
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def weights_of(*networks: nn.Module) -> int:
    return sum(weight.numel() for network in networks for weight in network.parameters())


def width_for(weights: int, build: Callable[[int], nn.Module]) -> int:
    """The width with which a network's weights come nearest to that many."""

    def count(width: int) -> int:
        with torch.device("meta"):  # shapes alone
            return weights_of(build(width))

    low, high = WIDTHS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) <= weights else (low, middle)
    return min(low, high, key=lambda width: abs(count(width) - weights))


class Learner:
    """A network and its Adam (Kingma & Ba 2015)."""

    def __init__(self, network: nn.Module, rate: float, betas: tuple[float, float]) -> None:
        self.network = network
        self.rate = rate
        self.parameters = list(network.parameters())
        self.weights = flatten_parameters(network)  # (P,)
        self.optimizer = AdamW(self.weights, betas, decay=0.0, max_norm=math.inf)
        self.steps = 0

    def descend(self, loss: Tensor) -> None:
        """One step down the loss, a number."""
        gradients = torch.autograd.grad(loss, self.parameters)
        gradient = torch.cat([part.flatten() for part in gradients])
        self.optimizer.step(gradient, self.rate, self.steps, ALONE)
        self.steps += 1

    def state(self) -> dict[str, Tensor]:
        return {
            "weights": self.weights,
            "steps": torch.tensor(self.steps),
            **self.optimizer.moments,
        }

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        self.weights.copy_(tensors["weights"])
        self.steps = int(tensors["steps"])
        for name, moment in self.optimizer.moments.items():
            moment.copy_(tensors[name])


class Lane(ABC):
    """One that learns, an update at a time. title: what people call it. source: of its settings, a
    paper each.

    updates, seconds: what it has learned from, and the CPU time that took. Two of one seed see the
    same batches, each from a stream of its own, `draws`; `generator` gives all else that is random.
    """

    title: ClassVar[str]
    source: ClassVar[str]

    def __init__(self, course: Course, batch: int, seed: int) -> None:
        torch.manual_seed(seed)  # nn.Module's initialisation knows no other generator
        self.course = course
        self.batch = batch
        self.draws = Generator().manual_seed(seed)
        self.generator = Generator().manual_seed(2**32 + seed)
        self.updates = 0
        self.seconds = 0.0

    @property
    @abstractmethod
    def networks(self) -> tuple[nn.Module, ...]:
        """All that it trains."""

    @abstractmethod
    def learn(self) -> dict[str, float]:
        """One update; returns its losses by name."""

    @abstractmethod
    def learners(self) -> dict[str, Learner]:
        """What has a state of its own, by name."""

    @property
    def weights(self) -> int:
        return weights_of(*self.networks)

    def data(self) -> Tensor:
        """The next batch, (B, …)."""
        return self.course.batch(self.batch, self.draws)

    def step(self) -> dict[str, float]:
        """Learn from one update, by the clock."""
        started = time.thread_time()
        losses = self.learn()
        self.updates += 1
        self.seconds += time.thread_time() - started
        return losses

    def state(self) -> dict[str, Tensor]:
        """All that it goes on from."""
        tensors = {
            "draws": self.draws.get_state(),
            "generator": self.generator.get_state(),
            "updates": torch.tensor(self.updates),
            "seconds": torch.tensor(self.seconds, dtype=torch.float64),
        }
        for name, learner in self.learners().items():
            tensors |= {f"{name}.{key}": value for key, value in learner.state().items()}
        return tensors

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from `state()`, to the last bit."""
        self.draws.set_state(tensors["draws"])
        self.generator.set_state(tensors["generator"])
        self.updates, self.seconds = int(tensors["updates"]), float(tensors["seconds"])
        for name, learner in self.learners().items():
            learner.load_state(with_prefix(tensors, f"{name}."))


class Rival(Lane):
    """One that learns to make samples like a course's."""

    def __init__(self, course: Course, settings: RaceSettings, seed: int) -> None:
        super().__init__(course, settings.batch, seed)
        self.settings = settings

    @abstractmethod
    def sample(self, count: int, generator: Generator) -> Tensor:
        """(count, …)"""
