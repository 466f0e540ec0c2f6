"""What Gradio's queue keeps of sessions, and what the log says of events that fail."""

from __future__ import annotations

import asyncio
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import gradio as gr
import gradio.route_utils
import pytest

from diffviz.metrics import Metrics
from diffviz.ui.gradio_seams import keep_apart, lighten, sweep_once
from diffviz.web.logs import REQUEST_ID


def page_of(handler: Any) -> gr.Blocks:
    with gr.Blocks() as page:
        gr.Button().click(handler, None, gr.Textbox(), api_name="run")
    return page.queue()


def test_answers_that_nobody_fetches_are_forgotten() -> None:
    async def flood() -> None:
        queue: Any = page_of(lambda: "")._queue
        for session in ("gone", "reads", "idle"):
            queue.pending_messages_per_session[session] = asyncio.Queue()
            queue.pending_event_ids_session[session] = {"event"} if session != "idle" else set()
        messages = queue.pending_messages_per_session
        for number in range(3):
            messages["gone"].put_nowait(number)
            messages["reads"].put_nowait(number)
        waiting = await sweep_once(queue, {})
        assert waiting == {"gone": 3, "reads": 3}
        assert "idle" not in queue.pending_event_ids_session
        messages["gone"].put_nowait(3)
        messages["reads"].get_nowait()
        waiting = await sweep_once(queue, waiting)
        assert waiting == {"reads": 2}
        assert "gone" not in messages
        assert "gone" not in queue.pending_event_ids_session
        assert "reads" in messages

    asyncio.run(flood())


def test_gradio_does_less_for_nothing() -> None:
    async def look() -> None:
        queue = page_of(lambda: "")._queue
        often = queue.sleep_when_free, queue.progress_update_sleep_when_free
        lighten(queue.blocks)
        assert queue.sleep_when_free > often[0]
        assert queue.progress_update_sleep_when_free > often[1]

    searched: list[str] = []

    class Finder(MetaPathFinder):
        def find_spec(self, name: str, *_: Any) -> None:
            searched.append(name)

    asyncio.run(look())
    sys.meta_path.insert(0, finder := Finder())
    try:
        with gradio.route_utils.utils.MatplotlibBackendMananger():  # as it does for each message
            pass
    finally:
        sys.meta_path.remove(finder)
    assert searched == []


def test_a_failed_event_carries_the_id_of_its_request_and_counts_for_its_app(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    import gradio.queueing

    seen: list[str] = []
    metrics = Metrics()

    async def process(events: list[Any]) -> None:
        seen.extend((REQUEST_ID.get(), gradio.utils.get_upload_folder()))
        for error in (RuntimeError("ours"), gr.Error("told")):
            try:
                raise error
            except Exception:
                gradio.queueing.traceback.print_exc()

    class Request:
        scope = {"state": {"request_id": "abc"}}  # noqa: RUF012

    class Event:
        request = Request()

    async def fail() -> None:  # Gradio's queue wants a running loop when it is made
        page = page_of(lambda: "")
        page._queue.process_events = process  # type: ignore[method-assign,assignment]
        keep_apart(page, metrics, tmp_path)
        await page._queue.process_events([Event()])  # type: ignore[call-arg,list-item]

    asyncio.run(fail())
    assert seen == ["abc", str(tmp_path)]
    assert metrics.registry.get_sample_value("diffviz_errors_total") == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"]
