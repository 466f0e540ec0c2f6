"""What an event tells its session, kept until it is fetched; and who asks for what is not known
here is told so. (Of Gradio's private parts, as `gradio_seams`.)"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from gradio.queueing import Queue
from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from diffviz.web.routes import DATA, RESULT

EVENTS = "text/event-stream"
UNKNOWN = "What you listen to is not known here any more; the server may have begun anew."


class Mailbox(asyncio.Queue[Any]):
    """What a session has not fetched yet, and since when nobody does."""

    def __init__(self, client: str) -> None:
        super().__init__()
        self.client, self.readers, self.left = client, 0, time.monotonic()

    async def get(self) -> Any:
        self.readers += 1
        try:
            return await super().get()
        finally:
            self.readers -= 1
            self.left = time.monotonic()

    def unread_seconds(self) -> float:
        return 0.0 if self.readers else time.monotonic() - self.left


class Mailboxes(dict[str, Mailbox]):
    """By session. Gradio's own drops the oldest of 2,000, whoever waits for it, and then fails."""

    def __delitem__(self, session: str) -> None:
        self.pop(session, None)


class Listening:
    """Whoever listens to a session or an event that is not known here is told so: Gradio's answer
    would begin, and fail."""

    def __init__(self, app: ASGIApp, queue: Queue) -> None:
        self.app, self.queue = app, queue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            name = scope["state"]["route"].name
            if name == DATA and not self._knows_session(scope):
                # At this the page begins anew.
                told = {"msg": "unexpected_error", "message": UNKNOWN, "success": False}
                text = f"data: {json.dumps(told | {'session_not_found': True})}\n\n"
                await Response(text, media_type=EVENTS)(scope, receive, send)
                return
            if name == RESULT and not self._knows_event(scope["path"].rstrip("/").split("/")[-1]):
                text = f"event: error\ndata: {json.dumps(UNKNOWN)}\n\n"
                await Response(text, media_type=EVENTS)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _knows_session(self, scope: Scope) -> bool:
        session = QueryParams(scope["query_string"]).get("session_hash", "")
        return session in self.queue.pending_messages_per_session

    def _knows_event(self, event: str) -> bool:
        ids = self.queue.pending_event_ids_session
        return event in self.queue.event_ids_to_events or any(event in i for i in ids.values())
