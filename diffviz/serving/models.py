"""The denoisers that an app offers: the bundled ones, and what visitors have trained."""

from __future__ import annotations

from functools import cache

import torch

from diffviz.checkpoints import (
    Card,
    Checkpoint,
    checkpoint_names,
    load_card,
    load_checkpoint,
)
from diffviz.data import DEFAULT, DataChoice
from diffviz.denoisers.base import Denoiser
from diffviz.device import CPU
from diffviz.jobs.trainings import Trainings, running
from diffviz.serving.engine import Engine
from diffviz.serving.ticket import Ticket

TRAINED = "training:"  # before the id of a training, in place of a bundled denoiser's name


class Models:
    """engine: which evaluates them for all visitors. trainings: None where there are none.
    device: where their networks are.
    """

    def __init__(
        self, engine: Engine, trainings: Trainings | None, device: torch.device = CPU
    ) -> None:
        self.engine = engine
        self.trainings = trainings
        self.device = device

    def model(self, name: str, token: str = "") -> Checkpoint:
        """The bundled checkpoint of that name, or what a training has learned so far, for the
        owner whose token it is. Raises ValueError, in a sentence."""
        if not name.startswith(TRAINED):
            return bundled(name, self.device)
        trained = running(self.trainings).checkpoint(name.removeprefix(TRAINED), token)
        return trained.to(self.device)

    def card(self, name: str, token: str = "") -> Card:
        """Its card, without its weights; raises as above."""
        if name.startswith(TRAINED):
            return running(self.trainings).card(name.removeprefix(TRAINED), token)
        return bundled_card(name)

    def served(self, name: str, token: str, ticket: Ticket) -> tuple[Checkpoint, Denoiser]:
        """That model, and its denoiser as the engine runs it."""
        checkpoint = self.model(name, token)
        return checkpoint, self.engine.denoiser(name, checkpoint, ticket)

    def learned(self, name: str, token: str = "") -> DataChoice:
        """What that denoiser learned from; raises as `model`."""
        if name.startswith(TRAINED):
            return running(self.trainings).data(name.removeprefix(TRAINED), token)
        return DataChoice(bundled_card(name).data.name)

    def choices(self, token: str = "") -> list[tuple[str, str]]:
        """(label, name) of the denoisers that the owner of the token may choose from."""
        return [*((name, name) for name in checkpoint_names()), *self.own(token)]

    def own(self, token: str) -> list[tuple[str, str]]:
        """Those of them that this owner has trained."""
        try:
            own = running(self.trainings).owned(token)
        except ValueError:  # no token, or no trainings here
            return []
        return [(f"yours: {job['title']}", TRAINED + job["id"]) for job in own if job["usable"]]


def bundled(name: str = DEFAULT, device: torch.device = CPU) -> Checkpoint:
    """The bundled checkpoint of that name, there; raises ValueError, naming the choices."""
    return _loaded(_known(name), device)


def bundled_card(name: str = DEFAULT) -> Card:
    """Its card, without its weights; raises as above."""
    return _card(_known(name))


# A denoiser's files do not change: each is looked for, and loaded, once for all.
_found: set[str] = set()


def _known(name: str) -> str:
    """The name, before `cache` keeps whatever strangers ask for."""
    if name not in _found:
        if name not in (names := checkpoint_names()):
            raise ValueError(f"unknown denoiser {name!r}; choose from {', '.join(names)}")
        _found.add(name)
    return name


@cache
def _loaded(name: str, device: torch.device) -> Checkpoint:
    return load_checkpoint(name).to(device)


@cache
def _card(name: str) -> Card:
    return load_card(name)
