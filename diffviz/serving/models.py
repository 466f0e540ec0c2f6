"""The denoisers that the page offers, each loaded once for all visitors."""

from __future__ import annotations

from functools import cache

from diffviz.checkpoints import Checkpoint, checkpoint_names, load_checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.jobs.trainings import running
from diffviz.serving.service import service
from diffviz.serving.ticket import Ticket

TRAINED = "training:"  # before the id of a training, in place of a bundled denoiser's name


def model(name: str = "fashion", token: str = "") -> Checkpoint:
    """The bundled checkpoint of that name, or what a training has learned so far, for the owner
    whose token it is. Raises ValueError, in a sentence."""
    if name.startswith(TRAINED):
        return running().checkpoint(name.removeprefix(TRAINED), token)
    if name not in checkpoint_names():  # before `cache` keeps whatever strangers ask for
        raise ValueError(f"unknown denoiser {name!r}; choose from {', '.join(checkpoint_names())}")
    return bundled(name)


def served(name: str, token: str, ticket: Ticket) -> tuple[Checkpoint, Denoiser]:
    """That model, and its denoiser as the engine for all visitors runs it."""
    checkpoint = model(name, token)
    return checkpoint, service().engine.denoiser(name, checkpoint, ticket)


@cache
def bundled(name: str) -> Checkpoint:
    return load_checkpoint(name)


def choices(token: str = "") -> list[tuple[str, str]]:
    """(label, name) of the denoisers that the owner of the token may choose from."""
    named = [(name, name) for name in checkpoint_names()]
    try:
        own = running().owned(token)
    except ValueError:  # no token, or no trainings here
        own = []
    return named + [(f"yours: {job['title']}", TRAINED + job["id"]) for job in own if job["usable"]]
