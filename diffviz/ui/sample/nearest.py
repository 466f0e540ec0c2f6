"""Whether samples are copies: the nearest training pictures, for the player and for programs."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import gradio as gr
import numpy as np
import torch
from torch import Tensor

from diffviz.data import DATA_SETS, DEFAULT, DataChoice, load_data_set, source_of
from diffviz.data.base import DataInfo
from diffviz.measure.indexing import index_of, index_of_known
from diffviz.measure.nearest import Index, judge, load_index, nearer_than, nearest
from diffviz.media.decoding import fitted
from diffviz.media.kinds import KINDS
from diffviz.media.levels import grey_levels
from diffviz.media.picture import PICTURE
from diffviz.runs.schema import MAX_COUNT
from diffviz.serving.backend import Backend
from diffviz.serving.decoders import PICTURES
from diffviz.serving.sampling import ASKED
from diffviz.ui.messages import answer, told_in_the_page

NEIGHBOURS = 3
BUSY = "many visitors are asking just now; try again in a moment"


def nearest_pictures(backend: Backend, request: Any) -> dict[str, Any]:
    """{"pictures": 1 to 16 pictures as bytes one after the other, in base64, as small as they are
    compared, "denoiser": that made them (or none, for the first), "owner": whose it is, of a
    training} →
    "found": for each its "neighbours" (a dict of row, class, distance and the picture's bytes),
    "nearer" (the share of real pictures that are farther from theirs) and "verdict";
    "scale": how far 0 %, 1 % … 100 % of real pictures are from theirs, at most; "shape": of the
    neighbours; "called", "among", "real" and "note": what these pictures are, and which the real
    ones are."""
    return answer(partial(_nearest_pictures, backend), request)


def _nearest_pictures(backend: Backend, request: Any) -> dict[str, Any]:
    sent = request["pictures"]
    name, owner = str(request.get("denoiser", DEFAULT)), str(request.get("owner") or "")
    choice = backend.models.learned(name, owner)
    pictures = _from_base64(_shape(backend.models.card(name, owner).data), sent)
    with backend.searches.turn(BUSY):
        index = _index(choice)
        found = _facts(index, pictures, with_pictures=True)
        scale = index.test_distances[::10].round(4).tolist()
        told = {what: getattr(index, what) for what in ("called", "among", "real", "note")}
        return {"found": found, "scale": scale, "shape": index.shape_shown, **told}


def nearest_endpoint(backend: Backend) -> None:
    """Register /nearest inside the current gr.Blocks; its controls are for programs, never seen."""
    with gr.Group(visible=False):
        picture = gr.File(label=f"A {KINDS} file")
        denoiser = gr.Textbox(DEFAULT, label=ASKED["denoiser"].label)
        owner = gr.Textbox("", label="Owner")
        facts = gr.JSON(label="The nearest training pictures, and what the distance means")
        gr.Button("Nearest").click(
            backend.handler(_nearest_of_file),
            [picture, denoiser, owner],
            facts,
            api_name="nearest",
            **PICTURES,
        )


def _nearest_of_file(
    backend: Backend, picture: str | None, denoiser: str | None = DEFAULT, owner: str | None = ""
) -> dict[str, Any]:
    """The pictures that a denoiser learned from nearest to a picture, which is brought to their
    size and colours: their rows in the data set, classes and distances (root mean square over
    pixels in −1..1); the share of real pictures that are farther from theirs; and the verdict:
    copy, near or new. denoiser: a bundled one, or "training:" and the id of a training of the
    owner whose token is given."""
    with told_in_the_page():
        if not picture:
            raise ValueError("give a picture's file")
        name, token = denoiser or DEFAULT, owner or ""  # an emptied field says nothing
        choice = backend.models.learned(name, token)
        shape = _shape(backend.models.card(name, token).data)
        seen = fitted(backend.decoders.picture(picture), shape)
        with backend.searches.turn(BUSY):
            return _facts(_index(choice), seen[None], with_pictures=False)[0]


def _index(choice: DataChoice) -> Index:
    """Of what a denoiser learned from. Raises ValueError for what has none."""
    source = DATA_SETS[choice.name]
    if source.nearest:
        return load_index(source.nearest())
    if not source.compared and (source.parts or source.medium != PICTURE.name):
        raise ValueError(
            "of what this denoiser learned from no sample could be a copy, pixel by pixel"
        )
    return _made(choice)


@lru_cache(2)
def _made(choice: DataChoice) -> Index:
    compared = DATA_SETS[choice.name].compared
    return index_of_known(compared.load()) if compared else index_of(load_data_set(choice))


def _shape(info: DataInfo) -> tuple[int, ...]:
    """Of a picture as it is compared."""
    compared = source_of(info).compared
    return compared.shape if compared else info.shape


def _facts(known: Index, pictures: Tensor, with_pictures: bool) -> list[dict[str, Any]]:
    found = nearest(known, pictures, NEIGHBOURS)
    classes_of = known.classes
    facts = []
    for rows, distances, classes, seen in zip(
        found.rows, found.distances, found.classes, grey_levels(found.pictures), strict=True
    ):
        neighbours: list[dict[str, Any]] = [
            {"row": row, "class": classes_of[label], "distance": round(distance, 4)}
            for row, distance, label in zip(
                rows.tolist(), distances.tolist(), classes.tolist(), strict=True
            )
        ]
        if with_pictures:
            for neighbour, levels in zip(neighbours, seen, strict=True):
                neighbour["picture"] = base64.b64encode(levels.numpy().tobytes()).decode()
        distance = float(distances[0])
        facts.append(
            {
                "neighbours": neighbours,
                "nearer": round(nearer_than(known, distance), 4),
                "verdict": judge(known, distance),
            }
        )
    return facts


def _from_base64(shape: Sequence[int], text: Any) -> Tensor:
    """(B, C, H, W) in −1..1; raises ValueError for anything but 1 to 16 whole pictures."""
    pixels = math.prod(shape)
    most = -(-MAX_COUNT * pixels // 3) * 4  # base64's length of that many bytes
    if not isinstance(text, str) or len(text) > most:
        raise ValueError(f"at most {MAX_COUNT} pictures at once")
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        content = b""
    if not content or len(content) % pixels:
        channels, height, width = shape
        kind = "grey levels" if channels == 1 else "colours"
        raise ValueError(f"pictures of {width} × {height} {kind} are needed")
    levels = np.frombuffer(content, np.uint8).astype(np.float32)
    return torch.from_numpy(levels / 127.5 - 1).reshape(-1, *shape)
