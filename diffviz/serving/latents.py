"""Latents that the page takes apart: pictures encoded, noised, denoised once, mixed and decoded,
each by a worker of the engine when it is the visitor's turn."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import torch
from torch import Tensor

from diffviz.autoencoders import Autoencoder, autoencoder_of
from diffviz.checkpoints import Checkpoint, checkpoint_names
from diffviz.data import DATA_SETS
from diffviz.measure.latents import Cost, costs
from diffviz.media.decoding import fitted
from diffviz.runs.asking import condition_of
from diffviz.runs.conditions import conditions
from diffviz.runs.latents import (
    Apart,
    ApartSettings,
    Encoded,
    MixSettings,
    decode,
    encode,
    mixed,
    take_apart,
)
from diffviz.serving.guessing import told_if_late
from diffviz.serving.models import Models, bundled_card
from diffviz.serving.ticket import Ticket

Made = TypeVar("Made")
SECONDS, COST_SECONDS = 3.0, 30.0  # that one may wait for one's turn
SHOWN = 24  # of the pictures that no training saw, those that are offered


def latent_denoisers() -> list[str]:
    """The bundled denoisers that work on latents."""
    return [name for name in checkpoint_names() if bundled_card(name).data.autoencoder]


@dataclass(frozen=True)
class Latents:
    """What is taken apart of a denoiser of latents, `checkpoint`."""

    models: Models
    checkpoint: Checkpoint
    autoencoder: Autoencoder

    @classmethod
    def of(cls, models: Models, name: str, owner: str = "") -> Latents:
        """Raises ValueError, in a sentence, for one that is not there, or knows no latents."""
        checkpoint = models.model(name, owner)
        return cls(models, checkpoint, autoencoder_of(checkpoint.card.data))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.checkpoint.card.data.shape

    def picture(self, number: int) -> Tensor:
        """One of the pictures (C, H, W) that no training saw; they begin again after SHOWN. Raises
        ValueError where the data has none."""
        pictures = _held_out(self.autoencoder.card.data.name)
        return pictures[number % len(pictures)]

    def encode(self, picture: Tensor) -> Encoded:
        """Of a picture (C, H, W) of any size and colours."""
        seen = fitted(picture, self.autoencoder.card.data.shape)
        return self._turn(lambda: encode(self.autoencoder, seen))

    def decode(self, z: Tensor) -> tuple[Tensor, float]:
        """Of latents (B, C, H, W), each in a turn of its own."""

        def one(part: Tensor) -> tuple[Tensor, float]:
            return self._turn(lambda: decode(self.autoencoder, part))

        pictures, spent = zip(*map(one, torch.split(z, 1)), strict=True)
        return torch.cat(pictures), sum(spent)

    def apart(self, settings: ApartSettings, z: Tensor) -> Apart:
        """Of a latent (C, H, W). Raises ValueError for what cannot be said."""
        schedule, info = settings.noise_schedule(), self.checkpoint.card.data
        said = conditions(info, condition_of(info, settings.what), 1)
        denoiser, z = self.checkpoint.denoiser(), z.to(self.checkpoint.device)
        t, seed = settings.t, settings.seed
        return self._turn(
            lambda: take_apart(self.autoencoder, denoiser, z, schedule, t, seed, said)
        )

    def mix(
        self, settings: MixSettings, one: Tensor, other: Tensor
    ) -> tuple[Tensor, Tensor, float]:
        """What lies between two latents, its picture, and the decoder's milliseconds."""
        between = mixed(one, other, settings)
        pictures, spent = self.decode(between[None])
        return between, pictures[0], spent

    def costs(self) -> tuple[Cost, Cost]:
        """Of a step in pixels and in latents, measured once."""
        name = self.checkpoint.card.name
        if name not in _measured:
            _measured[name] = self._turn(
                lambda: costs(self.checkpoint, self.autoencoder), COST_SECONDS
            )
        return _measured[name]

    def _turn(self, call: Callable[[], Made], seconds: float = SECONDS) -> Made:
        def work() -> Iterator[Made]:
            yield call()

        ticket = Ticket(secrets.token_hex(8), seconds, quick=seconds == SECONDS)
        with told_if_late():
            return next(self.models.engine.pieces(work(), ticket))


_measured: dict[str, tuple[Cost, Cost]] = {}


@lru_cache(2)
def _held_out(name: str) -> list[Tensor]:
    source = DATA_SETS.get(name)
    held_out = source.held_out if source else None
    if held_out is None:
        raise ValueError(f"{name} has no pictures that no training saw")
    return [picture.clone() for picture in held_out()[:SHOWN]]
