"""Lines that set a tab's controls, for who does not know yet what to try."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import gradio as gr

from diffviz.data import DEFAULT
from diffviz.serving.sampling import SPEAKING

# By tab: what a line says, and the text of the link that it is.
TRIES: Mapping[str, Mapping[str, str]] = {
    "forward": {
        "a picture that cannot be seen but is still there": "forward?t=620",
        "linear beside cosine: one drowns it early": "forward?t=400&schedule=linear&rivals=cosine",
        "a clothes expert looks at a photograph": f"forward?denoiser={DEFAULT}&t=500",
    },
    "sample": {
        "one step instead of twenty": "sample?steps=1",
        "DDIM beside ancestral, from the same noise": "sample?count=4&sampler=ddim&rivals=ddpm",
        "guidance from 0 to 8": "sample?count=2&vary=guidance",
        "one step by a distilled denoiser": f"sample?denoiser={DEFAULT}-fast&steps=1",
        "a troll with a flaming sword": f"sample?count=4&denoiser={next(iter(SPEAKING))}"
        "&words=a+troll+with+a+flaming+sword",
    },
    "edit": {
        "four times the pixels, beside the original": "edit?task=upscale&degrade=true",
        "four answers to one hole: there is no one right": "edit?count=4",
        "colours for a grey picture": "edit?task=colour",
    },
    "plane": {
        "one straight jump": "plane?steps=1",
        "DDIM beside ancestral, from the same noise": "plane?beside=ddpm",
        "eight points known: it can only copy them": "plane?points=8&denoiser=points",
        "the whole process as one picture": "plane?data=two-bumps",
    },
    "train": {
        "clothes instead of digits": f"train?data={DEFAULT}-subset",
        "from weights that know clothes already": f"train?start_from={DEFAULT}",
        "learn x0 instead of the noise": "train?parametrization=x0",
    },
}


def try_line(tab: str) -> None:
    """Build a tab's line inside the current gr.Tab, where it has one."""
    if tries := TRIES.get(tab):
        links = (f'<a href="#{escape(link)}">{escape(says)}</a>' for says, link in tries.items())
        gr.HTML(f"Try this: {' · '.join(links)}", elem_id=f"{tab}-tries", elem_classes="tries")
