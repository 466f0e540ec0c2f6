"""What the words of a run do: the pixels that look each one up, and a run again with another word,
in which pixels look where they did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from diffviz.checkpoints import Checkpoint
from diffviz.data.base import DataInfo
from diffviz.data.sentences import words
from diffviz.forward import SeededNoise
from diffviz.networks.attention import KeptAttention, WatchedAttention, with_own_hooks
from diffviz.runs.conditions import conditions, places_of
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.samplers import Step
from diffviz.settings import Setting, Settings

MOST_REWORDED = 4  # samples of a run that are made again with other words


class Word(NamedTuple):
    """Of what was said: as people read it, and its column in a condition."""

    label: str
    column: int


class Watched(NamedTuple):
    """A step, and the weights with which each pixel looks up each word, (count, words, h, w)."""

    step: Step
    maps: Tensor


class RewordSettings(Settings):
    """Another sentence for a run, and for how long its pixels look where they did."""

    to: Annotated[str, Setting(label="Instead", help="The other sentence")] = ""
    kept: Annotated[
        float,
        Setting(
            label="Attention kept",
            help="The share of the steps in which pixels look words up where they did for the"
            " first sentence",
            minimum=0,
            maximum=1,
            step=0.05,
            hint=True,
        ),
    ] = 0.8


def said(info: DataInfo, condition: Mapping[str, str]) -> list[Word]:
    """The words of a sentence, or what is said of each slot."""
    places, found = places_of(info), []
    for slot in info.slots:
        first, value = places[slot.name].start, condition.get(slot.name)
        if value and slot.length > 1:
            found += [Word(w.word, first + i) for i, w in enumerate(words(value, slot))]
        elif value:
            found.append(Word(f"{slot.name}: {value}", first))
    return found


def watched(settings: RunSettings, checkpoint: Checkpoint) -> Iterator[Watched]:
    """The run again, with what its pixels look up, a step's at a time; the last step has the
    weights of the one before. Raises ValueError, before the first, where nothing is said, or looked
    up."""
    info = checkpoint.card.data
    told = said(info, settings.condition)
    if not told:
        raise ValueError("nothing is said of these pictures: there are no words to look up")
    network = with_own_hooks(checkpoint.network)
    attention = WatchedAttention(network, info.shape[1:])
    return _watched(settings, replace(checkpoint, network=network), attention, told)


def _watched(
    settings: RunSettings, checkpoint: Checkpoint, attention: WatchedAttention, told: list[Word]
) -> Iterator[Watched]:
    for step in run(settings, checkpoint):
        maps = attention.maps()[: settings.count]  # without guidance's other side
        before = maps.shape[1] - checkpoint.card.data.columns  # a token for the whole sentence
        yield Watched(step, maps[:, [before + word.column for word in told]])


def aligned(old: list[str], new: list[str]) -> list[int]:
    """Of each new word the place of the old one whose part of the picture it takes, −1 where there
    is none: the same word, or what stands for one."""
    found = [-1] * len(new)
    for what, i, end, j, other in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal" or (what == "replace" and end - i == other - j):
            found[j:other] = range(i, end)
    return found


def reworded(
    settings: RunSettings, to: Mapping[str, str], kept: float, checkpoint: Checkpoint
) -> Iterator[Step]:
    """The run's first samples, at most MOST_REWORDED, three times from the same noise, one after
    the other in each step's batch (3·n, …): as they were; with other words, while in that share of
    the steps pixels look words up as they did for the first (prompt-to-prompt, Hertz et al. 2022);
    and with the other words alone.

    Raises ValueError, before the first, for a comparison, words that are not known, and a network
    that looks none up.
    """
    info = checkpoint.card.data
    if settings.vary:
        raise ValueError("what differs from column to column already cannot be said otherwise")
    n = min(settings.count, MOST_REWORDED)
    one, other = (conditions(info, condition, 1) for condition in (settings.condition, to))
    network = with_own_hooks(checkpoint.network)
    attention = KeptAttention(network, n, _places(info, settings.condition, to, checkpoint))
    same = settings.but(count=3 * n)
    noise = SeededNoise([*same.seeds[:n]] * 3, info.shape, checkpoint.device)
    rows = torch.cat([one.expand(n, -1), other.expand(2 * n, -1)])
    attention.on = kept > 0
    steps = run(same, replace(checkpoint, network=network), rows, noise=noise)
    return _kept(steps, attention, kept * settings.steps)


def _kept(steps: Iterator[Step], attention: KeptAttention, until: float) -> Iterator[Step]:
    for step in steps:
        attention.on = step.index + 1 < until
        yield step


def _places(
    info: DataInfo, old: Mapping[str, str], new: Mapping[str, str], checkpoint: Checkpoint
) -> list[int]:
    """Of each token of the new condition the one whose weights it takes: where all slots are tokens
    the same, of sentences as `aligned`."""
    before = 1 if any(slot.length > 1 for slot in info.slots) else 0
    found = list(range(before + info.columns))
    for slot in info.slots:
        if slot.length == 1:
            continue
        first = before + places_of(info)[slot.name].start
        texts = (
            [word.word for word in words(said.get(slot.name, ""), slot)] for said in (old, new)
        )
        ours = aligned(*texts)
        ours += [-1] * (slot.length - len(ours))
        found[first : first + slot.length] = [
            place if place < 0 else first + place for place in ours
        ]
    return found
