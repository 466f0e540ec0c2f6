"""A generative adversarial network (Goodfellow et al. 2014)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from diffviz.rivals.courses import Course
from diffviz.rivals.rival import Learner, Rival, perceptron, width_for
from diffviz.rivals.settings import RaceSettings

BETA2 = 0.999
LEAK = 0.2  # of the critic's units (Radford et al. 2016, section 3)


class Pair(nn.Module):
    """generator: z (B, noise) → samples; critic: samples → the log-odds that they are real."""

    def __init__(self, course: Course, width: int) -> None:
        super().__init__()
        self.shape = course.info.shape
        numbers = math.prod(self.shape)
        self.generator = perceptron(course.noise, numbers, width, nn.ReLU())
        if course.info.medium == "picture":
            self.generator.append(nn.Tanh())  # levels lie in −1..1
        self.critic = perceptron(numbers, 1, width, nn.LeakyReLU(LEAK))

    def make(self, z: Tensor) -> Tensor:
        made: Tensor = self.generator(z)
        return made.reshape(-1, *self.shape)

    def judge(self, x: Tensor) -> Tensor:
        judged: Tensor = self.critic(x.flatten(1))
        return judged


class GAN(Rival):
    """The critic D descends E softplus(−D(x)) + E softplus(D(G(z))), the generator the
    non-saturating E softplus(−D(G(z))) (Goodfellow et al. 2014, section 3), in turns.

    With a penalty γ, R1: the critic's loss has γ/2·E|∇D(x)|² more (Mescheder et al. 2018, eq. 9),
    which makes the equilibrium one that is come to.
    """

    title = "GAN"
    source = "Goodfellow et al. 2014, Adam as Radford et al. 2016"

    def __init__(self, course: Course, settings: RaceSettings, seed: int) -> None:
        super().__init__(course, settings, seed)
        width = width_for(settings.budget()[0], lambda width: Pair(course, width))
        self.pair = Pair(course, width)
        betas = settings.momentum, BETA2
        self.generating = Learner(self.pair.generator, settings.generator_rate, betas)
        self.judging = Learner(self.pair.critic, settings.critic_rate, betas)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return self.pair.generator, self.pair.critic

    def learners(self) -> dict[str, Learner]:
        return {"generator": self.generating, "critic": self.judging}

    def noise(self, count: int, generator: Generator) -> Tensor:
        return torch.randn(count, self.course.noise, generator=generator)

    def learn(self) -> dict[str, float]:
        for _ in range(self.settings.critic_updates):
            critic = self.critic_loss(self.data())
            self.judging.descend(critic)
        made = self.pair.make(self.noise(self.settings.batch, self.generator))
        loss = F.softplus(-self.pair.judge(made)).mean()
        self.generating.descend(loss)
        return {"critic": critic.item(), "generator": loss.item()}

    def critic_loss(self, real: Tensor) -> Tensor:
        penalised = self.settings.penalty > 0
        real = real.requires_grad_(penalised)
        with torch.no_grad():
            made = self.pair.make(self.noise(len(real), self.generator))
        judged = self.pair.judge(real)
        loss = F.softplus(-judged).mean() + F.softplus(self.pair.judge(made)).mean()
        if penalised:
            (slope,) = torch.autograd.grad(judged.sum(), real, create_graph=True)
            loss = loss + self.settings.penalty / 2 * slope.flatten(1).square().sum(1).mean()
        return loss

    @torch.no_grad()
    def sample(self, count: int, generator: Generator) -> Tensor:
        return self.pair.make(self.noise(count, generator))
