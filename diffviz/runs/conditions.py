"""Conditions by name as the rows of numbers that networks take."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

import torch
from torch import Tensor

from diffviz.data.base import DataInfo
from diffviz.data.sentences import numbers, words
from diffviz.runs.schema import EACH, GUIDANCE, RunSettings


def conditions(info: DataInfo, condition: Mapping[str, str], count: int) -> Tensor:
    """Slot values by name as (count, slots) int64, a sentence's words in as many columns; raises
    ValueError naming the choices."""
    slots = {slot.name: slot for slot in info.slots}
    if unknown := set(condition) - set(slots):
        known = f"choose from {', '.join(slots)}" if slots else f"{info.name} takes none"
        raise ValueError(f"unknown condition {', '.join(sorted(unknown))}; {known}")
    places = places_of(info)
    table = torch.zeros(count, info.columns, dtype=torch.int64)
    for slot in info.slots:
        value, place = condition.get(slot.name), places[slot.name]
        if value is not None and slot.length > 1:
            table[:, place] = numbers(value, slot)
        elif value == EACH:
            table[:, place] = (torch.arange(count) % len(slot.values) + 1)[:, None]
        elif value in slot.values:
            table[:, place] = slot.values.index(value) + 1
        elif value is not None:
            raise ValueError(
                f"unknown {slot.name} {value!r}; choose from {', '.join(slot.values)} or {EACH}"
            )
    return table


def not_understood(info: DataInfo, *said: Mapping[str, str]) -> tuple[str, ...]:
    """The words of sentences, in conditions by name, that are not in the vocabulary."""
    found = [
        word.word
        for condition in said
        for slot in info.slots
        if slot.length > 1
        for word in words(condition.get(slot.name, ""), slot)
        if not word.known
    ]
    return tuple(dict.fromkeys(found))


def places_of(info: DataInfo) -> dict[str, slice]:
    """Where each slot's values are in a row."""
    ends = list(accumulate(slot.length for slot in info.slots))
    return {
        slot.name: slice(end - slot.length, end) for slot, end in zip(info.slots, ends, strict=True)
    }


def rows(settings: RunSettings, info: DataInfo) -> Tensor:
    """The condition of each picture, (count, slots) int64; raises ValueError as `conditions`."""
    table = conditions(info, settings.condition, settings.count)
    vary = settings.vary
    if vary and vary.what != GUIDANCE.name:
        for i in range(settings.count):
            value = str(vary.values[i % settings.columns])
            one = conditions(info, {vary.what: value} if value else {}, 1)[0]
            place = places_of(info)[vary.what]
            table[i, place] = one[place]
    return table


def alone(settings: RunSettings, info: DataInfo, index: int) -> RunSettings:
    """The run that makes a run's picture of that index by itself, from a seed of its own; of media
    whose samples share one stream of noise there is none."""
    row, scale, vary = rows(settings, info)[index], settings.scale, settings.vary
    said = dict(settings.condition)
    if vary:
        said[vary.what] = str(vary.values[index % settings.columns])
    condition = {}
    for slot in info.slots:
        value = int(row[places_of(info)[slot.name].start])
        if value:  # a sentence stays as it was written
            whole = slot.length > 1
            condition[slot.name] = said[slot.name] if whole else slot.values[value - 1]
    guidance = scale[index] if isinstance(scale, list) else scale
    seed = settings.seeds[index]
    return settings.but(count=1, vary=None, condition=condition, guidance=guidance, seed=seed)
