"""The denoisers that the Forward tab asks, what they see of a picture, and what it asks them."""

from __future__ import annotations

import base64
import math
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffviz.autoencoders import Autoencoder, autoencoder_of, is_ready, pictures_shape
from diffviz.checkpoints import Card, checkpoint_names
from diffviz.data import DATA_SETS, DEFAULT, GENERAL
from diffviz.data.source import DataSource
from diffviz.denoisers.base import Denoiser
from diffviz.denoisers.exact import MixtureDenoiser
from diffviz.forward import noise
from diffviz.media.decoding import fitted
from diffviz.media.picture import PICTURE
from diffviz.runs.guess import Guess, guess
from diffviz.runs.schema import SEED
from diffviz.serving.models import Models, bundled_card
from diffviz.serving.ticket import Ticket, TooLateError
from diffviz.serving.turns import Turns
from diffviz.settings import unknown

MOST_AT_ONCE = 2  # of the optimum; more on two cores only slow each other down
WAIT_SECONDS = 2.0
LARGER_SECONDS = (
    0.5  # more, for each time that a picture is as large as what a denoiser learned from
)
MAX_SIGMA = 1000.0
OPTIMUM = "optimal"


@dataclass(frozen=True)
class Offered:
    """A denoiser as the page presents it. model: the bundled one whose pictures it sees. says: what
    it makes of any picture; exact: what is to be known of one look by an exact denoiser, or ""."""

    label: str
    model: str
    knows: str
    says: str
    exact: str = ""


def _offered() -> dict[str, Offered]:
    """Each bundled denoiser of a data source, and the first one's exact optimum."""
    there = checkpoint_names()
    table = {
        source.name: Offered(f"Trained on {source.things}", source.name, source.knows, source.says)
        for source in DATA_SETS.values()
        if source.things and source.name in there and _of_pictures(source)
    }
    best = DATA_SETS[DEFAULT].optimum
    # What knows most of people's pictures comes first.
    table = {name: table[name] for name in sorted(table, key=lambda name: name != GENERAL)}
    if best and DEFAULT in table:
        knows = DATA_SETS[DEFAULT].knows
        table[OPTIMUM] = Offered(best.label, DEFAULT, knows, best.says, best.exact)
    return table


def _of_pictures(source: DataSource) -> bool:
    """Whether its denoiser sees pictures, or their latents."""
    return source.medium == PICTURE.name or bool(source.autoencoder and is_ready(source))


DENOISERS = _offered()
MANY = "many visitors are asking the denoiser just now; move the slider again"


class Guessing:
    """What an app's Forward tab asks of the denoisers."""

    def __init__(self, models: Models) -> None:
        self.models = models
        self._turns = Turns(MOST_AT_ONCE, WAIT_SECONDS)

    def denoiser(self, name: str, ticket: Ticket) -> Denoiser:
        """The denoiser of that name, for a visitor; the tab asks no other, and gets it nowhere
        else.

        Raises ValueError for an unknown one, naming the choices.
        """
        seen_by = sees(name)
        return _optimum() if name == OPTIMUM else self.models.served(seen_by, "", ticket)[1]

    def guess(self, name: str, x0: Tensor, seed: int, alpha: float, sigma: float) -> Guess:
        """The guess for x0, as the denoiser sees it, noised to (alpha, sigma).

        Raises ValueError, in a sentence, for what is out of bounds, and when too many ask at once.
        """
        info = card_of(name).data
        SEED.check(seed)
        if not (0 <= alpha <= 1 and 0 < sigma <= MAX_SIGMA and math.isfinite(sigma)):
            raise ValueError("where there is no noise, there is nothing to find; choose a later t")
        larger = x0.numel() / math.prod(pictures_shape(info)) - 1
        seconds = WAIT_SECONDS + max(0.0, larger) * LARGER_SECONDS
        ticket = Ticket(secrets.token_hex(8), seconds, quick=True)
        with self._turns.turn(MANY) if name == OPTIMUM else told_if_late():
            denoiser, coder = self.denoiser(name, ticket), coder_of(name)
            return guess(denoiser, x0, seed, alpha, sigma, info.columns, coder)


def card_of(name: str) -> Card:
    """What it sees and may be asked for; of the optimum, its data's denoiser's. Raises as above."""
    return bundled_card(sees(name))


def sees(name: str) -> str:
    """The bundled denoiser whose pictures it sees; raises ValueError as above."""
    if name not in DENOISERS:
        raise ValueError(unknown("denoiser", name, DENOISERS))
    return DENOISERS[name].model


def coder_of(name: str) -> Autoencoder | None:
    """Of a denoiser of latents, their autoencoder. Raises as above."""
    info = card_of(name).data
    return autoencoder_of(info) if info.autoencoder else None


def eps_seen(name: str, seed: int, shape: tuple[int, ...]) -> Tensor:
    """The seed's noise in what that denoiser sees, (C, H, W) of that shape; of latents what a
    linear map makes of theirs. Raises as above."""
    if (coder := coder_of(name)) is None:
        return noise(seed, shape)
    eps = noise(seed, card_of(name).data.shape)
    drawn = coder.enlarged_preview(torch.stack([eps, torch.zeros_like(eps)]))
    return drawn[0] - drawn[1]  # without the map's constant, which is the picture's


def ratio_range(name: str) -> tuple[float, float]:
    """The σ/α that it knows: those it was trained on, or all. Raises as above."""
    return (0.0, math.inf) if name == OPTIMUM else card_of(name).ratio_range


@cache
def _optimum() -> Denoiser:
    best = DATA_SETS[DEFAULT].optimum
    assert best is not None  # or it is not offered
    pictures, classes = best.load()
    return MixtureDenoiser(pictures, 0.0, classes=classes[:, 0])


def shape_seen(shape: Sequence[int], name: str) -> tuple[int, int, int]:
    """(C, H, W) of what that denoiser sees of a picture of that shape: of its own size where the
    denoiser knows any. Raises as above."""
    card = card_of(name)
    channels, height, width = pictures_shape(card.data)
    if card.network.any_size:
        height, width = shape[1:]
    return channels, height, width


def what_it_sees(picture: Tensor, name: str) -> Tensor:
    """The picture as that denoiser knows pictures, (C, H, W); the very one where it fits."""
    shape = shape_seen(picture.shape, name)
    return picture if tuple(picture.shape) == shape else fitted(picture, shape)


def from_levels_sent(text: Any, name: str) -> Tensor:
    """What that denoiser sees, (C, H, W), of the bytes that the page was sent of it, in base64.
    Raises ValueError where they are no such picture."""
    shape = pictures_shape(card_of(name).data)
    try:
        levels = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
        return torch.from_numpy(levels.reshape(shape).astype(np.float32)) / 127.5 - 1
    except (TypeError, ValueError) as error:
        raise ValueError(f"a picture of {' × '.join(map(str, shape))} bytes is needed") from error


@contextmanager
def told_if_late() -> Iterator[None]:
    try:
        yield
    except TooLateError as error:
        raise ValueError(MANY) from error
