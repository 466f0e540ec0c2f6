"""Words: what is understood of a sentence, and that a caption means what it was made from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator

from diffviz.data.heroes.layers import COLOURED, PLAIN
from diffviz.data.heroes.rules import HELD_OUT, SLOTS, UNFIT, decode, encode, is_held_out
from diffviz.data.heroes.sentences import (
    LANGUAGE,
    beside_unseen,
    contradictions,
    dice,
    sentence,
    understand,
)
from diffviz.data.heroes.stacks import Heroes, draw
from diffviz.data.heroes.words import COLOURS, DYED, EMPTY, FILLERS, SYNONYMS, nouns
from diffviz.data.language import MAX_LENGTH, NONE, Understood, singular
from diffviz.runs.asking import heard, heard_not
from diffviz.serving.sampling import SPEAKING

DRAWN = [decode(row) for row in Heroes("all").draw(500, Generator().manual_seed(0)).values]
CONDITIONS = st.fixed_dictionaries(
    {}, optional={slot.name: st.sampled_from(slot.values) for slot in SLOTS}
)

SENTENCES: dict[str, dict[str, str]] = {
    "a dwarf with a red beard, blue robe and an axe": {
        "species": "deep dwarf",
        "beard": "red",
        "clothes": "robe",
        "clothes colour": "blue",
        "main hand": "axe",
    },
    "Elven wizard's robe": {"species": "deep elf", "clothes": "robe"},
    "the ELVES’ swords!!": {"species": "deep elf", "main hand": "long sword"},
    "dwarves with axes": {"species": "deep dwarf", "main hand": "axe"},
    "a sorcerer's robe, a witch's hat": {"clothes": "robe", "headgear": "wizard hat"},
    "a bald man in a purple hat": {
        "species": "human",
        "hair": "none",
        "headgear": "wizard hat",
        "headgear colour": "purple",
    },
    "a straw hat": {"headgear": "straw hat"},
    "kite shields": {"off hand": "kite shield"},
    "a shield": {"off hand": "round shield"},
    "a large shield": {"off hand": "tower shield"},
    "battle-axe": {"main hand": "axe"},
    "crossbow": {"main hand": "crossbow"},
    "silver plate armor": {"clothes": "plate armour", "clothes colour": "grey"},
    "a golden crown and golden boots": {"headgear": "crown", "boots": "gold"},
    "blonde hair": {"hair": "blond"},
    "golden hair": {"hair": "blond"},
    "ginger hair": {"hair": "red"},
    "red-haired and blue-robed": {"hair": "red", "clothes": "robe", "clothes colour": "blue"},
    "red hair and beard": {"hair": "red", "beard": "red"},
    "red hair and a beard": {"hair": "red", "beard": "brown"},
    "his robe is blue": {"clothes": "robe", "clothes colour": "blue"},
    "a robe in blue and an axe": {
        "clothes": "robe",
        "clothes colour": "blue",
        "main hand": "axe",
    },
    "boots: white; cloak: red": {"boots": "white", "cloak": "red"},
    "a cloak": {"cloak": "red"},
    "trousers": {"legs": "blue trousers"},
    "green pants": {"legs": "green trousers"},
    "a red skirt": {"legs": "red skirt"},
    "blue clothes": {"clothes colour": "blue"},
    "on a yellow background": {"background": "sand"},
    "a purple dragon": {"species": "purple draconian"},
    "a gold draconian": {"species": "gold draconian"},
    "a lava orc": {"species": "lava orc"},
    "no hat": {"headgear": "none"},
    "without a shield": {"off hand": "none"},
    "no hat or shield": {"headgear": "none", "off hand": "none"},
    "no red cloak": {"cloak": "none"},
    "no hat and a shield": {"headgear": "none", "off hand": "round shield"},
    "not wearing any gloves": {"gloves": "none"},
    "no weapon, barefoot, naked": {"main hand": "none", "boots": "none", "clothes": "none"},
    "a hero": {},
    "": {},
    " \n\t ...": {},
}


@pytest.mark.parametrize("text", SENTENCES)
def test_sentences_are_understood(text: str) -> None:
    assert understand(text) == Understood(SENTENCES[text], (), ())


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("a fierce orc with glowing eyes", ("fierce", "glowing", "eyes")),
        ("a pink robe", ("pink",)),
        ("a blue axe", ("blue",)),
        ("red, green", ("red", "green")),
        ("a wizard, a Wizard", ("wizard",)),
        ("no wings and a hat", ("wings",)),
        ("not a troll", ()),  # `unwanted`
        ("two trolls", ("two",)),
        ("clothes", ("clothes",)),
        ("тролль ⚔️ 😀 \0 ‮ 剣", ("тролль", "⚔", "😀", "剣")),
        ("ＴＲＯＬＬ", ()),
        ("don't", ("don't",)),
    ],
)
def test_what_is_not_understood_is_listed(text: str, unknown: tuple[str, ...]) -> None:
    assert understand(text).unknown == unknown


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("not a dwarf", ("dwarf",)),
        ("no hat", ()),
        ("a hat, not a troll or an orc", ("troll", "orc")),
    ],
)
def test_what_cannot_be_left_out_is_pointed_to_where_it_can(
    text: str, unwanted: tuple[str, ...]
) -> None:
    assert understand(text).unwanted == unwanted
    assert heard(SPEAKING["heroes"], text).count("“But not” in the Sample tab") == len(unwanted)


def test_what_it_shall_not_be_is_heard_too() -> None:
    assert heard_not(SPEAKING["heroes"], " ") == ""
    assert "Not understood: “unicorn”" in heard_not(SPEAKING["heroes"], "a unicorn")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a naga with red boots", "a naga and red boots do not go together"),
        ("a red beard under a full helmet", "a full helmet and a red beard do not go together"),
        ("a troll with an elf", "species: troll and deep elf, but a picture shows only one"),
        ("a red and blue robe", "clothes colour: red and blue"),
        ("no hat, a red wizard hat", "headgear: none and wizard hat"),
        ("a yellow shirt", "a shirt comes in black, blue, green, red, white, not in yellow"),
        ("a red crown", "a crown comes in no colour that can be chosen"),
        ("orange boots", "no orange boots; there is blue, brown"),
        ("grey headgear, red hair", "no picture shows all of this together"),
    ],
)
def test_contradictions_are_said(text: str, says: str) -> None:
    understood = understand(text)
    assert [s for s in understood.contradictions if says in s], understood
    assert not understood.unknown


def test_of_two_values_the_first_counts() -> None:
    assert understand("a troll, an orc").condition == {"species": "troll"}


def test_contradictions_name_every_rule() -> None:
    for rule in UNFIT:
        others = rule.others or [v for s in SLOTS if s.name == rule.other for v in s.values[1:]]
        for value in rule.values:
            found = contradictions({rule.slot: value, rule.other: others[0]})
            assert [text for text in found if text.endswith(rule.why)]


@given(CONDITIONS)
def test_contradictions_are_what_cannot_be_drawn(condition: dict[str, str]) -> None:
    try:
        draw(1, Generator().manual_seed(0), condition)
    except ValueError:
        assert contradictions(condition)
    else:
        assert not contradictions(condition)


@given(st.sampled_from(DRAWN), st.sets(st.sampled_from([slot.name for slot in SLOTS])))
def test_captions_mean_what_they_were_made_from(caption: dict[str, str], left: set[str]) -> None:
    """Whole captions and parts of them."""
    for condition in (caption, {k: v for k, v in caption.items() if k not in left}):
        assert understand(sentence(condition)) == Understood(condition, (), ())


@given(CONDITIONS)
def test_so_do_sentences_on_what_cannot_be(condition: dict[str, str]) -> None:
    understood = understand(sentence(condition))
    assert understood.condition == condition
    assert not understood.unknown


def test_every_single_value_can_be_said() -> None:
    for slot in SLOTS:
        for value in slot.values:
            condition = {slot.name: value}
            assert understand(sentence(condition)) == Understood(condition, (), ())


def test_captions_are_natural() -> None:
    assert sentence({}) == "a hero"
    assert sentence({"headgear colour": "red"}) == "a hero in red headgear"
    assert sentence(
        {
            "species": "orc",
            "beard": "none",
            "clothes": "leather armour",
            "clothes colour": "red",
            "boots": "white",
            "headgear": "hood",
            "headgear colour": "orange",
            "main hand": "axe",
            "off hand": "none",
            "background": "blue",
        }
    ) == (
        "an orc in red leather armour, white boots and an orange hood, holding an axe, "
        "on a blue background, no beard, nothing in the off hand"
    )


@pytest.mark.parametrize("condition", [{"species": "dragon"}, {"wings": "red"}])
def test_sentences_on_the_unknown_are_refused(condition: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="choose from"):
        sentence(condition)


def test_captions_are_short_enough_to_be_read() -> None:
    assert max(len(sentence(caption)) for caption in DRAWN) < MAX_LENGTH


def test_too_long_a_sentence_is_refused() -> None:
    assert understand("a" * MAX_LENGTH).unknown
    with pytest.raises(ValueError, match="at most 400 characters, not 401"):
        understand("a" * (MAX_LENGTH + 1))


@given(st.text(max_size=MAX_LENGTH))
def test_any_text_is_read(text: str) -> None:
    understand(text)


WORDS = [*nouns(), *COLOURS, *FILLERS, "or", "nor", "no", "and", "with", "is", ",", "wings"]


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(lambda words: " ".join(words)[:400]))
def test_any_heap_of_known_words_is_read(text: str) -> None:
    """And all that comes of it is the vocabulary's."""
    understood = understand(text)
    slots = {slot.name: slot.values for slot in SLOTS}
    assert all(value in slots[slot] for slot, value in understood.condition.items())
    assert understand(text.upper()) == understood


def test_dice_are_short_varied_and_possible() -> None:
    generator = Generator().manual_seed(1)
    thrown = [dice(generator) for _ in range(300)]
    assert all(not contradictions(condition) for condition in thrown)
    assert len({sentence(condition) for condition in thrown}) > 290
    assert 3 < sum(map(len, thrown)) / len(thrown) < 9
    assert {slot for condition in thrown for slot in condition} == {slot.name for slot in SLOTS}
    assert all(("clothes" in c) or ("clothes colour" not in c) for c in thrown)
    generator.manual_seed(1)
    assert dice(generator) == thrown[0]


def test_the_words_are_consistent() -> None:
    """Synonyms are of values that there are, no word has two meanings, and none is a filler."""
    for slot, synonyms in SYNONYMS.items():
        assert set(synonyms) <= set(COLOURED.get(slot, PLAIN.get(slot, {})))
    values = [value for slot in SYNONYMS for value in COLOURED.get(slot, PLAIN.get(slot, {}))]
    texts = [text for table in SYNONYMS.values() for text in table.values()]
    words = [*", ".join(texts).split(", "), *values, *DYED, *EMPTY]
    assert len({tuple(map(singular, word.split())) for word in words}) == len(words)
    assert not FILLERS & set(words)
    assert not FILLERS & set(COLOURS)
    assert len(LANGUAGE.nouns) >= len(words)
    assert {value for noun in nouns().values() for value in noun.says.values()} >= set(values)


def test_held_out_combinations_can_be_said() -> None:
    for combination in HELD_OUT:
        assert understand(sentence(combination)) == Understood(dict(combination), (), ())
        assert NONE not in combination.values()


@pytest.mark.parametrize("combination", HELD_OUT, ids=sentence)
def test_beside_what_was_never_seen_stands_what_was(combination: dict[str, str]) -> None:
    slot, values = beside_unseen(combination, 4)
    assert len(set(values)) == len(values) == 4
    for value in values:
        said = {**combination, slot: value}
        assert not contradictions(said)
        assert is_held_out(encode(said)[None]).item() == (value == values[-1])
    assert values[-1] == combination[slot]
