"""The Edit tab: a picture completed or restored, frame by frame; what it needs of the server."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import gradio as gr
import numpy as np
import torch
from torch import Tensor

from diffviz.autoencoders import pictures_shape
from diffviz.checkpoints import Card, checkpoint_names
from diffviz.data import GENERAL, source_of, words_of
from diffviz.data.examples import example, shown_names
from diffviz.guidance.methods import METHODS
from diffviz.media.levels import grey_levels
from diffviz.media.picture import PICTURE
from diffviz.media.raster import MAX_BYTES, SIZE
from diffviz.runs.asking import ANYTHING
from diffviz.runs.link import Usual, schema
from diffviz.runs.schema import MAX_SEED
from diffviz.runs.tasks import TASKS
from diffviz.serving.backend import Backend
from diffviz.serving.models import Models, bundled_card
from diffviz.serving.pictures import uploaded
from diffviz.serving.restoring import MOST_PIXELS, Prepared, export, prepare, told
from diffviz.serving.ticket import Ticket
from diffviz.settings import Setting
from diffviz.ui.component import live_view, page_call
from diffviz.ui.edit.api import Asked, restore_endpoints
from diffviz.ui.forward.tab import examples_shown
from diffviz.ui.gradio_seams import event_data
from diffviz.ui.live_runs import LIVE, live_run
from diffviz.ui.messages import answer, capital, checked, told_in_the_page
from diffviz.ui.sample.tab import NETWORK, SILENT, visitor


def edit_tab(backend: Backend) -> None:
    """Build the tab inside the current gr.Blocks."""
    view = live_view(
        "edit/view",
        "edit-view",
        "A picture completed or restored",
        events=("restore", "halt", "export", "anew"),
        server_functions=[backend.handler(f) for f in (picture, own_denoisers)],
        facts=_facts(),
    )
    exported = gr.File(label="Your file", elem_id="edit-file", visible=False)
    program = gr.Code(
        label="The same in Python, to the last bit",
        language="python",
        elem_id="edit-code",
        visible=False,
        interactive=False,
    )
    running = view.restore(backend.handler(live_run(asked, _told)), None, view, **LIVE)
    view.halt(None, cancels=[running], api_visibility="private")
    files = [exported, program]
    exporting = view.export(backend.handler(_export), None, files, **SILENT, **NETWORK)
    exporting.success(None, exported, None, js=page_call("takeHome"), **SILENT)
    exporting.then(None, js=page_call("ended", "restored"), **SILENT)
    # What was made of another run than the one shown goes with it.
    hide = page_call("hidden", len(files))
    view.anew(None, None, files, js=hide, cancels=[exporting], **SILENT)
    restore_endpoints(backend)


class OnPage(Asked):
    """What the tab's controls say, and its links."""

    example_name: Annotated[
        str, Setting(label="Example", help="The picture", choices=shown_names)
    ] = shown_names()[0]


def begins() -> Usual:
    """Where the words begin, by the denoiser."""
    told = _bundled()
    what = {one["name"]: one["example"] or next(iter(one["things"]), "") for one in told}
    negative = {one["name"]: one["negative"] for one in told}
    return {"what": ("denoiser", what), "negative": ("denoiser", negative)}


def _bundled() -> list[dict[str, Any]]:
    """What the page must know of those that come along, the general one first."""
    cards = {name: bundled_card(name) for name in checkpoint_names()}
    return [
        _denoiser_facts(name, f"Trained on {source_of(card.data).things or name}", card)
        for name, card in sorted(cards.items(), key=lambda entry: entry[0] != GENERAL)
        if _restores(card)
    ]


def own_denoisers(backend: Backend, request: Any) -> dict[str, Any]:
    """{"owner"} → {"denoisers": those that the owner of the token has trained}."""
    return answer(lambda asked: {"denoisers": _trained(backend.models, asked["owner"])}, request)


def _trained(models: Models, token: str) -> list[dict[str, Any]]:
    cards = {name: (label, models.card(name, token)) for label, name in models.own(token)}
    return [
        _denoiser_facts(name, capital(label), card)
        for name, (label, card) in cards.items()
        if _restores(card)
    ]


def _restores(card: Card) -> bool:
    """Whether it is one of pictures, or of latents with pictures behind them, that says the mean of
    what x_t may have been: a distilled one says one end, which no measurement can steer."""
    pictures = card.data.medium == PICTURE.name or bool(card.data.autoencoder)
    return pictures and not card.distilled


def _facts() -> dict[str, Any]:
    """What the page's code must know."""
    return {
        "settings": {facts["name"]: facts for facts in schema(OnPage, begins())},
        "tasks": [
            {
                "name": task.name,
                "label": task.label,
                "says": task.says,
                "degrades": task.degrades,
                "masked": task.needs_mask,
                "holes": task.holes,
                "free": task.on_path,
                "parameters": task.parameters,
            }
            for task in TASKS.values()
        ],
        "methods": [
            {
                "name": method.name,
                "label": method.label,
                "source": method.source,
                "cost": method.cost(),
                "gradients": method.gradients,
                "holes": method.holes,
            }
            for method in METHODS.values()
        ],
        "denoisers": _bundled(),
        "examples": examples_shown(),
        "side": SIZE,
        "mostPixels": MOST_PIXELS,
        "maxSeed": MAX_SEED,
        "maxBytes": MAX_BYTES,
    }


def _denoiser_facts(name: str, label: str, card: Card) -> dict[str, Any]:
    """things: the classes that it can be asked for, or none where it `speaks`. latent: whether it
    works on latents, in which holes alone are filled."""
    words = words_of(card.data)
    slots = card.data.slots
    return {
        "name": name,
        "label": label,
        "shape": pictures_shape(card.data),
        "latent": bool(card.data.autoencoder),
        "any": card.network.any_size,
        "speaks": words is not None,
        "example": words.of_a_picture if words else "",
        "negative": words.negative if words else "",
        "things": [ANYTHING, *slots[0].values] if slots and not words else [],
    }


def picture(backend: Backend, request: Any) -> dict[str, Any]:
    """{"example": name} or {"upload": path} → its levels, planar, in base64."""
    return answer(partial(_picture, backend), request)


def _picture(backend: Backend, source: Any) -> dict[str, Any]:
    levels = grey_levels(_picture_of(backend, source)).numpy()
    return {"shape": levels.shape, "levels": base64.b64encode(levels.tobytes()).decode()}


def _picture_of(backend: Backend, source: Any) -> Tensor:
    if "example" in source:
        return example(str(source["example"]))
    return uploaded(backend, source["upload"])


def _told(backend: Backend, asked: Prepared, ticket: Ticket) -> Iterator[dict[str, Any]]:
    return told(asked, backend.models, ticket)


def asked(backend: Backend, request: Any) -> Prepared:
    """What a page's request asks for; raises what `checked` turns into a sentence."""
    said = Asked(**request["settings"])
    picture = _picture_of(backend, request["picture"])
    mask = None
    if TASKS[said.task].needs_mask:
        mask = mask_sent(request["mask"], (picture.shape[1], picture.shape[2]))
    words = (said.what, said.negative)
    owner = str(request.get("owner") or "")
    return prepare(backend.models, said, said.denoiser, words, picture, mask, owner)


def mask_sent(text: Any, size: tuple[int, int]) -> Tensor:
    """A mask (1, H, W) in −1..1 from bits, row after row, in base64."""
    height, width = size
    try:
        bits = np.unpackbits(np.frombuffer(base64.b64decode(text, validate=True), np.uint8))
        painted = bits[: height * width].reshape(1, height, width)
    except (TypeError, ValueError, binascii.Error) as error:
        raise ValueError(f"a mask of {width} × {height} bits is needed") from error
    return torch.from_numpy(painted.astype(np.float32)) * 2 - 1


async def _export(backend: Backend, event: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
    """A run again, as a file or as code; event: {"request", "format", "view"}."""
    with told_in_the_page():
        wanted = event_data(event, "request")
        prepared = await asyncio.to_thread(checked, partial(asked, backend), wanted)
        kind, view = (str(event_data(event, name)) for name in ("format", "view"))
        made = await backend.admission.at_once(
            visitor(request),
            lambda ticket: export(prepared, backend.models, backend.files, kind, view, ticket),
        )
    if isinstance(made, str):
        return gr.File(value=None, visible=False), gr.Code(value=made, visible=True)
    return gr.File(value=str(made), visible=True), gr.Code(visible=False)
