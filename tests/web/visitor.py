"""A visitor who keeps to no rules."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from tests.waiting import PATIENCE

SLOW_SECONDS = 1.5
SESSIONS = 20


class Visitor:
    """What a program that knows Gradio's protocol can do; nothing is checked on its side."""

    def __init__(self, url: str, address: str = "", page: dict[str, Any] | None = None) -> None:
        """address: what a proxy says that they ask from. page: another's, which is as good."""
        headers = {"X-Forwarded-For": address} if address else {}
        self.http = httpx.Client(base_url=url, timeout=30, headers=headers)
        self.page: dict[str, Any] = page or self.http.get("/config").json()
        self.components = {c["id"]: c for c in self.page["components"]}

    def events(self) -> list[dict[str, Any]]:
        """All events that the server works on."""
        return [event for event in self.page["dependencies"] if event["backend_fn"]]

    def named(self, name: str) -> dict[str, Any]:
        return next(event for event in self.events() if event["api_name"] == name)

    def initial(self, event: dict[str, Any]) -> list[Any]:
        """Its inputs as the page first shows them."""
        return [self.components[i]["props"].get("value") for i in event["inputs"]]

    def run(self, **settings: Any) -> list[Any]:
        """The input of a run that the Sample tab asks for: its controls' values, in a list.
        settings: of those that are not as they first are."""
        gathering = next(
            event
            for event in self.page["dependencies"]
            if any(target[1] == "run" for target in event["targets"])
        )
        names = [self.components[i]["props"].get("elem_id") for i in gathering["inputs"]]
        values = self.initial(gathering)
        for name, value in settings.items():
            values[names.index(f"sample-{name}")] = value
        values[-2:] = ["", ""]  # the drawn curve and the token, which the page's script adds
        return [values]

    def owned(self, event: dict[str, Any], owner: str) -> list[Any]:
        """The same for a training's start, with its owner's token."""
        labels = [self.components[i]["props"].get("label") for i in event["inputs"]]
        values = self.initial(event)
        values[labels.index("Owner")] = owner
        return values

    def join(self, event: dict[str, Any], values: Any, **more: Any) -> httpx.Response:
        body = {"fn_index": event["id"], "data": values, "session_hash": "visitor", **more}
        return self.http.post("/gradio_api/queue/join", json=body)

    def outcome(self, session: str = "visitor") -> tuple[bool, Any]:
        """(success, output) of the event that was joined last."""
        done: tuple[bool, Any] = (False, "nothing")
        end = time.monotonic() + PATIENCE
        with self.http.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as lines:
            for line in lines.iter_lines():
                assert time.monotonic() < end, "no outcome"
                message = json.loads(line.removeprefix("data:")) if line else {"msg": ""}
                if message["msg"] == "process_completed":
                    done = message["success"], message["output"]
        return done

    def call_view(self, function: str, argument: Any, session: str = "v") -> httpx.Response:
        """A live view's server function."""
        component = next(
            c["id"]
            for c in self.page["components"]
            if function in (c["props"].get("server_fns") or ())
        )
        body = {"component_id": component, "fn_name": function, "data": argument}
        return self.http.post("/gradio_api/component_server", json=body | {"session_hash": session})

    def upload(self, content: bytes, name: str = "picture.png") -> httpx.Response:
        return self.http.post("/gradio_api/upload", files={"files": (name, content)})

    def metric(self, name: str) -> float:
        """A metric's value, summed over its labels."""
        token = {"Authorization": "Bearer let-me-see"}  # where one is asked for
        lines = self.http.get("/metrics", headers=token).text.splitlines()
        found = [line for line in lines if line.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(line.rsplit(" ", 1)[1]) for line in found)
