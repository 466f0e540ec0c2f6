"""What the player in the page is sent of a sampling run: small raw frames, as they are made."""

from __future__ import annotations

import base64
import itertools
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from diffviz.checkpoints import Card, Checkpoint
from diffviz.data import source_of, words_of
from diffviz.data.base import DataInfo
from diffviz.denoisers.base import Denoiser
from diffviz.measure.convergence import exact
from diffviz.media.levels import fingerprint
from diffviz.media.medium import VIEWS, Medium, columns
from diffviz.media.picture import PICTURE
from diffviz.media.registry import medium_of
from diffviz.networks.attention import looks_up
from diffviz.runs.asking import said_by, speaks
from diffviz.runs.conditions import alone
from diffviz.runs.notes import note_of
from diffviz.runs.sampling import run
from diffviz.runs.schema import EACH, RunSettings
from diffviz.samplers import SAMPLERS, Step, draws_noise
from diffviz.schedules import NoiseSchedule
from diffviz.serving.students import beside

_run_numbers, _message_numbers = itertools.count(), itertools.count()
CURVE_POINTS = 120
SAME_STEP = "DDIM with η = 0 and Euler take the same steps: they end in the same picture."
# σ/α at which the picture, −1..1, is half a grey level of 255 beside the noise, and the other way
# about: no network is needed there to tell them apart.
PURE_NOISE, NO_NOISE = 255.0, 1 / 255


def stream(
    settings: RunSettings,
    rivals: Sequence[str],
    checkpoint: Checkpoint,
    denoiser: Denoiser | None = None,
    pause: Callable[[], float] = lambda: 0.0,
) -> Iterator[str]:
    """JSON messages: {"run", "events": […]}, an event for the start, each frame of each lane, and
    the end of a lane. rivals: samplers that race against the settings' own, one lane each, from the
    same x_T and a step at a time in turn. pause: the least seconds from one message to the next;
    the frames made meanwhile are in it together.

    Raises ValueError before the first message for bad settings.
    """
    entrants = settings.against(rivals)
    lanes = [run(entrant, checkpoint, denoiser=denoiser) for entrant in entrants]
    number, medium = next(_run_numbers), checkpoint.medium
    events: list[dict[str, Any]] = [_start(entrants, checkpoint)]
    seconds = [0.0] * len(lanes)
    running, told = dict(enumerate(lanes)), -math.inf
    while running:
        for lane, steps in list(running.items()):
            started = time.perf_counter()
            step = next(steps, None)
            seconds[lane] += time.perf_counter() - started
            if step is None:
                del running[lane]
                continue
            events.append(frame(medium, lane, step, step.nfe, seconds[lane]))
            if step.index == settings.steps:
                end = {"kind": "end", "lane": lane, "fingerprint": fingerprint(step.x)}
                events.append(end | ({"result": halves(step.x)} if rivals else {}))
            if (now := time.monotonic()) >= told + pause():
                yield json.dumps({"run": number, "events": events})
                events, told = [], now
    if events:
        yield json.dumps({"run": number, "events": events})


def in_line(number: int) -> str:
    """The message for one who waits for a place: 1 is next."""
    return message(None, "waiting", number=number)


def message(run: int | None, kind: str, **content: object) -> str:
    """A message with one event, about that run."""
    return told(run=run, events=[{"kind": kind, **content}])


def told(**content: object) -> str:
    """A live view's value that tells it of something that happened. Each is another: of two equal
    values one after the other Gradio's page takes notice once."""
    return json.dumps({"message": next(_message_numbers), **content})


def recording(settings: RunSettings, checkpoint: Checkpoint) -> str:
    """A whole run in one message."""
    messages = [json.loads(message) for message in stream(settings, (), checkpoint)]
    events = [event for message in messages for event in message["events"]]
    return json.dumps({"run": messages[0]["run"], "recorded": True, "events": events})


def halves(x: Tensor) -> str:
    """Samples as little-endian float16 in base64: what distances are measured of."""
    return base64.b64encode(x.detach().cpu().half().numpy().astype("<f2").tobytes()).decode()


def _start(entrants: Sequence[RunSettings], checkpoint: Checkpoint) -> dict[str, Any]:
    settings = entrants[0]
    info = checkpoint.card.data
    schedule = settings.noise_schedule()
    at = torch.linspace(0, schedule.T, min(CURVE_POINTS, schedule.T + 1)).round().long()
    alpha_bar = schedule.alpha_bar[at]
    grid = settings.grid(schedule)
    return {
        "kind": "start",
        "denoiser": settings.model,
        "comparable": comparable(info),
        "count": settings.count,
        "shape": checkpoint.medium.seen(info.shape),
        "renderer": checkpoint.medium.renderer,
        "facts": checkpoint.medium.facts,
        "steps": settings.steps,
        "T": schedule.T,
        "grid": grid,
        "curve": [[int(t), round(float(bar), 6)] for t, bar in zip(at, alpha_bar, strict=True)],
        "outside": outside(schedule, grid, checkpoint.card.ratio_range),
        "columns": settings.columns if settings.vary else columns(settings.count),
        "headings": settings.headings,
        "words": words(settings, info),
        "lanes": names_of(entrants),
        "drawing": [draws_noise(e.sampler, **e.sampler_parameters) for e in entrants],
        "alike": alike(entrants),
        "reference": exact(settings).steps,
        "notes": notes(settings, checkpoint.card),
        "asked": bool(info.slots),
        "lookups": bool(settings.condition) and looks_up(checkpoint.network),
        "sentence": said_by(info, settings.condition) if speaks(info) else "",
        **beside(settings.model),
    }


def notes(settings: RunSettings, card: Card) -> list[str]:
    """The note of each picture by itself, for its own file; nothing of those that are not made one
    by one."""
    if medium_of(card.data).together:
        return []
    named = settings.but(model=card.name)
    return [note_of(alone(named, card.data, index)) for index in range(settings.count)]


def comparable(info: DataInfo) -> tuple[int, ...] | None:
    """The shape at which samples can be told from copies of what was learned, by their pixels."""
    source = source_of(info)
    if source.compared:
        return source.compared.shape
    return info.shape if medium_of(info) is PICTURE and not source.parts else None


def names_of(entrants: Sequence[RunSettings]) -> list[str]:
    """Of the lanes of a race."""
    return [SAMPLERS[entrant.sampler].label for entrant in entrants]


def alike(entrants: Sequence[RunSettings]) -> str:
    """What is to be said of lanes that must end in the same picture, or nothing."""
    exact_ones = {e.sampler for e in entrants if not draws_noise(e.sampler, **e.sampler_parameters)}
    return SAME_STEP if {"ddim", "euler"} <= exact_ones else ""


def outside(schedule: NoiseSchedule, grid: Sequence[int], ratio_range: tuple[float, float]) -> int:
    """How many of a grid's steps begin at a σ/α that the denoiser was not trained on, but for those
    that begin in what is pure noise, or no noise, for any picture."""
    low, high = ratio_range
    ratios = schedule.sigma[grid[:-1]] / schedule.alpha[grid[:-1]]
    above = (ratios > high) & (ratios < PURE_NOISE)
    below = (ratios < low) & (ratios > NO_NOISE)
    return int((above | below).sum())


def words(settings: RunSettings, info: DataInfo) -> str:
    """What was asked for in all columns, as people say it."""
    differs = settings.vary.what if settings.vary else ""
    common = {slot: value for slot, value in settings.condition.items() if slot != differs}
    if said_in := words_of(info):
        asked, not_asked = (
            said_in.sentence(said) if said else "" for said in (common, settings.negative)
        )
        return (asked or "whatever it likes") + (f"; but not {not_asked}" if not_asked else "")
    if not info.slots or differs == info.slots[0].name:
        return ""  # the headings tell it
    said = next(iter(common.values()), "")
    return {EACH: "one of each", "": "anything"}.get(said, said)


def frame(
    medium: Medium, lane: int, step: Step, evaluations: int, seconds: float
) -> dict[str, Any]:
    """A step as the page's players take it."""
    sent = (medium.sent or medium.encode)(torch.stack([medium.view(step, v) for v in VIEWS]))
    planes = dict(zip(VIEWS, sent.contiguous(), strict=True))
    if medium.sent and step.sigma == 0:  # the result is worth its decoding
        planes["x"] = planes["x0"] = medium.encode(step.x).contiguous()
    return {
        "kind": "frame",
        "lane": lane,
        "index": step.index,
        "t": step.t,
        "alpha": step.alpha,
        "sigma": step.sigma,
        "evaluations": evaluations,
        "seconds": round(seconds, 4),
        **{view: base64.b64encode(part.numpy()).decode() for view, part in planes.items()},
    }
