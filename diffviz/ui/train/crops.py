"""One's own pictures before they are learned: their crops, and their labels."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from diffviz.data.own.uploads import PREVIEWED, UPLOADED, preview
from diffviz.serving.backend import Backend
from diffviz.serving.frames import told
from diffviz.ui.gradio_seams import event_data
from diffviz.ui.messages import sentence, told_in_the_page
from diffviz.ui.train.controls import UPLOADS, TrainControls
from diffviz.web.uploads import is_within

LOOKED_AT = replace(UPLOADED, seconds=10)
LOOKS: dict[str, Any] = {"concurrency_id": "looks", "concurrency_limit": 4}


def let_look(backend: Backend, controls: TrainControls) -> None:
    """Show the crops whenever the files or what is made of them change, and for programs the
    endpoint /train_preview; inside the current gr.Blocks."""
    files, of = controls.page["files"], backend.handler
    inputs = [files, *(controls.page[name] for name in UPLOADS)]
    for component in inputs:
        component.change(  # type: ignore[attr-defined]
            of(_shown), inputs, controls.crops, api_visibility="private", show_progress="hidden",
            trigger_mode="always_last", **LOOKS,
        )  # fmt: skip
    controls.crops.folder(of(_of_a_folder), None, files, api_visibility="private")
    with gr.Group(visible=False):
        facts = gr.JSON(label="The pictures")
        programs = [controls.programs[name] for name in ("files", *UPLOADS)]
        gr.Button().click(of(train_preview), programs, facts, api_name="train_preview", **LOOKS)


def train_preview(
    backend: Backend,
    files: list[str] | None = None,
    size: int = 28,
    colour: bool = True,
    across: int = 1,
    down: int = 1,
) -> dict[str, Any]:
    """What a training would learn from files and zips: some of the crops, (N, C, S, S) grey levels
    in base64, with their labels, and all labels that there are."""
    with told_in_the_page():
        return crops_of(backend, files or (), size, colour, across, down)


def crops_of(
    backend: Backend, files: Sequence[str], size: int, colour: bool, across: int, down: int
) -> dict[str, Any]:
    """As `train_preview`; raises ValueError, in a sentence."""
    paths, channels = [Path(file) for file in files], 3 if colour else 1
    load = backend.decoders.squares
    found = preview(paths, int(size), channels, LOOKED_AT, load, int(across), int(down))
    images, labels = found.images[:PREVIEWED], found.labels[:PREVIEWED].tolist()
    named = ("", *found.classes)
    return {
        "shape": list(images.shape),
        "levels": base64.b64encode(images.contiguous().numpy().tobytes()).decode(),
        "labels": [named[label] for label in labels],
        "classes": list(found.classes),
    }


def _shown(
    backend: Backend,
    files: list[str] | None,
    size: int,
    colour: bool,
    across: int | None,
    down: int | None,
) -> str:
    """What the live view is told."""
    if not files:
        return told()
    try:
        crops = crops_of(backend, files, size, colour, across or 1, down or 1)
        return told(crops=crops)
    except ValueError as error:
        return told(error=sentence(error))


def _of_a_folder(backend: Backend, event: gr.EventData) -> list[str]:
    """The zip that the page has made of a folder, as one of the files."""
    path = str(event_data(event, "zip"))
    with told_in_the_page():
        if not is_within(path, backend.settings.uploads) or not Path(path).is_file():
            raise ValueError("the folder did not arrive; please choose it again")
    return [path]
