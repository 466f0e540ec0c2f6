"""What Gradio's queue keeps of sessions, and what the log says of events that fail."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import gradio.route_utils
import gradio.routes
import pytest
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event
from starlette.requests import Request

from diffviz.metrics import Metrics
from diffviz.ui.gradio_mailboxes import Mailbox
from diffviz.ui.gradio_memory import MOST_UPLOADS, UploadProgress, Visits, remember_little
from diffviz.ui.gradio_queue import (
    AGAIN_SECONDS,
    MOST_UNREAD,
    READ_SECONDS,
    STUCK_SECONDS,
    SharedQueue,
    client_of,
    share_queue,
)
from diffviz.ui.gradio_seams import keep_apart, lighten
from diffviz.web.clients import CLIENT
from diffviz.web.logs import REQUEST_ID
from tests.waiting import PATIENCE

MOST = 40


def page_of(handler: Any) -> gr.Blocks:
    with gr.Blocks() as page:
        gr.Button().click(handler, None, gr.Textbox(), api_name="run")
    return page.queue(max_size=MOST)


def queue_of(handler: Any, share: float = 1.0, failed: list[int] | None = None) -> SharedQueue:
    def fail() -> None:
        if failed is not None:
            failed.append(1)

    return share_queue(page_of(handler), share, 10.0, fail)


def request_of(address: str) -> Any:
    return SimpleNamespace(client=SimpleNamespace(host=address), scope={"state": {}})


def started(handler: Any) -> SharedQueue:
    """That begins what it is handed."""
    queue = queue_of(handler)
    queue.set_server_app(gradio.routes.App.create_app(queue.blocks))
    queue.blocks.is_running = True
    queue.start()
    return queue


def asked_by(address: str) -> Request:
    scope = {
        "type": "http",
        "scheme": "http",
        "server": ("localhost", 80),
        "client": (address, 0),
        "path": "/gradio_api/queue/join",
        "query_string": b"",
        "headers": [],
        "state": {},
    }
    return Request(scope)


def event_of(queue: SharedQueue, address: str, session: str) -> Any:
    """An event that waits."""
    (fn,) = queue.blocks.fns.values()
    queue.create_event_queue_for_fn(fn)
    event = Event(session, fn, request_of(address), None)
    queue.pending_messages_per_session.setdefault(session, Mailbox(address))
    queue.pending_event_ids_session[session].add(event._id)
    queue.event_ids_to_events[event._id] = event
    queue.event_queue_per_concurrency_id[event.concurrency_id].queue.append(event)
    return event


def test_what_nobody_reads_is_forgotten() -> None:
    async def leave() -> None:
        queue = queue_of(lambda: "")
        waits, is_over, reads = (event_of(queue, "1.1.1.1", name) for name in ("a", "b", "c"))
        boxes = queue.pending_messages_per_session
        queue._begun.add(is_over._id)
        queue._ended([is_over], 0.0, asyncio.create_task(asyncio.sleep(0)))
        reader = asyncio.create_task(boxes["c"].get())
        await asyncio.sleep(0)
        for box in boxes.values():
            box.left -= 11
        await queue.sweep_once()
        assert set(boxes) == {"b", "c"}
        assert waits._id not in queue.event_ids_to_events
        boxes["b"].left -= 60
        await queue.sweep_once()
        assert set(boxes) == set(queue.pending_event_ids_session) == {"c"}
        assert reads._id in queue.event_ids_to_events
        reader.cancel()

    asyncio.run(leave())


def test_an_address_waits_with_no_more_than_its_share() -> None:
    async def fill() -> None:
        queue = queue_of(lambda: "", share=0.25)
        assert queue.each == MOST // 4
        for _ in range(queue.each):
            event_of(queue, "1.1.1.1", "a")
        (number,) = queue.blocks.fns
        for address, state in (("1.1.1.1", "queue_full"), ("2.2.2.2", "success")):
            body = PredictBodyInternal(data=[], fn_index=number, session_hash=None)
            told = await queue.push(body, request_of(address), None)
            assert told[2] == state
        queue.sessions_each = 1
        await queue._make_room("1.1.1.1")  # which has one
        assert "a" not in queue.pending_messages_per_session
        assert client_of(queue._waiting()[0].request) == "2.2.2.2"

    asyncio.run(fill())


def test_who_reads_slowly_has_little_kept_for_them() -> None:
    """Of a thousand parts no more are made than are read, and a few."""
    made: list[int] = []

    def parts() -> Iterator[str]:
        for number in range(1000):
            made.append(number)
            yield str(number)

    async def read() -> None:
        queue = started(parts)
        event = event_of(queue, "1.1.1.1", "a")
        event.request = asked_by("1.1.1.1")
        (number,) = queue.blocks.fns
        event.data = PredictBodyInternal(data=[], fn_index=number, session_hash="a")
        box = queue.pending_messages_per_session["a"]
        while box.qsize() <= MOST_UNREAD - 1:
            await asyncio.sleep(READ_SECONDS)
        for _ in range(3):
            await asyncio.sleep(10 * READ_SECONDS)
            assert box.qsize() <= MOST_UNREAD + 1
            first = len(made)
            for _ in range(5):
                await box.get()
            await asyncio.sleep(10 * READ_SECONDS)
            assert first < len(made) <= first + 6
        for task in (*queue._tasks, *queue._asyncio_tasks):
            task.cancel()

    asyncio.run(asyncio.wait_for(read(), PATIENCE))


def test_who_was_away_for_long_has_time_again_to_listen() -> None:
    async def come_back() -> None:
        queue = queue_of(lambda: "")
        (number,) = queue.blocks.fns
        box = queue.pending_messages_per_session["a"] = Mailbox("1.1.1.1")
        box.left -= 30
        body = PredictBodyInternal(data=[], fn_index=number, session_hash="a")
        assert (await queue.push(body, request_of("1.1.1.1"), None))[2] == "success"
        await queue.sweep_once()
        assert "a" in queue.pending_messages_per_session
        assert len(queue._waiting()) == 1

    asyncio.run(come_back())


def test_turns_go_round_addresses() -> None:
    async def take() -> list[str]:
        queue = queue_of(lambda: "")
        queue.active_jobs = [None] * 9
        for address, number in (("1.1.1.1", 3), ("2.2.2.2", 1), ("3.3.3.3", 2)):
            for _ in range(number):
                event_of(queue, address, f"session-{address}")
        begun = []
        while found := queue.get_events():
            begun.append(client_of(found[0][0].request)[0])
        return begun

    assert asyncio.run(take()) == ["1", "2", "3", "1", "3", "1"]


def test_events_begin_when_they_come_and_when_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And not at the next look, which costs whose run is at work the more the sooner it comes."""
    monkeypatch.setattr("diffviz.ui.gradio_queue.LOOK_SECONDS", 10 * PATIENCE)

    async def come() -> None:
        begun, over = asyncio.Queue[int](), asyncio.Event()

        async def handler() -> str:
            begun.put_nowait(1)
            await over.wait()
            return ""

        queue = started(handler)
        await asyncio.sleep(0.05)  # it has looked, and found nothing
        (number,) = queue.blocks.fns
        for session in ("a", "b"):
            body = PredictBodyInternal(data=[], fn_index=number, session_hash=session)
            assert (await queue.push(body, asked_by("1.1.1.1"), None))[2] == "success"
        await begun.get()
        assert begun.empty()  # for one event of a kind there is room at once
        assert len(queue._waiting()) == 1
        over.set()
        await begun.get()
        for task in (*queue._tasks, *queue._asyncio_tasks):
            task.cancel()

    asyncio.run(asyncio.wait_for(come(), PATIENCE))


def test_a_task_that_fails_is_begun_again() -> None:
    """And whoever asks for the server's health is told, while nothing begins."""
    failed: list[int] = []

    async def fail() -> None:
        queue = queue_of(lambda: "", failed=failed)
        looks = queue.get_events

        def broken() -> None:
            raise KeyError("a session")

        queue.get_events = broken  # type: ignore[assignment,method-assign]
        queue.start()
        tasks = set(queue._tasks)
        queue.start()  # as a route of Gradio's does
        assert queue._tasks == tasks
        await asyncio.sleep(0.05)
        assert failed == [1]
        queue.get_events = looks  # type: ignore[method-assign]
        event = event_of(queue, "1.1.1.1", "a")
        await asyncio.sleep(1.5 * AGAIN_SECONDS)
        assert event not in queue._waiting()
        assert queue.moves()
        queue._looked -= 2 * STUCK_SECONDS
        assert not queue.moves()
        for task in tasks:
            task.cancel()

    asyncio.run(fail())


def test_what_deletes_old_things_goes_on_after_a_failure() -> None:
    failed: list[int] = []
    looked: list[int] = []

    class App:
        @property
        def state_holder(self) -> Any:
            looked.append(1)
            raise RuntimeError("a set changed while it was looked through")

    async def delete() -> None:
        remember_little(lambda: failed.append(1))
        async with gradio.route_utils._delete_state_handler(App()):  # type: ignore[arg-type]
            await asyncio.sleep(1.5 * AGAIN_SECONDS)

    asyncio.run(delete())
    assert len(looked) == len(failed) == 2


def test_newcomers_push_out_their_own_visits() -> None:
    async def visit() -> None:
        visits = Visits()
        visits.blocks, visits.capacity = page_of(lambda: ""), 4
        for client, session in (("1.1.1.1", "old"), *(("2.2.2.2", f"new{n}") for n in range(9))):
            CLIENT.set(client)
            assert visits[session]
        assert list(visits.session_data) == ["old", "new6", "new7", "new8"]
        assert visits._clients.keys() == visits.time_last_used.keys() == visits.session_data.keys()

    asyncio.run(visit())


def test_of_uploads_that_are_over_nothing_is_kept() -> None:
    async def ask() -> None:
        progress = UploadProgress()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(progress.is_tracked("nobodys"), 0.01)
        for number in range(MOST_UPLOADS + 10):
            progress.track(str(number))
        progress.stop_tracking(str(number))
        assert len(progress._statuses) == len(progress._signals) == MOST_UPLOADS - 1

    asyncio.run(ask())


def test_an_event_cancelled_before_its_first_step_gives_its_place_back() -> None:
    async def cancel() -> None:
        queue = queue_of(lambda: "")
        queue.active_jobs = [None] * 2
        event = event_of(queue, "1.1.1.1", "a")
        found = queue.get_events()
        assert found
        queue._begin(event)
        (task,) = queue._asyncio_tasks
        assert queue.moves()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        assert queue.active_jobs == [None, None]
        assert queue.event_queue_per_concurrency_id[event.concurrency_id].current_concurrency == 0
        assert queue.moves()

    asyncio.run(cancel())


def test_gradio_does_less_for_nothing() -> None:
    async def look() -> None:
        queue = page_of(lambda: "")._queue
        often = queue.progress_update_sleep_when_free
        lighten(queue.blocks)
        assert queue.progress_update_sleep_when_free > often

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
