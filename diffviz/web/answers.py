"""Refusals: a status, a sentence for whoever asked, and why."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

PAGE = (Path(__file__).parent / "refused.html").read_text("utf-8")
_STYLE = PAGE[PAGE.index("<style>") + len("<style>") : PAGE.index("</style>")]
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'"


class RefusedError(Exception):
    """Ends a request. reason: one of few words, for the metrics; sentence: for people."""

    def __init__(
        self, status: int, reason: str, sentence: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status, self.reason, self.headers = status, reason, dict(headers or {})

    def response(self, scope: Scope, home: str) -> Response:
        """A page with a link to home for who asks for one, JSON for programs and the page's own
        scripts: Gradio's shows what stands under "detail"."""
        if not wants_page(scope):
            return JSONResponse({"detail": str(self)}, self.status, headers=self.headers)
        said = {"status": str(self.status), "sentence": str(self), "home": home}
        page = PAGE
        for name, value in said.items():
            page = page.replace(f"{{{name}}}", html.escape(value))
        return HTMLResponse(
            page, self.status, headers={**self.headers, "Content-Security-Policy": POLICY}
        )


def wants_page(scope: Scope) -> bool:
    """Whether a browser asks, for what it will show to a visitor."""
    return scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", "")
