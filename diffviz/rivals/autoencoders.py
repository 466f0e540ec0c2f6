"""An autoencoder, and the variational one (Kingma & Welling 2014)."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor, nn

from diffviz.rivals.courses import Course
from diffviz.rivals.rival import Learner, Rival, perceptron, width_for
from diffviz.rivals.settings import RaceSettings

BETAS = 0.9, 0.999  # Adam's own
CODES = 2000  # that the Gaussian is fitted to


class Coder(nn.Module):
    """encoder: samples (B, …) → `told` numbers for each of the code; decoder: codes → samples."""

    def __init__(self, course: Course, told: int, width: int) -> None:
        super().__init__()
        self.shape = course.info.shape
        numbers = math.prod(self.shape)
        self.encoder = perceptron(numbers, told * course.code, width, nn.ReLU())
        self.decoder = perceptron(course.code, numbers, width, nn.ReLU())
        if course.info.medium == "picture":
            self.decoder.append(nn.Tanh())  # levels lie in −1..1

    def encode(self, x: Tensor) -> Tensor:
        coded: Tensor = self.encoder(x.flatten(1))
        return coded

    def decode(self, code: Tensor) -> Tensor:
        decoded: Tensor = self.decoder(code)
        return decoded.reshape(-1, *self.shape)


class VariationalCoder(Coder):
    """The encoder tells a Gaussian over codes, mean and log variance; decoded is the mean of one
    over samples, whose standard deviation, the same for all numbers, is learned too (appendix C.2
    there)."""

    def __init__(self, course: Course, width: int) -> None:
        super().__init__(course, 2, width)
        self.log_std = nn.Parameter(torch.zeros(()))


class Autoencoder(Rival):
    """The mean squared error of decoding what was encoded. It knows no way to make samples: a
    Gaussian is fitted to the codes of data, and drawn from."""

    title = "Autoencoder"
    source = "Hinton & Salakhutdinov 2006, here sampled from a Gaussian fitted to its codes"

    def __init__(self, course: Course, settings: RaceSettings, seed: int) -> None:
        super().__init__(course, settings, seed)
        self.coder = Coder(
            course, 1, width_for(settings.budget()[0], lambda w: Coder(course, 1, w))
        )
        self.learner = Learner(self.coder, settings.rate, BETAS)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return (self.coder,)

    def learners(self) -> dict[str, Learner]:
        return {"coder": self.learner}

    def learn(self) -> dict[str, float]:
        x = self.data()
        loss = (self.coder.decode(self.coder.encode(x)) - x).square().mean()
        self.learner.descend(loss)
        return {"error": loss.item()}

    @torch.no_grad()
    def sample(self, count: int, generator: Generator) -> Tensor:
        codes = self.coder.encode(self.course.batch(CODES, Generator().manual_seed(0))).double()
        mean, spread = codes.mean(0), torch.cov(codes.T)
        # A code that the encoder leaves unused has no variance: the square root, not Cholesky's.
        values, axes = torch.linalg.eigh(spread)
        eps = torch.randn(count, self.course.code, generator=generator).double()
        return self.coder.decode((mean + eps * values.clamp(min=0).sqrt() @ axes.T).float())


class VAE(Rival):
    """Descends the negative evidence lower bound (Kingma & Welling 2014, eq. 10), one draw for each
    sample: KL(q(z|x) ‖ N(0, 1)) − log N(x; decoded z, std²)."""

    title = "VAE"
    source = "Kingma & Welling 2014"

    def __init__(self, course: Course, settings: RaceSettings, seed: int) -> None:
        super().__init__(course, settings, seed)
        width = width_for(settings.budget()[0], lambda width: VariationalCoder(course, width))
        self.coder = VariationalCoder(course, width)
        self.learner = Learner(self.coder, settings.rate, BETAS)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return (self.coder,)

    def learners(self) -> dict[str, Learner]:
        return {"coder": self.learner}

    def learn(self) -> dict[str, float]:
        x = self.data()
        mean, log_variance = self.coder.encode(x).chunk(2, dim=1)
        eps = torch.randn(mean.shape, generator=self.generator)
        decoded = self.coder.decode(mean + (log_variance / 2).exp() * eps)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        log_std = self.coder.log_std
        squares = (decoded - x).flatten(1).square() / (2 * (2 * log_std).exp())
        misfit = (squares + log_std + 0.5 * math.log(2 * math.pi)).sum(1).mean()
        self.learner.descend(divergence + misfit)
        return {"divergence": divergence.item(), "misfit": misfit.item()}

    @torch.no_grad()
    def sample(self, count: int, generator: Generator) -> Tensor:
        """Points as the model has them, with its noise; of pictures the mean, as is customary."""
        x = self.coder.decode(torch.randn(count, self.course.code, generator=generator))
        if self.course.info.medium == "picture":
            return x
        return x + self.coder.log_std.exp() * torch.randn(x.shape, generator=generator)
