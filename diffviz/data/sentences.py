"""Sentences as rows of words of a vocabulary: whatever somebody writes becomes some."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from diffviz.data.base import Slot
from diffviz.data.language import MAX_LENGTH, singular, split

UNKNOWN = "?"  # the value that stands for every word that is no other


class Word(NamedTuple):
    """A word of a sentence. known: whether it is in the vocabulary."""

    word: str
    known: bool


def words(sentence: str, slot: Slot) -> list[Word]:
    """The words that a slot takes of a sentence, as many as there is place for; punctuation is one.
    Raises ValueError where it has more than MAX_LENGTH characters."""
    if len(sentence) > MAX_LENGTH:
        raise ValueError(
            f"a sentence has at most {MAX_LENGTH} characters, not {len(sentence)}: shorten it"
        )
    found = split(sentence)[: slot.length]
    return [Word(word, form(word) in slot.numbers) for word in found]


def numbers(sentence: str, slot: Slot) -> Tensor:
    """The sentence as a condition, (length,) int64: of each word its value's number, from 1, and 0
    where there is none. Raises ValueError as `words` does."""
    unknown = slot.numbers.get(UNKNOWN, 0)
    row = [slot.numbers.get(form(word), unknown) for word, _ in words(sentence, slot)]
    return torch.tensor(row + [0] * (slot.length - len(row)))


def form(word: str) -> str:
    """That in which a word is compared and learned."""
    return "a" if word == "an" else singular(word)


def vocabulary(*texts: str) -> tuple[str, ...]:
    """All words of the texts, in the form in which words are compared, and UNKNOWN first."""
    found = {form(word) for text in texts for word in split(text)}
    return UNKNOWN, *sorted(found - {UNKNOWN})
