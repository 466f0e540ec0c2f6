"""A picture to t and back by a denoiser: the Forward tab's panel for it, and the endpoint /edit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import gradio as gr
from torch import Tensor

from diffviz.data import DEFAULT, words_of
from diffviz.media.levels import fingerprint
from diffviz.media.picture import PICTURE
from diffviz.runs.asking import condition_of, heard
from diffviz.runs.conditions import conditions
from diffviz.runs.editing import Stage, rms_distance, run_edit
from diffviz.runs.notes import note_of
from diffviz.runs.schema import BACK, EditRun, EditSettings, ScheduleSettings
from diffviz.schedules import NoiseSchedule
from diffviz.serving.backend import Backend
from diffviz.serving.frames import frame, outside
from diffviz.serving.guessing import (
    Guessing,
    card_of,
    coder_of,
    ratio_range,
    what_it_sees,
)
from diffviz.serving.pictures import seen_by
from diffviz.serving.ticket import Ticket
from diffviz.settings import Setting
from diffviz.ui.controls import endpoint
from diffviz.ui.forward.api import (
    RENAMED,
    Example,
    OfTheTab,
    facts_of,
    norm,
    picture_of,
    png,
    program_inputs,
)
from diffviz.ui.live_runs import LIVE, live_run
from diffviz.ui.messages import answer, told_in_the_page
from diffviz.ui.sample.tab import NETWORK, visitor

# As programs that pass them by place know them; what is declared later comes after these.
ORDER = (
    "picture",
    "example_name",
    "denoiser",
    "what",
    "t",
    "mode",
    "steps",
    "guidance",
    "seed",
    "schedule",
    "T",
    "zero_terminal_snr",
    "parameters",
    "handles",
)


class Edited(ScheduleSettings, EditSettings):
    """What the Forward tab and the endpoint /edit ask for."""

    example_name: Example = "boot"
    denoiser: OfTheTab = DEFAULT
    what: Annotated[
        str,
        Setting(
            label="What to make of it: a class, or words",
            help="A class, or words for a denoiser that knows them",
        ),
    ] = ""


class Edit(NamedTuple):
    """A run of `run_edit`, checked and ready for its turn."""

    settings: EditSettings
    schedule: NoiseSchedule
    x0: Tensor  # (1, C, H, W)
    name: str  # of the denoiser
    condition: dict[str, str]
    table: Tensor  # the same as rows, (1, slots)
    was: Tensor | None  # on inversion's way up, where it is another
    note: str

    @property
    def sides(self) -> int:
        """Network evaluations behind one of the denoiser's."""
        guided = self.settings.mode == BACK and bool(self.table.any())
        return 2 if guided and self.settings.guidance != 1 else 1

    def stages(self, guessing: Guessing, ticket: Ticket) -> Iterator[Stage]:
        denoiser = guessing.denoiser(self.name, ticket)
        coder = coder_of(self.name)
        return run_edit(
            self.settings, denoiser, self.schedule, self.x0, self.table, self.was, coder
        )


def prepared(asked: Edited, x0: Tensor) -> Edit:
    """The run for what is asked of x0 (C, H, W). Raises ValueError, in a sentence."""
    info, schedule = card_of(asked.denoiser).data, asked.noise_schedule()
    condition = condition_of(info, asked.what)
    table = conditions(info, condition, 1)
    was = conditions(info, condition_of(info, asked.was), 1) if asked.was else None
    asked.grid(schedule)
    note = note_of(asked.part(EditRun, model=asked.denoiser))
    return Edit(asked, schedule, x0[None], asked.denoiser, condition, table, was, note)


def let_bring_back(backend: Backend, view: gr.HTML) -> None:
    """Let a live view with the events "back" and "halt" start a run, {"request": …}, and end it;
    its value then is one message after the other."""
    running = view.back(backend.handler(BRING_BACK), None, view, **LIVE)
    view.halt(None, cancels=[running], api_visibility="private")


def _told(backend: Backend, asked: tuple[Edit, Any], ticket: Ticket) -> Iterator[dict[str, Any]]:
    """The messages of a run whose turn it is: {"start"}, a {"frame"} a step, and {"apart"}, how far
    the result is from the picture."""
    edit, trained = asked
    grid = edit.settings.grid(edit.schedule)
    beyond = outside(edit.schedule, grid, trained)
    stages = edit.stages(backend.guessing, ticket)  # which raises at once for what cannot be
    yield {"start": {"steps": len(grid) - 1, "grid": grid, "outside": beyond, "note": edit.note}}
    started = time.perf_counter()
    x = edit.x0
    for back, step in stages:
        seconds = time.perf_counter() - started
        x = step.x
        sent = frame(PICTURE, int(back), step, step.nfe * edit.sides, seconds)
        del sent["eps"]  # which is not shown, and as much again
        yield {"frame": sent}
    yield {"apart": rms_distance(x, edit.x0)}


def asked_back(backend: Backend, request: Any) -> tuple[Edit, Any]:
    """What a page's request asks for, and the noise that its denoiser was trained on; raises what
    `checked` turns into a sentence."""
    same = ("denoiser", "what", "schedule", "T", "t", "steps", "mode", "seed", "guidance")
    asked = Edited(
        **{name: request[name] for name in same},
        sampler=request.get("sampler", "ddim"),
        was=request.get("was", ""),
        zero_terminal_snr=request["zeroTerminal"],
        schedule_parameters=request["parameters"],
        handles=request["handles"],
    )
    edit = prepared(asked, seen_by(backend, request, asked.denoiser))
    return edit, ratio_range(asked.denoiser)


BRING_BACK = live_run(asked_back, _told)


def hear(request: Any) -> dict[str, Any]:
    """{"text", "denoiser"} → {"html"}: what is understood of a sentence, "" where none is."""
    return answer(_hear, request)


def _hear(request: Any) -> dict[str, Any]:
    words = words_of(card_of(str(request["denoiser"])).data)
    return {"html": heard(words, str(request["text"])) if words else ""}


def edit_endpoint(backend: Backend) -> None:
    """Register /edit inside the current gr.Blocks; its controls are for programs, never seen."""
    with gr.Group(visible=False):
        result = gr.Image(type="filepath", format="png", label="The picture brought back")
        noisy = gr.Image(type="filepath", format="png", label="x_t")
        facts = gr.JSON(label="t, α, σ, ᾱ, errors and more")
        gr.Button("Edit").click(
            backend.handler(endpoint(edit_picture, ORDER, RENAMED)),
            program_inputs(Edited, ORDER),
            [result, noisy, facts],
            api_name="edit",
            **NETWORK,
        )


async def edit_picture(
    backend: Backend, request: gr.Request, asked: Edited, picture: str | None = None
) -> tuple[str, str, dict[str, Any]]:
    """A picture, brought to the denoiser's size, to step t and back. Mode "back": noised by the
    seed, and denoised from there (image-to-image). Mode "invert": DDIM inversion there and back;
    what it was, where that is not what it becomes, makes it a dual diffusion bridge.
    Returns the result and x_t as PNGs, and the root mean square over pixels in −1..1 between result
    and picture, which is the inversion's error."""
    with told_in_the_page():
        seen = await asyncio.to_thread(picture_of, backend, picture, asked.example_name)
        edit = prepared(asked, what_it_sees(seen, asked.denoiser))
        path, settings = edit.schedule, edit.settings
        stages = await backend.admission.at_once(
            visitor(request), lambda ticket: list(edit.stages(backend.guessing, ticket))
        )
        first_back = next(step for back, step in stages if back)
        last = stages[-1].step
        there = sum(not back for back, _ in stages)
        facts = facts_of(path, settings.t) | {
            "mode": settings.mode,
            "strength": settings.t / path.T,
            "steps": len(settings.grid(path)) - 1,
            "condition": edit.condition,
            "error": rms_distance(last.x, edit.x0),
            "evaluations": last.nfe * edit.sides + max(there - 1, 0),
            "fingerprint": fingerprint(last.x),
        }
        return (
            png(backend, last.x[0], "edited.png", edit.note),
            png(backend, first_back.x[0] / norm(path, settings.t), "x_t.png", edit.note),
            facts,
        )
