"""The Train tab: a denoiser of one's own, trained in the background, and watched."""

from __future__ import annotations

import json
import secrets
from functools import partial
from typing import Any

import gradio as gr

from diffviz.config import config
from diffviz.jobs.job import ACTIONS
from diffviz.jobs.recording import NAME
from diffviz.jobs.trainings import running, trainings
from diffviz.ui.component import live_view
from diffviz.ui.files import new_file
from diffviz.ui.messages import answer, told_in_the_page
from diffviz.ui.train.controls import build_train_controls, plan_of

SWITCHED_OFF = "Training is switched off on this server; below is a recorded one."
# The owner's token lives in the browser, and comes along as the last input.
WITH_TOKEN = "(...v) => [...v.slice(0, -1), localStorage.getItem('diffviz.owner') ?? '']"
# For programs: two at a time are enough for what takes milliseconds.
JOBS: dict[str, Any] = {"concurrency_id": "jobs", "concurrency_limit": 2}


def train_tab() -> gr.HTML:
    """Build the tab inside the current gr.Blocks; returns its live view, which has an event `use`
    for a job that shall go to Sample."""
    with gr.Row():
        with gr.Column(scale=1, min_width=290):
            if trainings() is None:
                gr.Markdown(SWITCHED_OFF)
            controls = build_train_controls()
        with gr.Column(scale=3, min_width=320, elem_classes="first-on-phones"):
            view = live_view(
                "train/view",
                "train-view",
                "A training, live",
                events=("use",),
                server_functions=[owned, ask],
                recorded=NAME,
            )
    token = gr.Textbox(visible=False)
    inputs = [*controls.inputs, token]
    controls.start.click(
        _start,
        inputs,
        view,
        js=WITH_TOKEN,
        api_visibility="private",
        show_progress="minimal",
        **JOBS,
    )
    with gr.Group(visible=False):
        job, owner = gr.Textbox(label="Job"), gr.Textbox("", label="Owner")
        since = gr.Number(0, label="Since")
        facts, file = gr.JSON(label="The training"), gr.File(label="Weights and card")
        inputs = [*controls.programs, owner]
        gr.Button().click(train_start, inputs, facts, api_name="train_start", **JOBS)
        gr.Button().click(train_status, [job, since], facts, api_name="train_status", **JOBS)
        gr.Button().click(train_download, [job, owner], file, api_name="train_download", **JOBS)
        for action in ACTIONS:
            name = f"train_{action}"
            gr.Button().click(partial(_act, action), [job, owner], facts, api_name=name, **JOBS)
    return view


def train_start(
    data: str = "digits",
    classes: list[str] | None = None,
    preset: str = "tiny",
    start_from: str = "",
    minutes: float | None = None,
    objective: str = "edm",
    levels: str = "log-normal",
    learning_rate: float | None = None,
    batch: float | None = None,
    ema: float | None = None,
    channels: str = "",
    seed: float = 0,
    files: list[str] | None = None,
    size: int = 28,
    colour: bool = True,
    owner: str = "",
    request: gr.Request | None = None,
) -> dict[str, Any]:
    """Put a training into the queue: its status, and the owner's token, a secret of 16 to 64
    letters and digits that the other calls ask for; made up here where none is given."""
    with told_in_the_page():
        plan = plan_of(
            data,
            classes,
            preset,
            start_from,
            minutes,
            objective,
            levels,
            learning_rate,
            batch,
            ema,
            channels,
            seed,
        )
        owner = owner or secrets.token_hex(16)
        planes = 3 if colour else 1
        client = request.client.host if request and request.client and config().public else ""
        job, said = running().begin(plan, owner, files or (), int(size), planes, client)
        return {**running().status(job.id), "owner": owner, "said": said}


def _start(request: gr.Request, *values: Any) -> str:
    """The page's own start: what its live view is told."""
    started = train_start(*[*values, request])
    if started["said"]:
        gr.Info(started["said"])
    return json.dumps({"watch": started["id"]})


def train_status(job: str, since: float | None = 0) -> dict[str, Any]:
    """How a training goes: state, progress, and the points of its curves after number `since`."""
    with told_in_the_page():
        return running().status(job, since or 0)


def _act(action: str, job: str, owner: str) -> dict[str, Any]:
    """Pause, resume, stop or delete a training of one's own; returns its status then."""
    with told_in_the_page():
        return running().ask(job, owner, action)


def train_download(job: str, owner: str) -> str:
    """A zip with the weights (safetensors) and the card (JSON) of what a training has learned."""
    with told_in_the_page():
        name, content = running().denoiser_file(job, owner)
    path = new_file(name)
    path.write_bytes(content)
    return str(path)


def owned(request: Any) -> dict[str, Any]:
    """{"token"} → {"jobs": those of its owner in brief}, for the page."""
    return answer(lambda asked: {"jobs": running().owned(asked["token"])}, request)


def ask(request: Any) -> dict[str, Any]:
    """{"job", "token", "action"} → the job's new status, for the page."""
    return answer(lambda a: running().ask(a["job"], a["token"], a["action"]), request)
