"""What a visitor asks a denoiser for: a class by its name, or a sentence where words are known."""

from __future__ import annotations

import html
from collections.abc import Mapping

from diffviz.data import words_of
from diffviz.data.base import DataInfo
from diffviz.data.source import Words
from diffviz.runs.schema import EACH

ANYTHING, IN_TURN = "anything", "one of each"


def speaks(info: DataInfo) -> bool:
    """Whether it is asked in sentences."""
    return words_of(info) is not None


def condition_of(info: DataInfo, what: str) -> dict[str, str]:
    """Slot → value of a sentence, or of a class's name; what is not understood says nothing.
    Raises ValueError for a sentence that is too long."""
    if what in (ANYTHING, "") or not info.slots:
        return {}
    if words := words_of(info):
        return words.understand(what).condition
    return {info.slots[0].name: EACH if what == IN_TURN else what}


def said_by(info: DataInfo, condition: Mapping[str, str]) -> str:
    """What to ask for that condition: `condition_of` the other way."""
    if not condition or not info.slots:
        return "" if speaks(info) else ANYTHING
    if words := words_of(info):
        return words.sentence(dict(condition))
    value = condition.get(info.slots[0].name, "")
    return IN_TURN if value == EACH else value or ANYTHING


def heard(words: Words, text: str) -> str:
    """What was understood of a sentence, what was not, and where it contradicts itself; HTML."""
    said = words.understand(text)
    chips = "".join(
        f'<span class="chip"><small>{slot}</small> {value}</span>'
        for slot, value in said.condition.items()
    )
    lines = [f'<div class="chips">{chips or "Nothing said: it makes whatever it likes."}</div>']
    if said.unknown:
        unknown = ", ".join(f"“{html.escape(word)}”" for word in said.unknown)
        lines.append(f'<p class="unheard">Not understood: {unknown}</p>')
    lines += [
        f'<p class="unheard">“{html.escape(thing)}” cannot simply be left out; “But not” in the'
        " Sample tab steers away from it.</p>"
        for thing in said.unwanted
    ]
    lines += [f'<p class="unheard">{html.escape(told)}</p>' for told in said.contradictions]
    return f'<div class="heard" role="status">{"".join(lines)}</div>'


def heard_not(words: Words, text: str) -> str:
    """The same of a sentence that guidance steers away from, which may say nothing."""
    return heard(words, text) if text.strip() else ""
