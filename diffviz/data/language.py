"""Free words to a condition: what a sentence says of each slot, what of it is not understood, and
where it contradicts itself. The words themselves are a table beside the data that they describe."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

NONE = "none"  # the value of a slot where nothing is, which "no" and "without" say
MAX_LENGTH = 400
BREAK = ","  # what all punctuation is read as; colours reach no further
BREAKS = frozenset((BREAK, "and", "with", "but"))  # a "no" before them reaches no further
NEGATIONS = frozenset(("no", "not", "without", "never", "lacking", "minus"))
OR = frozenset(("or", "nor"))  # "no hat or shield" has neither
BACK_LINKS = frozenset(("in", "of", "is", "are"))  # "his robe is blue"

PLURALS = {"lves": "lf", "rves": "rf", "ches": "ch", "ies": "y", "ss": "ss", "s": ""}


@dataclass(frozen=True)
class Understood:
    """condition: slot → value, of two values for a slot the first. unknown: the words that say
    nothing here, in small letters. contradictions: sentences, for people. unwanted: words that are
    understood, after a "no" that no value here can say: "not a dwarf"."""

    condition: dict[str, str]
    unknown: tuple[str, ...]
    contradictions: tuple[str, ...]
    unwanted: tuple[str, ...] = ()


@dataclass(frozen=True)
class Noun:
    """What a word, or several, can say.

    says: slot → value. colours: the slot of a colour that stands before it. pattern: how a colour
    makes a value of that slot. usual: the slot's value where no colour is said, or "" for none.
    """

    says: Mapping[str, str] = field(default_factory=dict)
    colours: str = ""
    pattern: str = "{}"
    usual: str = ""
    empties: str = ""  # the slot in which "no" before it leaves nothing, or "" if none can


@dataclass
class Mention:
    """A noun where a sentence has it. shares: only "and" parts it from the one before, so that it
    has the same colour: "red hair and beard"."""

    noun: Noun
    words: str
    negated: bool
    shares: bool
    colours: list[str] = field(default_factory=list)


class Language:
    """The words for one data set.

    values: slot → its values. nouns: words → what they say; where several fit, the longest does.
    colours: word → the names that the colour can have in a slot. fillers: words that say nothing.
    contradictions: sentences on what no picture of a condition shows.
    """

    def __init__(
        self,
        values: Mapping[str, Sequence[str]],
        nouns: Mapping[str, Noun],
        colours: Mapping[str, Sequence[str]],
        fillers: frozenset[str],
        contradictions: Callable[[Mapping[str, str]], tuple[str, ...]],
    ) -> None:
        self.values = values
        self.nouns = {tuple(map(singular, split(words))): noun for words, noun in nouns.items()}
        self.colours = colours
        self.fillers = fillers
        self.contradictions = contradictions
        self.longest = max(map(len, self.nouns))

    def understand(self, sentence: str) -> Understood:
        """Read a sentence. Raises ValueError where it has more than MAX_LENGTH characters."""
        if len(sentence) > MAX_LENGTH:
            raise ValueError(
                f"a sentence has at most {MAX_LENGTH} characters, not {len(sentence)}: shorten it"
            )
        mentions, unknown = self._mentions([*split(sentence), BREAK])
        condition: dict[str, str] = {}
        contradictions: list[str] = []
        unwanted: list[str] = []
        for i, mention in enumerate(mentions):
            if mention.shares and mention.noun.usual and not mention.colours:
                mention.colours = mentions[i - 1].colours
            said, troubles = self._said(mention)
            contradictions += troubles
            if not said and not troubles:
                (unwanted if mention.negated else unknown).append(mention.words)
            for slot, value in said:
                if condition.setdefault(slot, value) != value:
                    contradictions.append(
                        f"{slot}: {condition[slot]} and {value}, but a picture shows only one"
                    )
        contradictions += self.contradictions(condition)
        return Understood(
            condition, *(tuple(dict.fromkeys(told)) for told in (unknown, contradictions, unwanted))
        )

    def _mentions(self, words: list[str]) -> tuple[list[Mention], list[str]]:
        """The nouns with their colours, and words that are none of ours. words: up to a BREAK."""
        mentions: list[Mention] = []
        unknown: list[str] = []
        waiting: list[str] = []  # colours whose noun has not come
        before: Mention | None = None  # one that a colour can still follow: "a robe in blue"
        negated = shares = False

        def give_to(mention: Mention | None) -> None:
            if mention and mention.noun.colours and not mention.colours:
                mention.colours += waiting
            else:
                unknown.extend(waiting)
            waiting.clear()

        i = 0
        while i < len(words):
            word, length = words[i], 1
            if found := self._noun_at(words, i):
                noun, length = found
                mention = Mention(noun, " ".join(words[i : i + length]), negated, shares)
                give_to(mention)
                mentions.append(mention)
                before, shares = mention, False
                negated = negated and words[i + length] in OR
            elif word in self.colours:
                waiting.append(word)
                shares = False
                if i and words[i - 1] in BACK_LINKS and not self._describes(words, i + 1):
                    give_to(before)
            elif word in BREAKS:
                if word == BREAK:
                    give_to(before)
                    before = None
                negated, shares = False, word == "and" and before is not None and not waiting
            elif word in NEGATIONS:
                negated, shares = True, False
            else:
                shares = False
                if word not in self.fillers and word not in OR:
                    unknown.append(word)
            i += length
        return mentions, unknown

    def _describes(self, words: list[str], i: int) -> bool:
        """Whether there is a noun, or another colour before one."""
        return words[i] in self.colours or self._noun_at(words, i) is not None

    def _said(self, mention: Mention) -> tuple[list[tuple[str, str]], list[str]]:
        """The slots and values that a noun says where it stands, and what is wrong with them."""
        noun = mention.noun
        if mention.negated:
            return ([(noun.empties, NONE)] if noun.empties else []), []
        said, troubles = list(noun.says.items()), []
        for colour in mention.colours:
            values = [noun.pattern.format(name) for name in self.colours[colour]]
            fitting = [value for value in values if value in self.values[noun.colours]]
            if fitting:
                said.append((noun.colours, fitting[0]))
            else:
                choices = ", ".join(v for v in self.values[noun.colours] if v != NONE)
                troubles.append(f"no {colour} {mention.words}; there is {choices}")
        if noun.usual and not mention.colours:
            said.append((noun.colours, noun.usual))
        return said, troubles

    def _noun_at(self, words: list[str], start: int) -> tuple[Noun, int] | None:
        """The longest noun that begins there, and how many words it has."""
        for length in range(min(self.longest, len(words) - start), 0, -1):
            noun = self.nouns.get(tuple(map(singular, words[start : start + length])))
            if noun:
                return noun, length
        return None


def split(sentence: str) -> list[str]:
    """Its words in small letters, without hyphens and "'s"; all punctuation becomes BREAK, but an
    emoji is a word, which says nothing."""
    text = unicodedata.normalize("NFKC", sentence).casefold().replace("’", "'")
    text = re.sub(r"'s?(?!\w)", "", text)
    text = re.sub(r"[-_:]", " ", text).replace("/", " or ")
    words = re.findall(r"\w+(?:'\w+)*|[^\w\s]", text)
    return [w if w[0].isalnum() or unicodedata.category(w) == "So" else BREAK for w in words]


@lru_cache(4096)
def singular(word: str) -> str:
    """A plural's singular, or what stands for it: all words that are compared go through here."""
    for ending, instead in PLURALS.items():
        if len(word) > 3 and word.endswith(ending):
            return word.removesuffix(ending) + instead
    return word
