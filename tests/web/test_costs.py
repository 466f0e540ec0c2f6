"""What one request may cost of everybody's event loop, in seconds of the server's processor: it is
answered by that alone, however busy this machine is."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.web.visitor import Visitor

ASKED = 20
MOST_SECONDS = 0.05
KB = 1024


def cheap(visitor: Visitor, address: str, body: Any, statuses: set[int]) -> None:
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    before = visitor.metric("process_cpu_seconds_total")
    for _ in range(ASKED):
        answer = visitor.http.post(f"/gradio_api/{address}", content=content, headers=headers)
        assert answer.status_code in statuses
    spent = visitor.metric("process_cpu_seconds_total") - before
    assert spent / ASKED < MOST_SECONDS, f"{1e3 * spent / ASKED:.0f} ms for {len(content) // KB} KB"


PATHS = [{"path": f"/tmp/diffviz/{n}"} for n in range(6600)]
BODIES: dict[str, Any] = {
    "paths": PATHS,
    "numbers": [1] * 80_000,
    "objects": [{"a": {"b": 1}}] * 15_000,
    "lists": [[[[1]]]] * 20_000,
    "texts": ["x" * 60_000] * 4,
    "commas": [","] * 40_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("address", ["reset", "cancel", "call/noise", "queue/join"])
def test_what_is_no_request_costs_little(visitor: Visitor, address: str, body: Any) -> None:
    """reset and cancel in the form that they have, but for what they do not look at."""
    names = {"event_id": "a" * 32, "session_hash": "costs", "fn_index": 0}
    cheap(visitor, address, {**names, "data": body}, {200, 400, 413})


def long_turns(visitor: Visitor) -> float:
    """How many turns of the event loop took more of its processor than a request may."""
    text = visitor.http.get("/metrics").text
    found = dict(re.findall(r'diffviz_loop_work_seconds_bucket\{le="(.+)"\} (.+)', text))
    return float(found["+Inf"]) - float(found[str(MOST_SECONDS)])


def test_a_thousand_pictures_are_looked_at_beside_the_loop(visitor: Visitor) -> None:
    """As many as fit in, for a training that is then refused."""
    path = visitor.upload(b"no picture", "a.png").json()[0]
    files = [{"path": path, "meta": {"_type": "gradio.FileData"}}] * 1000
    event = visitor.named("train_start")
    values = visitor.initial(event)
    names = [visitor.components[i]["type"] for i in event["inputs"]]
    values[:2] = ["digits", ["none of them"]]
    values[names.index("file")] = files
    before = long_turns(visitor)
    for number in range(6):
        visitor.join(event, values, session_hash=f"many{number}")
        visitor.outcome(f"many{number}")
    assert long_turns(visitor) <= before + 1  # a collection of garbage may be among them


def test_how_long_the_loop_pauses_is_measured(visitor: Visitor) -> None:
    assert visitor.metric("diffviz_loop_pause_seconds_count") > 0
