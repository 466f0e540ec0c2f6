"""What people may say of a portrait: sentences and lists, with synonyms, in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Generator

from diffviz.data.base import Slot
from diffviz.data.language import BREAK, NONE
from diffviz.data.portraits.words import SLOTS
from diffviz.data.sentences import vocabulary

LENGTH = 40  # words of a sentence that a denoiser reads
SAID_WHOLE = 0.2  # of captions say every slot; of the others each slot is said as often as not
LISTS = 0.35  # of captions are no sentences
NOTHING_SAID = 0.15  # how often a slot that is empty is said to be

PICTURES = ("portrait", "avatar", "picture", "drawing", "face", "head", "image")
PEOPLE = (
    *("person", "person", "person", "man", "woman", "someone", "human", "guy", "girl", "boy"),
    *("lady", "character", "figure", "one"),
)
# Of each slot's words what else is said for them; a word may always be said itself.
ADJECTIVES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "style": {
        "flat": ("vector", "simple", "flat style"),
        "ink": ("inked", "hand drawn", "line art", "comic", "outlined"),
        "pixel": ("pixel art", "pixelated", "8 bit", "retro game", "blocky"),
        "soft": ("gentle", "soft style", "softly drawn"),
        "cartoon": ("cartoonish", "toon", "cartoon style"),
    },
    "expression": {
        "smile": ("smiling", "happy", "friendly", "cheerful", "glad"),
        "laugh": ("laughing", "joyful", "overjoyed", "amused"),
        "sad": ("unhappy", "sorrowful", "gloomy", "frowning"),
        "angry": ("mad", "furious", "annoyed", "cross"),
        "surprised": ("astonished", "shocked", "amazed", "startled"),
        "wink": ("winking", "cheeky"),
        "sleepy": ("tired", "drowsy", "sleeping", "dozing"),
        "serious": ("neutral", "calm", "earnest", "stern"),
    },
}
COLOURS: Mapping[str, Sequence[str]] = {
    "black": ("black", "black", "dark"),
    "white": ("white", "white", "snow white"),
    "yellow": ("yellow", "yellow", "golden"),
    "pink": ("pink", "pink", "rose"),
    "red": ("red", "red", "crimson", "scarlet"),
    "green": ("green", "green", "emerald"),
    "blue": ("blue", "blue", "azure"),
    "purple": ("purple", "purple", "violet"),
    "orange": ("orange", "orange", "ginger"),
    "brown": ("brown", "brown", "brunette"),
    "blonde": ("blonde", "blonde", "blond", "fair", "golden"),
}
SKINS: Mapping[str, Sequence[str]] = {
    "pale": ("pale", "fair", "very light", "white"),
    "peach": ("peach", "light", "rosy"),
    "tan": ("tan", "tanned", "olive"),
    "brown": ("brown", "medium brown"),
    "dark": ("dark", "dark brown", "black"),
}
# {} is the hair's colour.
HAIRS: Mapping[str, Sequence[str]] = {
    "bald": ("no hair", "a bald head", "a shaved head"),
    "balding": ("balding {} hair", "a balding head of {} hair", "thinning {} hair"),
    "short": ("short {} hair", "{} short hair", "a short {} haircut"),
    "mohawk": ("a {} mohawk", "a {} mohawk", "{} punk hair"),
    "spiky": ("spiky {} hair", "{} spiky hair", "{} spikes"),
    "curly": ("curly {} hair", "{} curls", "{} afro", "a {} afro"),
    "bun": ("{} hair in a bun", "a {} bun", "a {} hair bun"),
    "bob": ("a {} bob", "a {} bob haircut", "bobbed {} hair"),
    "long": ("long {} hair", "{} long hair"),
    "pigtails": ("{} pigtails", "{} hair in pigtails"),
    "cap": ("a cap", "a baseball cap"),
    "beanie": ("a beanie", "a woolly hat", "a knitted cap"),
    "hat": ("a hat", "a top hat"),
    "turban": ("a turban",),
}
COVERED = ("cap", "beanie", "hat", "turban")
GLASSES: Mapping[str, Sequence[str]] = {
    NONE: ("no glasses", "without glasses"),
    "glasses": ("glasses", "spectacles", "eyeglasses", "round glasses"),
    "sunglasses": ("sunglasses", "dark glasses", "shades"),
}
FACIAL: Mapping[str, Sequence[str]] = {
    NONE: ("no beard", "clean shaven", "without a beard", "no moustache", "no facial hair"),
    "beard": ("a {} beard", "a full {} beard", "a bushy {} beard"),
    "moustache": ("a {} moustache", "a {} mustache"),
}
EXTRAS: Mapping[str, Sequence[str]] = {
    NONE: ("nothing else", "no extras"),
    "earrings": ("earrings", "gold earrings", "golden earrings"),
    "red nose": ("a red nose", "a clown nose", "a red clown nose"),
    "mask": ("a mask", "a face mask", "a medical mask", "a white mask"),
    "flower": ("a flower", "a pink flower", "a flower in the hair"),
    "cat ears": ("cat ears", "kitty ears", "cat's ears"),
}
CLOTHES = (
    "clothes",
    "clothes",
    "shirt",
    "sweater",
    "top",
    "jumper",
    "outfit",
    "clothing",
    "jacket",
)
GROUNDS = (
    *("on a {} background", "{} background", "{} backdrop", "in front of a {} background"),
    *("on {}", "against {}", "behind it {}"),
)
WEARING = ("with", "with", "wearing", "who has", "having", "in")


class Chance:
    """Choices that depend on a generator alone."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.numbers: list[float] = []

    def number(self) -> float:
        """From 0 to 1."""
        if not self.numbers:  # many at once: a call of the generator costs more than a number
            self.numbers = torch.rand(256, generator=self.generator).tolist()
        return self.numbers.pop()

    def of(self, choices: Sequence[str]) -> str:
        return choices[int(self.number() * len(choices))]

    def shuffled(self, things: Sequence[str]) -> list[str]:
        return sorted(things, key=lambda thing: self.number())


def caption(values: Mapping[str, str], chance: Chance, whole: bool = False) -> str:
    """Something that somebody may say of a portrait that shows these words, slot by slot.

    whole: says every slot, empty ones too; otherwise some are left out, now and then.
    """
    share = 1.0 if whole or chance.number() < SAID_WHOLE else chance.number()
    said = {slot for slot in values if chance.number() < share}
    things = _things(values, said, chance, whole)
    style, mood = (
        chance.of((values[slot], *ADJECTIVES[slot][values[slot]])) if slot in said else ""
        for slot in ("style", "expression")
    )
    ground = ""
    if "background" in said:
        ground = chance.of(GROUNDS).format(chance.of(COLOURS[values["background"]]))
    if chance.number() < LISTS:
        return ", ".join(chance.shuffled(list(filter(None, (style, mood, *things, ground)))))
    text = " ".join(filter(None, ("a", mood, chance.of(PEOPLE))))
    if style or chance.number() < 0.3:
        text = " ".join(filter(None, ("a", style, chance.of(PICTURES), "of", text)))
    if things:
        *others, last = chance.shuffled(things)
        text += f" {chance.of(WEARING)} " + " and ".join(filter(None, (", ".join(others), last)))
    return f"{ground}, {text}" if ground and chance.number() < 0.2 else f"{text} {ground}".strip()


def _things(
    values: Mapping[str, str], said: set[str], chance: Chance, whole: bool = False
) -> list[str]:
    """The phrases for those of the slots that are said, but for style, expression and ground."""

    def colour(slot: str) -> str:
        value = values[slot]
        return chance.of(COLOURS[value]) if slot in said and value != NONE else ""

    def phrase(pattern: str, *words: str) -> str:
        return " ".join(pattern.format(*words).split())

    def or_nothing(slot: str, table: Mapping[str, Sequence[str]], *words: str) -> list[str]:
        value = values[slot]
        if slot not in said:
            return []
        if value == NONE and not whole and chance.number() > NOTHING_SAID:
            return []
        return [phrase(chance.of(table[value]), *words)]

    things = []
    hair = values["hair"]
    dyed = colour("hair colour")
    if hair in COVERED:
        if "hair" in said:
            things.append(chance.of(HAIRS[hair]))
        if dyed and hair == "beanie" and values["style"] == "ink":
            things.append(f"{dyed} hair")
    elif "hair" in said:
        things.append(phrase(chance.of(HAIRS[hair]), dyed))
    elif dyed and hair != "bald":
        things.append(f"{dyed} hair")
    things += or_nothing("facial hair", FACIAL, dyed)
    things += or_nothing("glasses", GLASSES) + or_nothing("extra", EXTRAS)
    if "skin" in said:
        things.append(f"{chance.of(SKINS[values['skin']])} skin")
    if "clothes" in said:
        things.append(f"{colour('clothes')} {chance.of(CLOTHES)}")
    return things


def _texts() -> list[str]:
    """Everything that a caption is made of."""
    tables = (COLOURS, SKINS, HAIRS, GLASSES, FACIAL, EXTRAS, *ADJECTIVES.values())
    phrases = [text for table in tables for texts in table.values() for text in texts]
    names = [value for slot in SLOTS for value in slot.values if value != NONE]
    return [
        *(*phrases, *names, *PICTURES, *PEOPLE, *CLOTHES, *GROUNDS, *WEARING),
        *("a of and background skin hair", BREAK),
    ]


WORDS = Slot("words", vocabulary(*_texts()), LENGTH)
