"""A hero's condition as a sentence, a sentence as a condition, and conditions by dice."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Generator

from diffviz.data.heroes.layers import COLOURED
from diffviz.data.heroes.rules import (
    COLOUR_OF,
    HELD_OUT,
    SLOT_INDEX,
    SLOTS,
    UNFIT,
    decode,
    domains,
    draw_values,
    encode,
    is_held_out,
)
from diffviz.data.heroes.words import COLOURS, FILLERS, nouns
from diffviz.data.language import NONE, Language, Understood
from diffviz.data.source import Words

SUBJECT = "hero"  # where no species is said
MASS = ("armour", "mail", "trousers", "boots", "gloves", "hair", "clothes", "headgear")  # no "a"
# How a value is said where the value alone would not do.
PHRASES = {
    "hair": "{} hair",
    "beard": "{} beard",
    "clothes colour": "{} clothes",
    "cloak": "{} cloak",
    "boots": "{} boots",
    "gloves": "{} gloves",
    "headgear colour": "{} headgear",
    "background": "{} background",
}
SPOKEN = {"pumpkin": "pumpkin head"}  # values that need more than their name
NOTHING = {
    "hair": "no hair",
    "beard": "no beard",
    "clothes": "no clothes",
    "cloak": "no cloak",
    "legs": "no trousers",
    "boots": "no boots",
    "gloves": "no gloves",
    "headgear": "no hat",
    "main hand": "no weapon",
    "off hand": "nothing in the off hand",
}
# The parts of a sentence after its subject: what leads in, and the slots.
PARTS = (
    (" with", ("hair", "beard")),
    (
        " in",
        (
            *("clothes", "clothes colour", "cloak", "legs", "boots", "gloves"),
            *("headgear", "headgear colour"),
        ),
    ),
    (", holding", ("main hand", "off hand")),
    (", on", ("background",)),
)


def phrase(slot: str, value: str, colour: str = "") -> str:
    """A slot's value as words: "a blue robe", "no hat"."""
    if value == NONE:
        return NOTHING[slot]
    words = PHRASES.get(slot, "{}").format(SPOKEN.get(value, value))
    words = f"{colour} {words}" if colour else words
    if words.endswith(MASS):
        return words
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def sentence(condition: Mapping[str, str]) -> str:
    """A caption that says a condition, and that `understand` reads as just that.

    Raises ValueError for an unknown slot or value, naming the choices.
    """
    encode(condition)
    text = phrase("species", condition.get("species", SUBJECT))
    for lead, slots in PARTS:
        things = [thing for slot in slots if (thing := _thing(slot, condition))]
        if things:
            text += f"{lead} {' and '.join(filter(None, [', '.join(things[:-1]), things[-1]]))}"
    nothing = [NOTHING[slot.name] for slot in SLOTS if condition.get(slot.name) == NONE]
    return ", ".join([text, *nothing])


def _thing(slot: str, condition: Mapping[str, str]) -> str:
    """What a slot adds to a sentence: nothing for a colour that is said with its thing."""
    value = condition.get(slot, NONE)
    thing = next((thing for thing, colour in COLOUR_OF.items() if colour == slot), "")
    if value == NONE or condition.get(thing, NONE) != NONE:
        return ""
    return phrase(slot, value, condition.get(COLOUR_OF.get(slot, ""), ""))


def contradictions(condition: Mapping[str, str]) -> tuple[str, ...]:
    """Sentences on what a condition asks for that no picture shows; none where all fits."""
    found = []
    for rule in UNFIT:
        value, other = condition.get(rule.slot), condition.get(rule.other, NONE)
        if value in rule.values and (other in rule.others or (not rule.others and other != NONE)):
            one, two = phrase(rule.slot, value), phrase(rule.other, other)
            found.append(f"{one} and {two} do not go together: {rule.why}")
    for slot, kinds in COLOURED.items():
        value, colour = condition.get(slot), condition.get(COLOUR_OF[slot])
        if value and colour and colour not in kinds.get(value, ()):
            choices = ", ".join(filter(None, kinds.get(value, ())))
            comes_in = f"{choices}, not in {colour}" if choices else "no colour that can be chosen"
            found.append(f"{phrase(slot, value)} comes in {comes_in}")
    if not found and not all(left.any() for left in domains(encode(condition)[None])):
        found.append("no picture shows all of this together")
    return tuple(found)


LANGUAGE = Language(
    {slot.name: slot.values for slot in SLOTS}, nouns(), COLOURS, FILLERS, contradictions
)


def understand(text: str) -> Understood:
    """What a sentence says of a hero; raises ValueError where it is too long."""
    return LANGUAGE.understand(text)


def beside_unseen(combination: Mapping[str, str], most: int) -> tuple[str, list[str]]:
    """A slot of a combination of HELD_OUT, and up to `most` values for it that go with the rest of
    the combination: some that pictures show together with it, and last the one that none does."""
    slot, unseen = list(combination.items())[-1]
    values = []
    for value in SLOTS[SLOT_INDEX[slot]].values:
        said = {**combination, slot: value}
        if value != NONE and not contradictions(said) and not is_held_out(encode(said)[None]).any():
            values.append(value)
    return slot, [*values[: most - 1], unseen]


def dice(generator: Generator) -> dict[str, str]:
    """A random condition of a few words: a species, what it wears and holds, and seldom what it
    does not, as people would say it."""
    whole = decode(draw_values(1, generator)[0])
    chance = dict(zip(whole, torch.rand(len(whole), generator=generator).tolist(), strict=True))
    often = {"species": 1.0, "clothes": 0.9, "main hand": 0.8, "off hand": 0.6, "background": 0.1}
    said = {
        slot: value
        for slot, value in whole.items()
        if chance[slot] < (0.1 if value == NONE else often.get(slot, 0.5))
    }
    for slot, colour in COLOUR_OF.items():  # a colour goes with its thing
        if colour in whole and slot in said:
            said[colour] = whole[colour]
        elif colour in said:
            del said[colour]
    return {slot: said[slot] for slot in whole if slot in said}


WORDS = Words(
    SLOTS,
    understand,
    sentence,
    dice,
    example="a dwarf with a red beard, blue robe and an axe",
    negative="a hat",
    of_a_picture="an orc in a red robe, holding a sword",
    unseen=HELD_OUT,
    beside_unseen=beside_unseen,
)
