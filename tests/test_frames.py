"""What the page's player is sent of a run."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any

from diffviz.checkpoints import load_checkpoint
from diffviz.runs.schema import RunSettings
from diffviz.serving.frames import stream

RUN = RunSettings(condition={"class": "bag"}, count=1, steps=6)


def sent(pause: float) -> list[list[dict[str, Any]]]:
    """The events of each message; but for the time that a step took, always the same."""
    made = stream(RUN, ["heun"], load_checkpoint("fashion"), pause=lambda: pause)
    messages = [json.loads(message)["events"] for message in made]
    for event in chain(*messages):
        event.pop("seconds", None)
    return messages


def test_frames_that_share_a_message_are_the_same_ones() -> None:
    one_by_one, together = sent(0.0), sent(1000.0)
    assert len(one_by_one) == 2 * (RUN.steps + 1)  # two lanes, and x_T
    assert len(together) == 2  # the first frame does not wait for others
    assert [event["kind"] for event in together[0]] == ["start", "frame"]
    assert list(chain(*together)) == list(chain(*one_by_one))
    assert sum(event["kind"] == "end" for event in together[1]) == 2
