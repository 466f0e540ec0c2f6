"""What a hero may be: the slots, how often each value is drawn, what fits what; random draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import Generator, Tensor

from diffviz.data.base import Slot
from diffviz.data.heroes.layers import BACKGROUNDS, COLOURED, PLAIN
from diffviz.data.language import NONE

# NONE is a real value: there is nothing there. What is not said has no value at all.
SLOTS = (
    Slot("species", tuple(PLAIN["species"])),
    *(Slot(name, (NONE, *PLAIN[name])) for name in ("hair", "beard")),
    Slot("clothes", (NONE, *COLOURED["clothes"])),
    Slot(
        "clothes colour",
        tuple(sorted({c for colours in COLOURED["clothes"].values() for c in colours if c})),
    ),
    *(Slot(name, (NONE, *PLAIN[name])) for name in ("cloak", "legs", "boots", "gloves")),
    Slot("headgear", (NONE, *COLOURED["headgear"])),
    Slot(
        "headgear colour",
        tuple(sorted({c for colours in COLOURED["headgear"].values() for c in colours if c})),
    ),
    *(Slot(name, (NONE, *PLAIN[name])) for name in ("main hand", "off hand")),
    Slot("background", tuple(BACKGROUNDS)),
)
# What hides other things is drawn before them, or it would be rare.
DRAW_FIRST = ("species", "clothes", "headgear")
SLOT_INDEX = {slot.name: i for i, slot in enumerate(SLOTS)}
COLOUR_OF = {name: f"{name} colour" for name in COLOURED}  # the slot of a slot's colour
# How often, where it is not as often as its neighbours (weight 1).
WEIGHTS: dict[str, dict[str, float]] = {
    "species": {"human": 2.5, "deep elf": 1.5, "deep dwarf": 1.5},
    "hair": {NONE: 1.5},
    "beard": {NONE: 5},
    "clothes": {
        NONE: 1.5,
        "robe": 5,
        "shirt": 3,
        "leather armour": 1.5,
        "plate armour": 3,
        "dragon armour": 3.5,
    },
    "cloak": {NONE: 10},
    "legs": {NONE: 4},
    "boots": {NONE: 5},
    "gloves": {NONE: 7},
    "headgear": {NONE: 4, "wizard hat": 2, "feathered hat": 1.5, "hood": 1.5},
    "main hand": {NONE: 2},
    "off hand": {NONE: 3},
    "background": {"grey": 9},
}


@dataclass(frozen=True)
class Unfit:
    """No picture shows one of `values` in `slot` together with one of `others` in `other`.

    `others` empty: with anything there but "none". why: the reason, after "…, because".
    """

    slot: str
    values: tuple[str, ...]
    other: str
    others: tuple[str, ...]
    why: str


HAIRY = ("human", "deep elf", "deep dwarf", "naga")
BEARDED = ("human", "deep dwarf", "orc", "naga")
TAILED = ("merfolk", "naga", "armataur")
OPEN_FACED = (  # of a face of their own, which a helmet or hood would hide
    "kobold", "gnoll", "frog", "tengu", "formicid", "gargoyle", "demonspawn",
    "red draconian", "gold draconian", "purple draconian",
)  # fmt: skip
HIDING = ("hood", "full helmet", "plumed helmet", "pumpkin")


def _all_but(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in PLAIN["species"] if name not in names)


UNFIT = (
    Unfit("species", _all_but(HAIRY), "hair", (), "it has none"),
    Unfit("species", _all_but(BEARDED), "beard", (), "it has none"),
    Unfit("species", TAILED, "legs", (), "its body ends in another way"),
    Unfit("species", TAILED, "boots", (), "its body ends in another way"),
    Unfit("species", TAILED, "clothes", ("leather armour",), "that has legs"),
    Unfit("species", ("gargoyle", "tengu"), "cloak", (), "it has wings"),
    Unfit("species", ("naga",), "cloak", (), "its coils would hide it"),
    Unfit("species", ("minotaur",), "headgear", (), "it has horns"),
    Unfit("species", OPEN_FACED, "headgear", HIDING, "it would hide the face"),
    Unfit("headgear", HIDING, "hair", (), "it would hide it"),
    Unfit("headgear", HIDING, "beard", (), "it would hide it"),
    Unfit("headgear", HIDING, "gloves", (), "nothing of the skin would be seen"),
    Unfit(
        "clothes",
        ("robe", "leather armour", "plate armour", "dragon armour"),
        "legs",
        (),
        "it would hide them",
    ),
    Unfit("species", ("kobold", "gargoyle"), "legs", ("black trousers",), "its legs are as dark"),
    Unfit("species", ("troll",), "legs", ("green trousers",), "its legs are as green"),
    Unfit("species", ("red draconian",), "legs", ("red trousers",), "its legs are as red"),
    Unfit("species", ("gargoyle",), "boots", ("grey",), "its feet are as grey"),
    Unfit("species", ("demonspawn",), "boots", ("brown",), "its feet are as brown"),
)
# Seen in no training picture: what a denoiser makes of them shows whether it composes.
HELD_OUT: tuple[dict[str, str], ...] = (
    {"clothes": "robe", "clothes colour": "blue", "main hand": "axe"},
    {"species": "naga", "headgear": "crown"},
    {"species": "mummy", "main hand": "bow"},
    {"species": "frog", "headgear": "wizard hat"},
    {"species": "deep elf", "off hand": "tower shield"},
    {"species": "troll", "clothes": "robe", "clothes colour": "red"},
    {"species": "gargoyle", "clothes": "plate armour"},
    {"cloak": "red", "main hand": "trident"},
    {"main hand": "scythe", "off hand": "book"},
)


@cache
def allowed() -> dict[tuple[int, int], Tensor]:
    """The rules: [a, b][value of a, value of b] is whether a picture may have both, for two slots
    that have a rule, in both orders. (values + 1, values + 1) bool."""
    tables: dict[tuple[int, int], Tensor] = {}

    def table(a: str, b: str) -> Tensor:
        pair = SLOT_INDEX[a], SLOT_INDEX[b]
        if pair not in tables:
            tables[pair] = torch.ones(len(values(a)) + 1, len(values(b)) + 1, dtype=torch.bool)
        return tables[pair]

    for rule in UNFIT:
        for value in rule.values:
            row = values(rule.slot).index(value) + 1
            for other in rule.others or (v for v in values(rule.other) if v != NONE):
                table(rule.slot, rule.other)[row, values(rule.other).index(other) + 1] = False
    for slot, kinds in COLOURED.items():
        colours = ("", *values(COLOUR_OF[slot]))
        for row, value in enumerate(values(slot), 1):
            comes_in = kinds.get(value, {"": ""})
            table(slot, COLOUR_OF[slot])[row] = torch.tensor([c in comes_in for c in colours])
    return tables | {(b, a): matrix.T for (a, b), matrix in tables.items()}


@cache
def weights() -> list[Tensor]:
    """How often each value of a slot is drawn, (values + 1,) float64. The first is for "nothing to
    say", which only a colour can be, and then the rules allow it nothing else."""
    return [
        torch.tensor(
            [
                float(slot.name in COLOUR_OF.values()),
                *(WEIGHTS.get(slot.name, {}).get(value, 1.0) for value in slot.values),
            ],
            dtype=torch.float64,
        )
        for slot in SLOTS
    ]


def values(slot: str) -> tuple[str, ...]:
    return SLOTS[SLOT_INDEX[slot]].values


def draw_order() -> list[int]:
    first = [SLOT_INDEX[name] for name in DRAW_FIRST]
    return first + [slot for slot in range(len(SLOTS)) if slot not in first]


def domains(said: Tensor) -> list[Tensor]:
    """Which values each slot can still take beside those said. said: (n, slots), 0 for "not said";
    of each slot (n, values + 1) bool, all False where something said does not fit together."""
    left = []
    for slot, weight in enumerate(weights()):
        this = said[:, slot, None]
        left.append(torch.where(this == 0, weight > 0, this == torch.arange(len(weight))))
    while True:
        before = sum(int(domain.sum()) for domain in left)
        for (a, b), matrix in allowed().items():
            left[a] &= left[b].float() @ matrix.T.float() > 0
        if before == sum(int(domain.sum()) for domain in left):
            return left


def draw_values(size: int, generator: Generator, said: Tensor | None = None) -> Tensor:
    """Random values of all slots, (size, slots) int64, that keep what is said and fit together.

    said: (size, slots), 0 for "not said". Raises ValueError where it does not fit together.
    """
    chance = torch.rand(size, len(SLOTS), generator=generator).double()
    left = None if said is None else domains(said)
    if left is not None and not all(domain.any(1).all() for domain in left):
        raise ValueError("no picture shows all of this together")
    drawn = torch.empty(size, len(SLOTS), dtype=torch.int64)
    done: list[int] = []
    for slot in draw_order():
        share = weights()[slot].expand(size, -1)
        if left is not None:
            share = share * left[slot]
        for other in done:
            if (other, slot) in allowed():
                share = share * allowed()[other, slot][drawn[:, other]]
        done.append(slot)
        share = share.cumsum(1)
        drawn[:, slot] = (share <= chance[:, slot, None] * share[:, -1:]).sum(1)
    return drawn


def encode(condition: Mapping[str, str]) -> Tensor:
    """Slot → value as (slots,) int64, 0 for "not said"; raises ValueError naming the choices."""
    row = torch.zeros(len(SLOTS), dtype=torch.int64)
    for name, value in condition.items():
        if name not in SLOT_INDEX:
            raise ValueError(f"unknown condition {name!r}; choose from {', '.join(SLOT_INDEX)}")
        if value not in values(name):
            raise ValueError(f"unknown {name} {value!r}; choose from {', '.join(values(name))}")
        row[SLOT_INDEX[name]] = values(name).index(value) + 1
    return row


def decode(row: Tensor) -> dict[str, str]:
    """The other way: what a condition (slots,) says."""
    return {
        slot.name: slot.values[value - 1]
        for slot, value in zip(SLOTS, row.tolist(), strict=True)
        if value
    }


@cache
def held_out() -> Tensor:
    """The combinations of HELD_OUT, (combinations, slots), 0 where one says nothing."""
    return torch.stack([encode(combination) for combination in HELD_OUT])


def is_held_out(drawn: Tensor) -> Tensor:
    """(n, slots) → (n,) bool: whether it holds one of the combinations."""
    rules = held_out()
    return ((drawn[:, None] == rules) | (rules == 0)).all(2).any(1)
