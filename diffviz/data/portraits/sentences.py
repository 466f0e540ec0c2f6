"""Sentences about a portrait, which its denoiser reads as they are, and such by dice."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Generator

from diffviz.data.language import Understood, split
from diffviz.data.portraits.captions import WORDS as SLOT
from diffviz.data.portraits.captions import Chance, caption
from diffviz.data.portraits.words import SLOTS
from diffviz.data.sentences import words
from diffviz.data.source import Words


def understand(sentence: str) -> Understood:
    """The condition that is the sentence itself. Raises ValueError where it is too long."""
    found = words(sentence, SLOT)
    beyond = split(sentence)[SLOT.length :]
    cut = (f"only the first {SLOT.length} words are read, not “{' '.join(beyond)}”",)
    return Understood(
        {SLOT.name: sentence.strip()} if found else {},
        tuple(dict.fromkeys(word.word for word in found if not word.known)),
        cut if beyond else (),
    )


def sentence(condition: Mapping[str, str]) -> str:
    """`understand` the other way."""
    return condition.get(SLOT.name, "")


def dice(generator: Generator) -> dict[str, str]:
    """What somebody may say of a portrait with a random word for each slot."""
    numbers = [int(torch.randint(len(slot.values), (), generator=generator)) for slot in SLOTS]
    shown = {slot.name: slot.values[n] for slot, n in zip(SLOTS, numbers, strict=True)}
    return {SLOT.name: caption(shown, Chance(generator)) or "a portrait"}


WORDS = Words(
    (),
    understand,
    sentence,
    dice,
    example="a smiling woman with long blonde hair, glasses and a green shirt",
    negative="a hat",
    of_a_picture="a smiling man with curly black hair and a red shirt",
)
