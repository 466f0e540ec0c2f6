"""Conditions by name as the rows of numbers that networks take."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from diffviz.data.base import DataInfo
from diffviz.runs.schema import EACH, GUIDANCE, RunSettings


def conditions(info: DataInfo, condition: Mapping[str, str], count: int) -> Tensor:
    """Slot values by name as (count, slots) int64; raises ValueError naming the choices."""
    slots = {slot.name: slot for slot in info.slots}
    if unknown := set(condition) - set(slots):
        raise ValueError(
            f"unknown condition {', '.join(sorted(unknown))}; choose from {', '.join(slots)}"
        )
    table = torch.zeros(count, len(slots), dtype=torch.int64)
    for column, slot in enumerate(info.slots):
        value = condition.get(slot.name)
        if value == EACH:
            table[:, column] = torch.arange(count) % len(slot.values) + 1
        elif value in slot.values:
            table[:, column] = slot.values.index(value) + 1
        elif value is not None:
            raise ValueError(
                f"unknown {slot.name} {value!r}; choose from {', '.join(slot.values)} or {EACH}"
            )
    return table


def rows(settings: RunSettings, info: DataInfo) -> Tensor:
    """The condition of each picture, (count, slots) int64; raises ValueError as `conditions`."""
    table = conditions(info, settings.condition, settings.count)
    vary = settings.vary
    if vary and vary.what != GUIDANCE.name:
        for i in range(settings.count):
            value = str(vary.values[i % settings.columns])
            one = conditions(info, {vary.what: value} if value else {}, 1)[0]
            column = [slot.name for slot in info.slots].index(vary.what)
            table[i, column] = one[column]
    return table


def alone(settings: RunSettings, info: DataInfo, index: int) -> RunSettings:
    """The run that makes a run's picture of that index by itself, from a seed of its own; of media
    whose samples share one stream of noise there is none."""
    row, scale = rows(settings, info)[index], settings.scale
    condition = {
        slot.name: slot.values[value - 1]
        for slot, value in zip(info.slots, row.tolist(), strict=True)
        if value
    }
    guidance = scale[index] if isinstance(scale, list) else scale
    seed = settings.seeds[index]
    return settings.but(count=1, vary=None, condition=condition, guidance=guidance, seed=seed)
