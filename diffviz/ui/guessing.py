"""The denoisers that the Forward tab asks, and its questions to them."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from torch import Tensor

from diffviz.data.fashion import load_fashion_subset
from diffviz.denoisers import Denoiser, MixtureDenoiser
from diffviz.guess import Guess, guess
from diffviz.pictures import small_grey
from diffviz.runs import MAX_SEED
from diffviz.ui.models import model

MOST_AT_ONCE = 2  # more on two cores only slow each other down
WAIT_SECONDS = 2.0
MAX_SIGMA = 1000.0
_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


@cache
def _learned() -> Denoiser:
    return model("fashion").denoiser()


@cache
def _optimal() -> Denoiser:
    pictures, classes = load_fashion_subset("train").rows(slice(None))
    return MixtureDenoiser(pictures, 0.0, classes=classes[:, 0])


DENOISERS: dict[str, tuple[str, Callable[[], Denoiser]]] = {
    "fashion": ("Trained network", _learned),
    "optimal": ("Data set's own optimum", _optimal),
}


def what_it_sees(picture: Tensor) -> Tensor:
    """The picture as the denoisers know pictures: (1, 28, 28), grey."""
    info = model("fashion").card.data
    return picture if picture.shape == info.shape else small_grey(picture, info.image_size)


def ask(name: str, x0: Tensor, seed: int, alpha: float, sigma: float) -> Guess:
    """The guess for x0 (1, 28, 28) noised to (alpha, sigma).

    Raises ValueError, in a sentence, for what is out of bounds, and when too many ask at once.
    """
    if name not in DENOISERS:
        raise ValueError(f"unknown denoiser {name!r}; choose from {', '.join(DENOISERS)}")
    check_seed(seed)
    if not (0 <= alpha <= 1 and 0 < sigma <= MAX_SIGMA and math.isfinite(sigma)):
        raise ValueError("where there is no noise, there is nothing to find; choose a later t")
    slots = len(model("fashion").card.data.slots)
    with _turn():
        return guess(DENOISERS[name][1](), x0, seed, alpha, sigma, slots)


def check_seed(seed: int) -> int:
    """The seed, if it is one; raises ValueError otherwise."""
    if not 0 <= seed <= MAX_SEED:
        raise ValueError(f"seed must be from 0 to {MAX_SEED}, not {seed}")
    return seed


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=WAIT_SECONDS):
        raise ValueError("many visitors are asking the denoiser just now; move the slider again")
    try:
        yield
    finally:
        _turns.release()
