"""What the Sample tab's controls can be set to: it is another for each denoiser."""

from __future__ import annotations

from typing import Any

import gradio as gr

from diffviz.checkpoints import Card
from diffviz.runs.asking import ANYTHING, speaks
from diffviz.runs.suited import suited
from diffviz.serving.backend import Backend
from diffviz.serving.cards import card_text, guidance_hint
from diffviz.serving.sampling import things, values_of, variations
from diffviz.ui.messages import told_in_the_page
from diffviz.ui.sample.words import about_source, asked_unseen


def denoisers(backend: Backend, token: str) -> gr.Dropdown:
    """The denoisers that there are now, one's own among them. What is chosen is not said: its
    visitor may have chosen already when this comes."""
    return gr.Dropdown(choices=backend.models.choices(token))


def suit(backend: Backend, name: str, source: str, token: str) -> list[Any]:
    """What the chosen denoiser can be asked for and compared by, and its card. source: what the
    words were about so far; they stay while the denoiser knows the same."""
    with told_in_the_page():
        card = backend.models.model(name, token).card
    known, in_words = things(card.data), speaks(card.data)
    anew = in_words and card.data.name != source
    words = about_source(card.data.name if in_words else source)
    return [
        gr.Dropdown(choices=known, value=known[0], visible=not in_words),
        gr.Column(visible=in_words),
        gr.Dropdown(choices=variations(card), value=""),
        gr.Dropdown(choices=[], value=[], visible=False),
        card_text(card),
        *suited_controls(card),
        *(value if anew else gr.skip() for value in words),
    ]


def suited_controls(card: Card) -> list[Any]:
    """What suits the denoiser, as SUITED has it; of a distilled one guidance cannot be chosen."""
    values = suited(card.data.name, card.distilled)
    guidance = gr.Slider(
        value=values["guidance"], interactive=not card.distilled, info=guidance_hint(card)
    )
    return [guidance if name == "guidance" else value for name, value in values.items()]


def compared_first(backend: Backend, vary: str, name: str, token: str) -> gr.Dropdown:
    """What can be compared of a slot; the first few are chosen."""
    with told_in_the_page():
        known = values_of(backend.models.model(name, token).card.data, vary)
    return gr.Dropdown(choices=known, value=known[:4], visible=bool(known))


def compared_still(
    backend: Backend, values: list[str], vary: str, name: str, token: str
) -> gr.Dropdown:
    """What can be compared, where a link has chosen already."""
    with told_in_the_page():
        known = values_of(backend.models.model(name, token).card.data, vary)
    chosen = [value for value in values or () if value in known]
    return gr.Dropdown(choices=known, value=chosen, visible=bool(known))


def ask_unseen(source: str, combination: str) -> list[Any]:
    """The words, and the columns, that show a combination never seen beside others that were."""
    with told_in_the_page():
        text, slot, values = asked_unseen(source, combination)
    known = [*slot.values, ANYTHING]
    return [text, slot.name, gr.Dropdown(choices=known, value=values, visible=True)]
