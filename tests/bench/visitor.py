"""A visitor of the page without a browser: what its scripts ask of the server, and the times."""

from __future__ import annotations

import asyncio
import io
import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from PIL import Image

STUCK_SECONDS = 60  # without an answer
THINK_SECONDS = (1.0, 5.0)  # between two actions
MOST_WAIT = 20  # seconds, of those that a refusal asks for
BUSY = (429, 503)
STEPS, COUNTS = (10, 20, 30), (1, 4, 9)
ASSET = re.compile(r'(?:src|href)="\./(assets/[^"]+)"')
# Of an event's stream: what the player is told while it waits in line, and a refusal's words.
IN_LINE = re.compile(rb'\\"kind\\": \\"waiting\\", \\"number\\": (\d+)')
FRAME = rb"\"kind\": \"frame\""
SENTENCE = re.compile(r"busy|wait|full|many", re.IGNORECASE)


@dataclass
class Record:
    """What happened to all visitors."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)
    server_errors: Counter[str] = field(default_factory=Counter)
    busy: Counter[str] = field(default_factory=Counter)
    rude: Counter[str] = field(default_factory=Counter)  # refusals that do not say what to do
    errors: Counter[str] = field(default_factory=Counter)
    stuck: Counter[str] = field(default_factory=Counter)
    frames: int = 0
    longest_line: int = 0


class RefusedError(Exception):
    """Too busy, said the server. seconds: after which to ask again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Visitor:
    """One with an address, a session and a browser of its own."""

    def __init__(
        self, url: str, number: int, config: dict[str, Any], job: str, record: Record
    ) -> None:
        self.random = random.Random(number)
        self.session = f"visitor{number:06d}"
        self.config, self.job, self.record = config, job, record
        self.newest = 0
        self.client = httpx.AsyncClient(
            base_url=url,
            timeout=STUCK_SECONDS,
            headers={"X-Forwarded-For": f"10.1.{number // 250}.{1 + number % 250}"},
            limits=httpx.Limits(max_connections=6, max_keepalive_connections=2),
            trust_env=False,
        )

    async def live(self, until: float) -> None:
        """Come at some moment, then do one thing after another."""
        actions = (self.forward, self.sample, self.sample, self.watch)
        async with self.client:
            await asyncio.sleep(self.random.uniform(0, 10))
            await self._try(self.page)
            closing = asyncio.create_task(self._try(self.stay))
            while time.monotonic() < until:
                await self._try(self.random.choice(actions))
                await asyncio.sleep(self.random.uniform(*THINK_SECONDS))
            closing.cancel()
            await asyncio.gather(closing, return_exceptions=True)

    async def _try(self, action: Callable[[], Awaitable[None]]) -> None:
        try:
            await action()
        except RefusedError as refused:
            await asyncio.sleep(min(refused.seconds, MOST_WAIT))
        except TimeoutError:
            self.record.stuck[action.__name__] += 1
        except httpx.TimeoutException:
            self.record.stuck[action.__name__] += 1
        except httpx.HTTPError as error:
            self.record.errors[f"{action.__name__}: {type(error).__name__}"] += 1

    async def page(self) -> None:
        """Open it, with what it loads."""
        page = (await self._ask("page", "GET", "/")).text
        names = [*ASSET.findall(page), "live/forward/view.js", "live/sample/view.js", "theme.css"]
        for name in names:
            await self._ask("asset", "GET", f"/{name}")
        await self._ask("config", "GET", "/config")

    async def stay(self) -> None:
        """What an open page holds open."""
        async with self.client.stream(
            "GET", f"/gradio_api/heartbeat/{self.session}", timeout=None
        ) as stream:
            self._note("heartbeat", stream)
            async for _ in stream.aiter_bytes():
                pass

    async def forward(self) -> None:
        """Upload a picture, see it noised, and what the denoiser makes of it."""
        picture, seed = io.BytesIO(), self.random.randrange(1000)
        Image.effect_noise((200, 200), 80).save(picture, "PNG")
        files = {"files": ("picture.png", picture.getvalue(), "image/png")}
        (path,) = (await self._ask("upload", "POST", "/gradio_api/upload", files=files)).json()
        view = next(c["id"] for c in self.config["components"] if _id(c) == "forward-view")
        loaded = await self._serve("load", view, {"path": path, "seed": seed})
        for _ in range(3):
            alpha = self.random.uniform(0.2, 0.98)
            asked = {
                "id": 1,
                "small": loaded["small"]["fashion"]["x0"],
                "seed": seed,
                "denoiser": "fashion",
            }
            asked |= {"alpha": alpha, "sigma": (1 - alpha**2) ** 0.5}
            await self._serve("denoise", view, asked)

    async def _serve(self, name: str, component: int, data: dict[str, Any]) -> dict[str, Any]:
        body = {"session_hash": self.session, "component_id": component, "fn_name": name}
        answer = await self._ask(
            name, "POST", "/gradio_api/component_server/", json={**body, "data": data}
        )
        found: dict[str, Any] = answer.json()
        if error := found.get("error"):
            self._refused(error)
        return found

    async def sample(self) -> None:
        """Press Generate, and wait for the last frame."""
        values = {
            "sample-seed": self.random.randrange(10_000),
            "sample-count": self.random.choice(COUNTS),
            "sample-steps": self.random.choice(STEPS),
        }
        body = generate(self.config, values, self.session)
        started = time.perf_counter()
        await self._ask("join", "POST", "/gradio_api/queue/join", json=body)
        first = True
        async with self._events() as messages:
            async for message in messages:
                if b'"process_generating"' in message:
                    if line := IN_LINE.search(message):
                        self.record.longest_line = max(self.record.longest_line, int(line[1]))
                        continue
                    self.record.frames += message.count(FRAME)
                    if first:
                        self._time("first frame", started)
                    first = False
                elif b'"process_completed"' in message:
                    told = json.loads(message.removeprefix(b"data:"))
                    if not told["success"]:
                        self._refused(str(told["output"].get("error")))
                    self._time("sample", started)
                    return
        self.record.errors["sample: its stream ended early"] += 1

    @asynccontextmanager
    async def _events(self) -> AsyncIterator[AsyncIterator[bytes]]:
        """The messages of a session's stream. Raises TimeoutError where for long there are none
        but signs of life."""
        address = f"/gradio_api/queue/data?session_hash={self.session}"
        async with self.client.stream("GET", address) as stream:
            self._note("stream", stream)

            async def messages() -> AsyncIterator[bytes]:
                rest, heard = b"", time.monotonic()
                async for part in stream.aiter_bytes():
                    *whole, rest = (rest + part).split(b"\n\n")
                    for message in whole:
                        if b'"msg":"heartbeat"' not in message:
                            heard = time.monotonic()
                            yield message
                    if time.monotonic() - heard > STUCK_SECONDS:
                        raise TimeoutError

            yield messages()

    async def watch(self) -> None:
        """Look at a training for a while."""
        seen = 0
        for _ in range(4):
            address = f"/train/{self.job}?since={self.newest}"
            status = (await self._ask("poll", "GET", address)).json()
            self.newest = status["newest"]
            if status["sheets"] and status["sheets"][-1] > seen:
                seen = status["sheets"][-1]
                await self._ask("sheet", "GET", f"/train/{self.job}/sheets/{seen}")
            await asyncio.sleep(status.get("again", 1))

    async def _ask(self, name: str, method: str, address: str, **more: Any) -> httpx.Response:
        started = time.perf_counter()
        answer = await self.client.request(method, address, **more)
        self._note(name, answer)
        self._time(name, started)
        if answer.status_code >= 400:
            raise httpx.HTTPError("refused")
        return answer

    def _note(self, name: str, answer: httpx.Response) -> None:
        code = answer.status_code
        self.record.statuses[code] += 1
        if code in BUSY:
            retry = answer.headers.get("retry-after", "")
            if not retry.isdecimal():
                self.record.rude[f"{name}: {code}"] += 1
            self.record.busy[f"{name}: {code}"] += 1
            raise RefusedError(float(retry) if retry.isdecimal() else 5)
        if code >= 500:
            self.record.server_errors[f"{name}: {code}"] += 1
        elif code >= 400:
            self.record.errors[f"{name}: {code}"] += 1

    def _refused(self, sentence: str) -> None:
        """By a sentence in the page."""
        where = self.record.busy if SENTENCE.search(sentence) else self.record.errors
        where[re.sub(r"\d+", "N", sentence)] += 1
        raise RefusedError(5)

    def _time(self, name: str, started: float) -> None:
        self.record.seconds[name].append(time.perf_counter() - started)


def _id(component: dict[str, Any]) -> str:
    return str(component["props"].get("elem_id") or "")


def generate(config: dict[str, Any], values: dict[str, Any], session: str) -> dict[str, Any]:
    """What the page sends at Sample's button. values: of the controls of these ids, where they are
    not as the page found them."""
    components = {c["id"]: c["props"] for c in config["components"]}
    ids = {props.get("elem_id"): number for number, props in components.items()}
    events = config["dependencies"]
    pressed = [ids["sample-player"], "run"]
    (gathering,) = (e for e in events if pressed in [list(target) for target in e["targets"]])
    (event,) = (e for e in events if e["trigger_after"] == gathering["id"])
    said = {ids[name]: value for name, value in values.items()}
    assert said.keys() <= set(gathering["inputs"])
    data = [said.get(number, components[number].get("value")) for number in gathering["inputs"]]
    data[-2:] = ["", ""]  # the drawn curve and the token, which the page's script adds
    return {"data": [data], "fn_index": event["id"], "session_hash": session}
