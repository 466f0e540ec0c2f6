"""Being served under a path, such as /diffviz, by a proxy that strips it or leaves it."""

from __future__ import annotations

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class Prefix:
    """Takes the path off each request's own, so that what is inside is always at the top.

    What is inside must be told the path by other means where it writes addresses (Gradio:
    `root_path`).
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.path:
            if scope["path"] == self.path:  # the page's own addresses start from its folder
                await RedirectResponse(self.path + "/")(scope, receive, send)
                return
            if scope["path"].startswith(self.path + "/"):
                path = scope["path"][len(self.path) :]
                scope = {**scope, "path": path, "raw_path": path.encode()}
        await self.app(scope, receive, send)
