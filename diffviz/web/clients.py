"""Who asks: the address of the connection, or what proxies that are trusted say of it."""

from __future__ import annotations

import ipaddress
import re
from contextvars import ContextVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

# Whose request is being answered; "" where nobody's is.
CLIENT: ContextVar[str] = ContextVar("client", default="")
HOST = re.compile(r"[\w.:\[\]-]{1,255}", re.ASCII)
# What says where a request comes from, or where it thinks it goes. Gradio believes some of them.
FORWARDING = re.compile(
    rb"forwarded|via|x-real-ip|x-ip-token|x-direct-url|x-gradio-.*|x-forwarded-.*|cf-.*|true-client-ip"
)
KEPT = {b"x-forwarded-host", b"x-forwarded-proto"}


class Forwarded:
    """Sets the scope's client to who asks, and takes out of the headers whatever nobody vouches
    for.

    proxies: how many there are in front of the server, each of which adds the address that it was
    asked from to the end of X-Forwarded-For. What stands before these was written by the client.
    """

    def __init__(self, app: ASGIApp, proxies: int) -> None:
        self.app = app
        self.proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = MutableHeaders(scope=scope)
            client = self._client(scope, headers)
            scope["state"]["client"] = client
            CLIENT.set(client)
            scope["state"]["forwarded"] = any(FORWARDING.fullmatch(k) for k, _ in headers.raw)
            kept = KEPT if self.proxies else set()
            raw = [(k, v) for k, v in headers.raw if k in kept or not FORWARDING.fullmatch(k)]
            scope = {**scope, "client": (client, 0), "headers": raw}
            self._address(scope)
        await self.app(scope, receive, send)

    def _client(self, scope: Scope, headers: MutableHeaders) -> str:
        peer: str = (scope.get("client") or ("", 0))[0]
        if not self.proxies:
            return peer
        told = [
            part.strip() for line in headers.getlist("x-forwarded-for") for part in line.split(",")
        ]
        if len(told) < self.proxies:
            return peer
        return _address(told[-self.proxies]) or peer

    def _address(self, scope: Scope) -> None:
        """Of what is kept, only what has the form of it."""
        headers = MutableHeaders(scope=scope)
        host, scheme = headers.get("x-forwarded-host"), headers.get("x-forwarded-proto")
        if host is not None and not HOST.fullmatch(host):
            del headers["x-forwarded-host"]
        if scheme in ("http", "https"):
            scope["scheme"] = scheme
        elif scheme is not None:
            del headers["x-forwarded-proto"]
        scope["headers"] = headers.raw


def _address(text: str) -> str:
    """An IP address as a proxy writes it, maybe with a port; "" where it is none."""
    text = re.sub(r"^\[(.*)\](:\d+)?$", r"\1", text)
    if text.count(":") == 1:
        text = text.split(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def neighbourhood(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 network that one line of IPv6 has."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address[:45]
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
