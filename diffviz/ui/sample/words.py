"""The Sample tab's words: a sentence, what was understood of it, and a choice for each slot."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import gradio as gr
from torch import Generator

from diffviz.data.heroes.rules import HELD_OUT, SLOTS
from diffviz.data.heroes.sentences import beside_unseen, dice, sentence, understand
from diffviz.data.language import MAX_LENGTH
from diffviz.runs.asking import heard
from diffviz.ui.messages import told_in_the_page

EXAMPLE = "a dwarf with a red beard, blue robe and an axe"
NOT_SAID = "not said"
UNSEEN = {sentence(combination): combination for combination in HELD_OUT}
UNSEEN_COLUMNS = 4
UNSEEN_HINT = (
    "No training picture shows these together, only each with other things. Choose one: the last"
    " column asks for what was never seen, the others for what was, all from the same noise."
)
SILENT: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class WordControls:
    """group: what is hidden for a denoiser that knows no sentences. words: the sentence; what was
    heard of it and the slots' choices follow it, whoever writes it. unseen: the choice of a
    combination that was never seen."""

    group: gr.Group
    words: gr.Textbox
    negative: gr.Textbox
    unseen: gr.Dropdown


def build_words() -> WordControls:
    """Build them inside the current gr.Column; hidden at first."""
    with gr.Column(visible=False, elem_id="sample-in-words") as group:
        words = gr.Textbox(
            EXAMPLE,
            label="In your words",
            lines=2,
            max_length=MAX_LENGTH,
            elem_id="sample-words",
        )
        told = gr.HTML(heard(EXAMPLE), elem_id="sample-heard")
        another = gr.Button("Something else, by dice", size="md", elem_id="sample-words-dice")
        negative = gr.Textbox(
            "",
            label="But not",
            placeholder="a hat",
            info="Guidance steers away from it",
            max_length=MAX_LENGTH,
            elem_id="sample-negative",
        )
        with gr.Accordion("Word by word", open=False):
            said = understand(EXAMPLE).condition
            choices = [
                gr.Dropdown(
                    [NOT_SAID, *slot.values],
                    value=said.get(slot.name, NOT_SAID),
                    label=slot.name.capitalize(),
                    elem_id=f"sample-slot-{slot.name.replace(' ', '-')}",
                )
                for slot in SLOTS
            ]
        with gr.Accordion("Never seen together", open=False):
            unseen = gr.Dropdown(
                list(UNSEEN),
                value=None,
                label="Does it put together what it knows apart?",
                info=UNSEEN_HINT,
                elem_id="sample-unseen",
            )
    gr.on([c.input for c in choices], _compose, choices, words, **SILENT)
    another.click(_dice, None, words, **SILENT)
    # Not `input`, of which Gradio's text box tells for keys alone: a sentence may be pasted.
    words.change(_hear, words, [told, *choices], trigger_mode="always_last", **SILENT)
    return WordControls(group, words, negative, unseen)


def asked_unseen(combination: str) -> tuple[str, str, list[str]]:
    """For one of UNSEEN: the sentence to ask, the slot that differs between columns, its values.
    Raises ValueError for another."""
    if combination not in UNSEEN:
        raise ValueError("choose one of the combinations that were never seen")
    said = UNSEEN[combination]
    slot, values = beside_unseen(said, UNSEEN_COLUMNS)
    return sentence({name: value for name, value in said.items() if name != slot}), slot, values


def _hear(text: str) -> list[Any]:
    """What the page says of a sentence, and the choice of each slot."""
    with told_in_the_page():
        said = understand(text).condition
        return [heard(text), *(said.get(slot.name, NOT_SAID) for slot in SLOTS)]


def _compose(*chosen: str) -> str:
    """The sentence of what is chosen."""
    with told_in_the_page():
        named = zip(SLOTS, chosen, strict=True)
        return sentence({slot.name: value for slot, value in named if value != NOT_SAID})


def _dice() -> str:
    return sentence(dice(Generator().manual_seed(secrets.randbits(32))))
