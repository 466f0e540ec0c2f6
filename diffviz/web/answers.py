"""Refusals: a status, a sentence for whoever asked, and why."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse


class RefusedError(Exception):
    """Ends a request. reason: one of few words, for the metrics; sentence: for people."""

    def __init__(
        self, status: int, reason: str, sentence: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status, self.reason, self.headers = status, reason, dict(headers or {})

    def response(self) -> JSONResponse:
        """Gradio's page shows what stands under "detail"."""
        return JSONResponse({"detail": str(self)}, self.status, headers=self.headers)
