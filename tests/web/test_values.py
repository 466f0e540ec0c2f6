"""Values that no control sends, to every event, endpoint and server function: a sentence or a
status of 4xx, never a failure of the server's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.running import Server
from tests.web.visitor import Visitor

VALUES: dict[str, Any] = {
    "a megabyte": "x" * 2**20,
    "a long text": "y" * 50_000,
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "negative": -1,
    "huge": 1e308,
    "a huge whole number": 2**60,
    "a fraction": 0.5,
    "null": None,
    "true": True,
    "nothing": "",
    "nested": [[["a"]]],
    "deep": {"a": {"b": {"c": [{"d": 1}]}}},
    "empty": [],
    "null character": "a\0b",
}
# For each server function: an argument that will do.
VIEWS: dict[str, dict[str, Any]] = {
    "load": {"seed": 0, "example": "boot", "denoiser": "fashion"},
    "see": {"small": "A" * 1048, "seed": 0, "denoiser": "fashion"},
    "other_noise": {"seed": 0, "shape": [1, 28, 28], "denoiser": "fashion"},
    "denoise": {
        "id": 1,
        "small": "A" * 1048,
        "seed": 0,
        "alpha": 0.5,
        "sigma": 0.5,
        "denoiser": "fashion",
    },
    "encode_picture": {"denoiser": "portraits", "owner": "", "number": 0},
    "own_denoisers": {"owner": "a" * 16},
    "take_latent_apart": {
        "id": 1,
        "denoiser": "portraits",
        "owner": "",
        "latent": "A" * 5464,
        "t": 500,
        "seed": 0,
        "what": "",
    },
    "mix_latents": {
        "id": 1,
        "denoiser": "portraits",
        "owner": "",
        "one": "A" * 5464,
        "other": "A" * 5464,
        "share": 0.5,
        "way": "linear",
    },
    "decode_latents": {"denoiser": "portraits", "owner": "", "latents": "A" * 5464},
    "latent_costs": {"denoiser": "portraits", "owner": ""},
    "nearest_pictures": {"pictures": "A" * 1048},
    "hear": {"text": "a red robe"},
    "picture": {"example": "boot"},
    "owned": {"token": "a" * 16},
    "ask": {"job": "a" * 16, "token": "a" * 16, "action": "stop"},
    "cloud": {"data": "moons", "points": 100},
    "network": {"data": "moons"},
    "contests_owned": {"token": "a" * 16, "kind": "race"},
    "contests_ask": {"job": "a" * 16, "token": "a" * 16, "action": "stop"},
    "link_in": {"note": '{"diffviz": 1}'},
    "dark": {"width": 2, "height": 2, "levels": "AAAA"},
    "rename": {"job": "a" * 16, "token": "a" * 16, "name": "mine"},
    "take_uploaded": {"path": "/nowhere.zip", "token": "a" * 16},
    "take_losses": {"job": "recorded", "format": "png", "theme": "light"},
    "take_noising": {
        "picture": {"example": "boot"},
        "settings": {},
        "rivals": [],
        "format": "figure-png",
        "theme": "light",
    },
    "notebook_told": {},
}
SLOW = ("sample", "_sample", "_start", "train_start")  # they do what they are asked for
# Of those that do more at first than has to be waited for, by the labels of their inputs.
LESS: dict[str, dict[str, Any]] = {
    "plane_train": {"Training steps": 100},
    "plane_convergence": {"Steps": [2, 4], "Samples": 20},
}
RAW = {
    "nan": b'{"fn_index": 0, "session_hash": "v", "data": [NaN]}',
    "infinity": b'{"fn_index": 0, "session_hash": "v", "data": [Infinity]}',
    "too large for a float": b'{"fn_index": 0, "session_hash": "v", "data": [1e999]}',
    "brackets": b"[" * 5000,
    "nothing": b"",
    "a list": b"[]",
    "no data": b'{"data": {}}',
    "no text": b"\xff\xfe",
    "wrong kinds": b'{"session_hash": [1], "component_id": "x", "fn_name": {}, "data": 1}',
    "no such event": b'{"fn_index": 99999, "data": [], "session_hash": "v"}',
    "no number": b'{"fn_index": true, "data": [], "session_hash": "v"}',
    "a long session": b'{"fn_index": 0, "data": [], "session_hash": "' + b"v" * 5000 + b'"}',
}


@pytest.fixture(scope="module", autouse=True)
def _nothing_failed(server: Server, visitor: Visitor) -> Any:
    """After all of them the server answers, and has failed nowhere."""
    before = visitor.metric("diffviz_errors_total")
    yield
    assert visitor.http.get("/healthz").json() == {"status": "ok"}
    assert visitor.metric("diffviz_errors_total") == before
    assert "traceback" not in Path(server.log).read_text().lower()


def told(visitor: Visitor, answer: httpx.Response) -> None:
    """That it was refused, or that the event ended: well, or with a sentence."""
    if answer.status_code != 200:
        assert 400 <= answer.status_code < 500
        assert answer.json()["detail"]
        return
    success, output = visitor.outcome()
    assert success or output["error"]


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_events_take_any_value(visitor: Visitor, value: Any) -> None:
    for event in visitor.events():
        values = [value] * len(event["inputs"])
        told(visitor, visitor.join(event, values))
        told(visitor, visitor.join(event, values, event_data=value))


@pytest.mark.parametrize("name", ["noise", "denoise", "nearest", "train_status", "train_stop"])
def test_each_input_of_an_endpoint_takes_any_value(visitor: Visitor, name: str) -> None:
    event = visitor.named(name)
    values = visitor.initial(event)
    for place in range(len(values)):
        for value in VALUES.values():
            told(visitor, visitor.join(event, [*values[:place], value, *values[place + 1 :]]))


def test_a_run_takes_only_what_its_controls_could_send(visitor: Visitor) -> None:
    event = visitor.named("_sample")
    (values,) = visitor.run(count=1, steps=1)
    for place in range(len(values)):
        for value in ("nothing of the kind", -1, 1e308, ["a list"]):
            changed = [*values[:place], value, *values[place + 1 :]]
            told(visitor, visitor.join(event, [changed]))
    for value in VALUES.values():
        told(visitor, visitor.join(event, [value]))
    assert visitor.join(event, [[]]).status_code == 200
    _, output = visitor.outcome()
    assert output["error"] == f"This event has {len(values)} values."


def test_little_is_held_where_gradio_looks_at_each_message(visitor: Visitor) -> None:
    """Its page copies, compares and searches for what outputs and inputs of all events hold."""
    first = visitor.page["components"][0]
    assert first["props"]["visible"] is False
    for event in visitor.events():
        if event["show_progress"] == "hidden":
            assert event["show_progress_on"] == [first["id"]]
    assert len(visitor.named("_sample")["inputs"]) == 1
    views = [c["props"]["props"] for c in visitor.page["components"] if c["props"].get("props")]
    assert len(views) >= 6
    assert all(isinstance(value, str) for props in views for value in props.values())


def test_all_server_functions_are_tried(visitor: Visitor) -> None:
    offered = [c["props"].get("server_fns") or () for c in visitor.page["components"]]
    assert {name for names in offered for name in names} == set(VIEWS)


@pytest.mark.parametrize("function", VIEWS)
def test_server_functions_take_any_value(visitor: Visitor, function: str) -> None:
    good = VIEWS[function]
    arguments = [*VALUES.values(), *({**good, key: v} for key in good for v in VALUES.values())]
    for argument in arguments:
        answer = visitor.call_view(function, argument)
        assert answer.status_code in (200, 400, 413)
        assert isinstance(answer.json(), dict)


@pytest.mark.parametrize("address", ["queue/join", "call/noise", "component_server", "cancel"])
@pytest.mark.parametrize("body", RAW.values(), ids=RAW)
def test_what_is_no_request_is_refused(visitor: Visitor, address: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = visitor.http.post(f"/gradio_api/{address}", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]


def test_events_without_what_their_page_says(visitor: Visitor) -> None:
    for event in visitor.events():
        if event["api_name"] not in SLOW:
            labels = [visitor.components[i]["props"].get("label") for i in event["inputs"]]
            values, less = visitor.initial(event), LESS.get(event["api_name"], {})
            for label, value in less.items():
                values[labels.index(label)] = value
            told(visitor, visitor.join(event, values, event_data={}))


def test_a_sentence_with_markup_stays_a_text(visitor: Visitor) -> None:
    assert visitor.join(visitor.named("_hear"), [VALUES["markup"], "heroes"]).status_code == 200
    success, output = visitor.outcome()
    assert success
    assert "<img" not in output["data"][0]
    assert "<script" not in output["data"][0]
