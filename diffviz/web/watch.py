"""/healthz and /metrics: whether the server is up, and how it is doing."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable

from fastapi import APIRouter, HTTPException, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from diffviz.config import Config
from diffviz.metrics import Metrics


def watch_routes(settings: Config, metrics: Metrics, moves: Callable[[], bool]) -> APIRouter:
    """Both routes. /metrics is for who has the token, or asks from this very machine and not
    through a proxy on it. moves: whether events begin."""
    routes = APIRouter()
    token = settings.metrics_token.get_secret_value()

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:  # in no thread, of which all may be taken
        if not moves():
            raise HTTPException(503, "No events begin.")
        return {"status": "ok"}

    @routes.get("/metrics")
    def of_prometheus(request: Request) -> Response:
        if not settings.metrics or not (_told(request, token) if token else _from_here(request)):
            raise HTTPException(404, "There is nothing at this address.")
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return routes


def _told(request: Request, token: str) -> bool:
    said = request.headers.get("authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(said.encode(), token.encode())


def _from_here(request: Request) -> bool:
    if request.scope["state"].get("forwarded") or not request.client:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
