"""Gradio's queue for strangers who know its protocol: no event can stop it, each address has its
share of it, and what nobody listens to ends. (Of Gradio's private parts, as `gradio_seams`.)"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import gradio as gr
import gradio.route_utils
from gradio.queueing import Event, Queue

from diffviz.ui.gradio_mailboxes import Mailbox, Mailboxes
from diffviz.web.clients import neighbourhood
from diffviz.web.logs import LOG

_gradios_call: Any = gradio.route_utils.call_process_api
STUCK_SECONDS = 10.0  # without a look for what may begin, after which something is wrong
LOOK_SECONDS = 0.5  # at most between two looks for what may begin, whether anything has changed
AGAIN_SECONDS = 0.5  # after which a task that failed is begun again
SWEEP_SECONDS = 1.0
KEEP_SECONDS = 60.0  # for which answers of events that are over wait for somebody to fetch them
MOST_UNREAD = 8  # parts of what an event makes, before the next is made
READ_SECONDS = 0.05
MOST_SESSIONS = 2000  # with something to fetch


class SharedQueue(Queue):
    """Of an address no more than the share waits, or is worked on at once of what has a limit, and
    whose turn was longest ago is next.

    share: of all places that one address may have. patience: seconds in which somebody must come
    for what an event says. failed: called for each failure of a task in the background.
    """

    def __init__(
        self, made: Queue, share: float, patience: float, failed: Callable[[], object]
    ) -> None:
        super().__init__(
            live_updates=made.live_updates,
            concurrency_count=made.max_thread_count,
            update_intervals=made.update_intervals,
            max_size=made.max_size,
            blocks=made.blocks,
            default_concurrency_limit=made.default_concurrency_limit,
        )
        self.most = made.max_size or 10_000
        self.share = share
        self.each = max(1, int(share * self.most))
        self.sessions_each = max(1, int(share * MOST_SESSIONS))
        self.patience, self.failed = patience, failed
        self.pending_messages_per_session: Any = Mailboxes()
        self.pending_event_ids_session = defaultdict(set)
        self._turns: dict[str, int] = {}  # by address, the number of the last turn that it had
        self._turn = 0
        self._begun: set[str] = set()  # ids of events that are worked on
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()  # since the last look for what may begin
        self._looked = time.monotonic()

    def start(self) -> None:
        """Once: Gradio has a route, for anybody, that calls it again."""
        if self._tasks:
            return
        self.active_jobs = [None] * self.max_thread_count
        self._looked = time.monotonic()
        for work in (self.start_processing, self.start_progress_updates, self.sweep):
            self._in_background(again_and_again(work, self.failed))

    def moves(self) -> bool:
        """Whether events begin: somebody looks for them, and no place is taken by nobody."""
        taken = Counter(job[0].concurrency_id for job in self.active_jobs if job)
        counted = {
            name: waiting.current_concurrency
            for name, waiting in self.event_queue_per_concurrency_id.items()
            if waiting.current_concurrency
        }
        looked = time.monotonic() - self._looked < STUCK_SECONDS
        return looked and not self.stopped and counted == dict(taken)

    def send_message(self, event: Event, event_message: Any) -> None:
        """To a session that is gone nothing is said; Gradio's would end the task that says it."""
        if event.session_hash in self.pending_messages_per_session:
            super().send_message(event, event_message)
        else:
            event.alive = False

    async def push(self, body: Any, request: Any, username: str | None) -> Any:
        client = client_of(request)
        waiting = Counter(client_of(event.request) for event in self._waiting())
        if waiting.total() >= self.most:
            return False, "diffviz is busy; please try again in a minute.", "queue_full"
        if waiting[client] >= self.each:
            sentence = "Much is waiting from your address; please try again in a moment."
            return False, sentence, "queue_full"
        body.session_hash = body.session_hash or uuid.uuid4().hex
        if body.session_hash not in self.pending_messages_per_session:
            await self._make_room(client)
            self.pending_messages_per_session[body.session_hash] = Mailbox(client)
        # Whoever asked is about to listen, however long ago they last did.
        self.pending_messages_per_session[body.session_hash].left = time.monotonic()
        pushed = await super().push(body, request, username)
        self._changed.set()
        return pushed

    async def _make_room(self, client: str) -> None:
        """An address that has very many sessions loses that which was longest unread."""
        boxes = self.pending_messages_per_session
        own = [session for session, box in boxes.items() if box.client == client]
        if len(own) >= self.sessions_each:
            await self._drop(max(own, key=lambda session: boxes[session].unread_seconds()))

    async def read(self, session: str | None) -> None:
        """Wait until whoever listens has fetched most of what there is. Who does so slowly has no
        more kept for them than that."""
        boxes = self.pending_messages_per_session
        while (box := boxes.get(session)) and box.qsize() >= MOST_UNREAD:
            await asyncio.sleep(READ_SECONDS)

    def get_events(self) -> tuple[list[Event], bool, str] | None:
        """The next event that may begin: of the address whose turn was longest ago its first."""
        at_work = Counter(
            (job[0].concurrency_id, client_of(job[0].request)) for job in self.active_jobs if job
        )
        free = [
            waiting
            for waiting in self.event_queue_per_concurrency_id.values()
            if waiting.queue
            and (
                waiting.concurrency_limit is None
                or waiting.current_concurrency < waiting.concurrency_limit
            )
        ]

        def may(waiting: Any, event: Event) -> bool:
            """What nobody reads is at work until its time is over: not in all places."""
            most = max(1, int(self.share * (waiting.concurrency_limit or self.max_thread_count)))
            return at_work[waiting.concurrency_id, client_of(event.request)] < most

        allowed = [(q, event) for q in free for event in q.queue if may(q, event)]
        if not allowed or None not in self.active_jobs:
            return None

        def turn(found: tuple[Any, Event]) -> tuple[int, float]:
            event = found[1]
            return self._turns.get(client_of(event.request), 0), event.enqueue_time

        waiting, event = min(allowed, key=turn)
        waiting.queue.remove(event)
        self._turn += 1
        self._turns[client_of(event.request)] = self._turn
        return [event], False, waiting.concurrency_id

    async def start_processing(self) -> None:
        """Gradio's ends for good at the first exception, and all that runs with it; and it looks a
        thousand times a second, while what runs networks waits for Python's lock."""
        while not self.stopped:
            self._looked = time.monotonic()
            self._changed.clear()
            if found := self.get_events():
                events, _, concurrency_id = found
                self._begin(events[0])
                if self.live_updates:
                    self.broadcast_estimations(concurrency_id)
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._changed.wait()

    def _begin(self, event: Event) -> None:
        events, started = [event], time.time()
        waiting = self.event_queue_per_concurrency_id[event.concurrency_id]
        self.active_jobs[self.active_jobs.index(None)] = events
        waiting.current_concurrency += 1
        waiting.start_times_per_fn[event.fn].add(started)
        if facts := self.event_analytics.get(event._id):
            facts["status"] = "processing"
        task = asyncio.create_task(self.process_events(events, False, started, event.fn))
        # By this name Gradio's route for cancelling finds it.
        task.set_name(f"{event.session_hash}_{event.fn._id}<gradio-sep>{event._id}")
        self._asyncio_tasks.add(task)
        task.add_done_callback(partial(self._ended, events, started))

    async def process_events(self, events: list[Event], *rest: Any, **more: Any) -> None:
        self._begun.add(events[0]._id)
        await super().process_events(events, *rest, **more)

    def _ended(self, events: list[Event], started: float, task: asyncio.Task[None]) -> None:
        """Whoever cancels a task before its first step, or again in its last ones, leaves what
        Gradio would have put back there."""
        (event,) = events
        self._changed.set()
        self._asyncio_tasks.discard(task)
        if event._id not in self._begun:
            waiting = self.event_queue_per_concurrency_id[event.concurrency_id]
            waiting.current_concurrency -= 1
            waiting.start_times_per_fn[event.fn].discard(started)
            self.active_jobs[self.active_jobs.index(events)] = None
        self._begun.discard(event._id)
        self.event_ids_to_events.pop(event._id, None)
        if not event.alive:
            self._forget(event)
        if self.server_app and event._id in self.server_app.iterators:
            self._in_background(self.reset_iterators(event._id))

    def _forget(self, event: Event) -> None:
        self.pending_event_ids_session[event.session_hash].discard(event._id)
        if not self.pending_event_ids_session[event.session_hash]:
            del self.pending_event_ids_session[event.session_hash]

    async def clean_events(
        self, *, session_hash: str | None = None, event_id: str | None = None
    ) -> None:
        """Nobody listens any more: what waits is dropped, and what runs is ended. (Gradio's would
        let what runs go on to its end, or to its next part.)"""
        box = self.pending_messages_per_session.get(session_hash)
        if box and box.readers:  # somebody else does
            return
        await super().clean_events(session_hash=session_hash, event_id=event_id)
        for task in list(self._asyncio_tasks):
            name, _, event = task.get_name().partition("<gradio-sep>")
            if event == event_id or name.rpartition("_")[0] == session_hash:
                task.cancel()

    async def sweep(self) -> None:
        """End what nobody listens to, and forget what nobody has fetched."""
        while not self.stopped:
            await asyncio.sleep(SWEEP_SECONDS)
            await self.sweep_once()

    async def sweep_once(self) -> None:
        for session, box in list(self.pending_messages_per_session.items()):
            ids = self.pending_event_ids_session.get(session, ())
            going_on = any(event in self.event_ids_to_events for event in ids)
            if box.unread_seconds() > (self.patience if going_on else KEEP_SECONDS):
                await self._drop(session)
        waiting = {client_of(event.request) for event in self._waiting()}
        self._turns = {client: self._turns[client] for client in waiting & self._turns.keys()}
        if self.server_app:
            self.server_app.iterators_to_reset &= self.event_ids_to_events.keys()

    async def _drop(self, session: str) -> None:
        self.pending_messages_per_session.pop(session, None)
        await self.clean_events(session_hash=session)
        self.pending_event_ids_session.pop(session, None)

    def _waiting(self) -> list[Event]:
        queues = self.event_queue_per_concurrency_id.values()
        return [event for waiting in queues for event in waiting.queue]

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)  # of which asyncio itself keeps no hold
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def again_and_again(
    work: Callable[..., Coroutine[Any, Any, None]], failed: Callable[[], object], *arguments: Any
) -> None:
    """A task in the background that one failure does not end."""
    while True:
        try:
            await work(*arguments)
        except Exception:
            failed()
            LOG.exception("a task in the background failed, and is begun again")
        await asyncio.sleep(AGAIN_SECONDS)


def client_of(request: Any) -> str:
    client = getattr(request, "client", None)
    return neighbourhood(client.host) if client else ""


def share_queue(
    page: gr.Blocks, share: float, patience: float, failed: Callable[[], object]
) -> SharedQueue:
    """From now on, before its first event, the page's queue is this one."""
    module: Any = gradio.route_utils

    async def call(app: Any, body: Any, **more: Any) -> Any:
        if isinstance(queue := app.get_blocks()._queue, SharedQueue):
            await queue.read(body.session_hash)
        return await _gradios_call(app=app, body=body, **more)

    module.call_process_api = call
    queue = page._queue = SharedQueue(page._queue, share, patience, failed)
    return queue
