"""The Sample tab's words: a sentence, what was understood of it, and a choice for each slot."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component
from torch import Generator

from diffviz.data.base import Slot
from diffviz.data.language import MAX_LENGTH
from diffviz.data.source import Words
from diffviz.runs.asking import heard, heard_not
from diffviz.serving.sampling import SPEAKING
from diffviz.settings import Setting
from diffviz.ui.controls import control
from diffviz.ui.messages import told_in_the_page

NOT_SAID = "not said"
UNSEEN_COLUMNS = 4
UNSEEN_HINT = (
    "No training picture shows these together, only each with other things. Choose one: the last"
    " column asks for what was never seen, the others for what was, all from the same noise."
)
SILENT: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class WordControls:
    """group: what is hidden for a denoiser that knows no sentences. source: the name in SPEAKING of
    the data that the sentence is about. words: the sentence; what was heard of it and the slots'
    choices follow it, whoever writes it. unseen: the choice of a combination that was never seen.
    of_source: what `about_source` sets, in its order; `hear_anew` is to follow it.
    """

    group: gr.Column
    source: gr.Textbox
    words: gr.Textbox
    negative: Component
    unseen: gr.Dropdown
    of_source: list[Component | gr.Column | gr.Accordion]
    hear_anew: Callable[[gr.events.Dependency], None]


def build_words(declared: Setting) -> WordControls:
    """Build them inside the current gr.Column; hidden at first. declared: the negative sentence."""
    first, known = next(iter(SPEAKING.items()))
    with gr.Column(visible=False, elem_id="sample-in-words") as group:
        source = gr.Textbox(first, visible=False, label="Data")
        words = gr.Textbox(
            known.example,
            label="In your words",
            lines=2,
            max_length=MAX_LENGTH,
            elem_id="sample-words",
        )
        told = gr.HTML(heard(known, known.example), elem_id="sample-heard")
        another = gr.Button("Something else, by dice", size="md", elem_id="sample-words-dice")
        negative = control(
            declared, "sample-negative", placeholder=known.negative, max_length=MAX_LENGTH
        )
        told_not = gr.HTML("", elem_id="sample-not-heard")
        with gr.Accordion("Word by word", open=False) as by_word:
            parts, choices = [], {}
            for name, these in SPEAKING.items():
                said = these.understand(these.example).condition
                with gr.Column(visible=name == first) as part:
                    choices[name] = [_choice(slot, said) for slot in these.slots]
                parts.append(part)
        with gr.Accordion("Never seen together", open=False) as apart:
            unseen = gr.Dropdown(
                list(unseen_of(first)),
                value=None,
                label="Does it put together what it knows apart?",
                info=UNSEEN_HINT,
                elem_id="sample-unseen",
            )
    for name, dropdowns in choices.items():
        if dropdowns:
            composed = partial(_compose, name)
            gr.on([c.input for c in dropdowns], composed, dropdowns, words, **SILENT)
    another.click(_dice, source, words, **SILENT)
    # Not `input`, of which Gradio's text box tells for keys alone: a sentence may be pasted.
    every = [choice for dropdowns in choices.values() for choice in dropdowns]
    heard_of = [words, source], [told, *every]
    words.change(_hear, *heard_of, trigger_mode="always_last", **SILENT)
    negative.change(  # type: ignore[attr-defined]  # of a Textbox
        _hear_not, [negative, source], told_not, trigger_mode="always_last", **SILENT
    )
    of_source = [source, words, negative, told_not, *parts, unseen, by_word, apart]

    def hear_anew(after: gr.events.Dependency) -> None:
        # Not together with the source: what `words.change` asked with the one before may be
        # answered later. Of one function's answers the page gets the first asked for first.
        after.then(_hear, *heard_of, **SILENT)

    return WordControls(group, source, words, negative, unseen, of_source, hear_anew)


def _choice(slot: Slot, said: Mapping[str, str]) -> gr.Dropdown:
    return gr.Dropdown(
        [NOT_SAID, *slot.values],
        value=said.get(slot.name, NOT_SAID),
        label=slot.name.capitalize(),
        elem_id=f"sample-slot-{slot.name.replace(' ', '-')}",
    )


def speaking(source: str) -> Words:
    """The words for that data; raises ValueError, naming those that have any, for others."""
    if source not in SPEAKING:
        raise ValueError(f"there are no words for {source!r}; choose from {', '.join(SPEAKING)}")
    return SPEAKING[source]


def unseen_of(source: str) -> dict[str, Mapping[str, str]]:
    """The combinations that no training sample of it has, by their sentences."""
    words = speaking(source)
    return {words.sentence(combination): combination for combination in words.unseen}


def asked_unseen(source: str, combination: str) -> tuple[str, Slot, list[str]]:
    """For one of `unseen_of`: the sentence to ask, the slot that differs between columns, and the
    values there. Raises ValueError for another."""
    words = speaking(source)
    said = unseen_of(source).get(combination)
    if said is None or words.beside_unseen is None:
        raise ValueError("choose one of the combinations that were never seen")
    name, values = words.beside_unseen(said, UNSEEN_COLUMNS)
    sentence = words.sentence({slot: value for slot, value in said.items() if slot != name})
    return sentence, next(slot for slot in words.slots if slot.name == name), values


def about_source(source: str) -> list[Any]:
    """What the controls are for another source's words, in the order of `of_source`. They are set
    together with the denoiser: the page tells of no change to a field that it does not show."""
    with told_in_the_page():
        words = speaking(source)
    return [
        source,
        words.example,
        gr.Textbox(value="", placeholder=words.negative),
        "",
        *(gr.Column(visible=name == source) for name in SPEAKING),
        gr.Dropdown(choices=list(unseen_of(source)), value=None),
        gr.Accordion(visible=bool(words.slots)),
        gr.Accordion(visible=bool(words.unseen)),
    ]


def _hear(text: str, source: str) -> list[Any]:
    """What the page says of a sentence, and the choice of each slot."""
    with told_in_the_page():
        told: list[Any] = [heard(speaking(source), text)]
        said = speaking(source).understand(text).condition
        for name, words in SPEAKING.items():
            values = (said.get(slot.name, NOT_SAID) for slot in words.slots)
            told += values if name == source else (gr.skip() for _ in words.slots)
        return told


def _hear_not(text: str, source: str) -> str:
    """What the page says of what it shall not be."""
    with told_in_the_page():
        return heard_not(speaking(source), text)


def _compose(source: str, *chosen: str) -> str:
    """The sentence of what is chosen."""
    with told_in_the_page():
        words = speaking(source)
        named = zip(words.slots, chosen, strict=True)
        return words.sentence({slot.name: value for slot, value in named if value != NOT_SAID})


def _dice(source: str) -> str:
    with told_in_the_page():
        words = speaking(source)
    return words.sentence(words.dice(Generator().manual_seed(secrets.randbits(32))))
