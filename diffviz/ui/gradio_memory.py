"""What Gradio remembers of visitors, within bounds of which each address has its share. (Of
Gradio's private parts, as `gradio_seams`.)"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import gradio.route_utils
import gradio.routes
import gradio.state_holder
from gradio.route_utils import FileUploadProgress
from gradio.state_holder import StateHolder

from diffviz.ui.gradio_queue import again_and_again
from diffviz.web.clients import CLIENT, neighbourhood

_SWEEPING: dict[str, Any] = {
    work.__name__: work
    for work in (gradio.route_utils._delete_state, gradio.route_utils.delete_files_on_schedule)
}
MOST_UPLOADS = 1000


class Visits(StateHolder):
    """gr.State of the latest visits. Where there are too many, the address that has most of them
    loses the one that was longest idle: so newcomers push out others of their own address."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._clients: dict[str, str] = {}  # by session

    def update(self, session_id: str) -> None:
        with self.lock:
            if session_id in self.session_data:
                self.session_data.move_to_end(session_id)
                self._clients.setdefault(session_id, neighbourhood(CLIENT.get()))
            if len(self.session_data) > self.capacity:
                self._drop_one()

    def _drop_one(self) -> None:
        counts = Counter(self._clients.values())
        most = max(counts.values())
        session = next(s for s in self.session_data if counts[self._clients[s]] == most)
        del self.session_data[session], self._clients[session]
        self.time_last_used.pop(session, None)


class UploadProgress(FileUploadProgress):
    """Of the latest uploads. Gradio's keeps something of each, and of each that was only asked
    for."""

    def track(self, upload_id: str) -> None:
        super().track(upload_id)
        while len(self._statuses) > MOST_UPLOADS:
            self.stop_tracking(next(iter(self._statuses)))

    async def is_tracked(self, upload_id: str) -> bool:
        try:
            return await super().is_tracked(upload_id)
        finally:
            if upload_id not in self._statuses:
                self._signals.pop(upload_id, None)

    def stop_tracking(self, upload_id: str) -> None:
        super().stop_tracking(upload_id)
        self._signals.pop(upload_id, None)


def remember_little(failed: Callable[[], object]) -> None:
    """From now on Gradio's apps and uploads are made of these, and what deletes what is old does
    not end by a failure, which is told to `failed`."""
    modules: list[Any] = [gradio.state_holder, gradio.routes]
    for module in modules:
        module.StateHolder = Visits
    routes: Any = gradio.routes
    routes.file_upload_statuses = UploadProgress()
    for name, work in _SWEEPING.items():
        setattr(gradio.route_utils, name, partial(again_and_again, work, failed))
