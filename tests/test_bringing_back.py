"""What the Forward tab's "Bring it back" is sent, whatever it was asked for."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
import torch
from PIL import Image
from torch import Tensor

from diffviz.checkpoints import Card
from diffviz.data.examples import example
from diffviz.data.photos.crops import INFO as PHOTOS
from diffviz.denoisers.base import Level, Prediction
from diffviz.denoisers.exact import GaussianDenoiser
from diffviz.media.notes import read_note
from diffviz.networks.unet import UNetConfig
from diffviz.serving.admission import Admission
from diffviz.serving.guessing import DENOISERS, what_it_sees
from diffviz.serving.made_files import MadeFiles
from diffviz.serving.ticket import Ticket
from diffviz.ui.forward.bringing_back import BRING_BACK, Edited, edit_picture
from diffviz.ui.forward.keeping import _keep
from diffviz.ui.share import link_in
from diffviz.web.uploads import Room

EXACT = GaussianDenoiser(0.0, 0.5)
SMALL = base64.b64encode(bytes(range(256)) * 3 + bytes(16)).decode()  # 28 × 28
REQUEST: dict[str, Any] = {
    "id": 7,
    "mode": "back",
    "denoiser": "fashion",
    "small": SMALL,
    "what": "anything",
    "t": 300,
    "steps": 4,
    "guidance": 2.0,
    "seed": 0,
    "schedule": "cosine",
    "T": 1000,
    "zeroTerminal": False,
    "parameters": {},
    "handles": [],
}


@pytest.fixture
def asked() -> list[str]:
    """The names that denoisers were asked for by."""
    return []


@pytest.fixture
def backend(asked: list[str], tmp_path: Path) -> Iterator[Any]:
    """An exact denoiser takes the place of all, at the one place where the panel gets them, and
    nobody else is in the line."""

    def denoiser(name: str, ticket: Ticket) -> Any:
        asked.append(name)

        def exact(x: Tensor, a: Level, s: Level, condition: Tensor | None = None) -> Prediction:
            return EXACT(x, a, s, condition)

        return exact

    admission = Admission(1, 1, 60)
    yield SimpleNamespace(
        admission=admission,
        guessing=SimpleNamespace(denoiser=denoiser),
        files=MadeFiles(Room(tmp_path, 100)),
        settings=SimpleNamespace(uploads=tmp_path),
    )
    admission.close()


VISITOR: Any = SimpleNamespace(session_hash="someone", client=None)


def messages(backend: Any, request: Any) -> list[dict[str, Any]]:
    async def listen() -> list[dict[str, Any]]:
        event: Any = gr.EventData(None, {"request": request})
        return [json.loads(text) async for text in BRING_BACK(backend, event, VISITOR)]

    return asyncio.run(listen())


@pytest.mark.parametrize(("mode", "lanes"), [("back", [1] * 5), ("invert", [0] * 5 + [1] * 5)])
def test_a_run_is_a_start_its_frames_and_how_far_apart(
    backend: Any, asked: list[str], mode: str, lanes: list[int]
) -> None:
    start, *frames, end = messages(backend, REQUEST | {"mode": mode})
    assert asked == ["fashion"]
    assert {message["id"] for message in (start, *frames, end)} == {7}
    assert (
        start["start"].items() >= {"steps": 4, "grid": [300, 225, 150, 75, 0], "outside": 0}.items()
    )
    assert [message["frame"]["lane"] for message in frames] == lanes
    first, last = frames[0]["frame"], frames[-1]["frame"]
    assert first["t"] == (300 if mode == "back" else 0)
    assert last["t"] == 0
    assert len(base64.b64decode(last["x"])) == 28 * 28
    if mode == "invert":
        assert first["x"] == SMALL
        assert 0 < end["apart"] < 0.1


@pytest.mark.parametrize(
    "wrong",
    [
        {"denoiser": "nobody"},
        {"mode": "invert", "was": "spoon"},
        {"mode": "back", "was": "sandal"},
        {"denoiser": ["fashion"]},
        {"denoiser": "heroes"},  # whose pictures are larger
        {"small": "AAAA"},
        {"small": "?"},
        {"small": 5},
        {"mode": "up"},
        {"sampler": "unknown"},
        {"sampler": "heun", "mode": "invert"},
        {"what": "unicorn"},
        {"t": 0},
        {"t": 1001},
        {"t": 1.5},
        {"t": math.nan},
        {"t": "x"},
        {"t": None},
        {"steps": 201},
        {"steps": math.inf},
        {"seed": -1},
        {"guidance": math.nan},
        {"guidance": "much"},
        {"guidance": None},
        {"T": 10**9},
        {"T": "many"},
        {"schedule": "line"},
        {"schedule": "drawn"},
        {"parameters": 5},
        {"parameters": {"s": math.nan}},
        {"schedule": "drawn", "handles": [1, {}]},
        {"schedule": "karras", "zeroTerminal": True},
    ],
)
def test_nonsense_is_answered_with_a_sentence(backend: Any, wrong: dict[str, Any]) -> None:
    (answer,) = messages(backend, REQUEST | wrong)
    assert answer["id"] == 7
    name = answer["failed"].partition(" ")[0]
    assert name in ("t", "s") or name[0].isupper()  # t is not T
    assert answer["failed"].endswith(".")


@pytest.mark.parametrize("request_", [None, 5, "x", [], {}, {"id": 3}])
def test_what_is_no_request_is_told_so(backend: Any, request_: Any) -> None:
    (answer,) = messages(backend, request_)
    assert answer["failed"] == "The request is not one that this page makes."


def test_a_picture_may_be_named_instead_of_sent(backend: Any) -> None:
    """As one that a denoiser sees at its full size is, which would be much to send."""
    named = {name: value for name, value in REQUEST.items() if name != "small"}
    _, *frames, end = messages(backend, named | {"picture": {"example": "petra"}})
    assert len(base64.b64decode(frames[-1]["frame"]["x"])) == 28 * 28
    assert end["apart"] > 0
    (answer,) = messages(backend, named | {"picture": {"upload": "/etc/passwd"}})
    assert answer["failed"] == "The path is none of an uploaded file."


def test_a_denoiser_of_any_size_sees_the_very_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    config = UNetConfig(image_size=(64, 64), image_channels=3, attention=False)
    card = Card("photos", config, "edm", PHOTOS, (0.005, 30.0), 0, 0.0)
    monkeypatch.setattr("diffviz.serving.guessing.card_of", lambda name: card)
    petra, boot = example("petra"), example("boot")
    assert what_it_sees(petra, "photos") is petra
    assert torch.equal(what_it_sees(boot, "photos"), boot.expand(3, -1, -1))


@pytest.mark.parametrize("name", DENOISERS)
def test_every_denoiser_gets_the_picture_at_its_size(
    backend: Any, asked: list[str], name: str
) -> None:
    asked_for = Edited(example_name="balloon", denoiser=name, steps=2)
    answer = edit_picture(backend, VISITOR, asked_for)
    result, noisy, facts = asyncio.run(answer)
    assert asked == [name]
    assert facts["strength"] == 0.5
    assert facts["steps"] == 2
    assert facts["evaluations"] == 2
    assert result.endswith(".png")
    assert noisy.endswith(".png")


def test_a_sampler_is_chosen_and_asks_as_often_as_it_does(backend: Any) -> None:
    results = {}
    for sampler, asked_for in (("ddim", 4), ("dpmpp-2m", 4), ("heun", 7)):
        _, *frames, _ = messages(backend, REQUEST | {"sampler": sampler})
        assert frames[-1]["frame"]["evaluations"] == asked_for
        results[sampler] = frames[-1]["frame"]["x"]
    assert len(set(results.values())) == 3


@pytest.mark.parametrize(
    ("kind", "mode", "frames"),
    [("gif", "back", 5), ("gif", "invert", 10), ("strip", "invert", 1), ("mp4", "back", 5)],
)
def test_the_way_is_taken_home_with_a_note_that_leads_back(
    backend: Any, kind: str, mode: str, frames: int
) -> None:
    wish = REQUEST | {"mode": mode} | ({"sampler": "unipc"} if mode == "back" else {})
    event: Any = gr.EventData(None, {"request": wish, "format": kind, "view": "x0"})
    file = asyncio.run(_keep(backend, event, VISITOR))
    path = Path(file.value["path"] if isinstance(file.value, dict) else file.value)
    assert path.name.startswith(f"diffviz-fashion-{mode}-t-300")
    if kind != "mp4":
        with Image.open(path) as image:
            # Those that are alike, as where it turns, are one in a GIF, which lasts as long.
            assert frames // 2 < getattr(image, "n_frames", 1) <= frames or kind == "strip"
    start = messages(backend, wish)[0]["start"]
    assert read_note(path) == start["note"]
    link = link_in({"note": start["note"]})["link"]
    assert link.startswith("forward?")
    assert "t=300" in link
    assert ("sampler=unipc" in link) is (mode == "back")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"format": "exe"}, "unknown format 'exe'; choose from gif, mp4, strip"),
        ({"view": "eps"}, "unknown view 'eps'; choose from x, x0"),
        ({"request": None}, "not one that this page makes"),
        ({"request": REQUEST | {"t": 0}}, "t must be a whole number"),
    ],
)
def test_what_cannot_be_taken_home_is_told(backend: Any, wrong: Any, told: str) -> None:
    event: Any = gr.EventData(None, {"request": REQUEST, "format": "gif", "view": "x"} | wrong)
    with pytest.raises(gr.Error, match=f"(?i){told}"):
        asyncio.run(_keep(backend, event, VISITOR))
