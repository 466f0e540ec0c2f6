"""What a portrait shows: its slots and their words, and the pairs that no training sees."""

from __future__ import annotations

from diffviz.data.base import Slot

# In the recipe's order; the making of portraits compares.
SLOTS = (
    Slot("style", ("flat", "ink", "pixel", "soft", "cartoon")),
    Slot("background", ("white", "yellow", "pink", "red", "green", "blue", "purple", "black")),
    Slot("skin", ("pale", "peach", "tan", "brown", "dark")),
    Slot(
        "hair",
        (
            *("bald", "balding", "short", "mohawk", "spiky", "curly", "bun", "bob", "long"),
            *("pigtails", "cap", "beanie", "hat", "turban"),
        ),
    ),
    Slot(
        "hair colour",
        (
            *("none", "black", "brown", "blonde", "orange", "red", "pink", "purple", "blue"),
            *("green", "white"),
        ),
    ),
    Slot(
        "expression",
        ("smile", "laugh", "sad", "angry", "surprised", "wink", "sleepy", "serious"),
    ),
    Slot("glasses", ("none", "glasses", "sunglasses")),
    Slot("facial hair", ("none", "beard", "moustache")),
    Slot("clothes", ("black", "white", "red", "yellow", "green", "blue", "purple", "pink")),
    Slot("extra", ("none", "earrings", "red nose", "mask", "flower", "cat ears")),
)
# What training pictures show apart, and never together: who draws it has learned to combine.
HELD_OUT: tuple[dict[str, str], ...] = (
    {"hair": "mohawk", "hair colour": "green"},
    {"hair": "bob", "glasses": "sunglasses"},
    {"facial hair": "beard", "hair colour": "pink"},
    {"extra": "cat ears", "glasses": "glasses"},
    {"extra": "red nose", "expression": "sad"},
    {"skin": "dark", "hair colour": "blonde"},
    {"style": "pixel", "hair": "bun"},
    {"style": "ink", "extra": "flower"},
    {"style": "soft", "background": "red"},
)
