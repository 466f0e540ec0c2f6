"""The Train tab: a denoiser of one's own, trained in the background, and watched."""

from __future__ import annotations

import json
import secrets
from functools import partial
from typing import Any

import gradio as gr

from diffviz.jobs.job import ACTIONS
from diffviz.jobs.recording import NAME
from diffviz.jobs.trainings import running
from diffviz.serving.backend import Backend
from diffviz.ui.component import live_view, page_call
from diffviz.ui.messages import answer, told_in_the_page
from diffviz.ui.train.controls import build_train_controls, plan_of

SWITCHED_OFF = "Training is switched off on this server; below is a recorded one."
# For programs: two at a time are enough for what takes milliseconds. A start may read pictures.
JOBS: dict[str, Any] = {"concurrency_id": "jobs", "concurrency_limit": 2}
STARTS: dict[str, Any] = {"concurrency_id": "starts", "concurrency_limit": 8}


def train_tab(backend: Backend) -> gr.HTML:
    """Build the tab inside the current gr.Blocks; returns its live view, which has an event `use`
    for a job that shall go to Sample."""
    with gr.Row():
        with gr.Column(scale=1, min_width=290):
            if backend.trainings is None:
                gr.Markdown(SWITCHED_OFF)
            controls = build_train_controls()
        with gr.Column(scale=3, min_width=320, elem_classes="first-on-phones"):
            view = live_view(
                "train/view",
                "train-view",
                "A training, live",
                events=("use",),
                server_functions=[backend.handler(owned), backend.handler(ask)],
                recorded=NAME,
            )
    token = gr.Textbox(visible=False)
    inputs = [*controls.inputs, token]
    controls.start.click(
        backend.handler(_start),
        inputs,
        view,
        js=page_call("withOwner"),  # which lives in the browser
        api_visibility="private",
        show_progress="minimal",
        **STARTS,
    )
    with gr.Group(visible=False):
        job, owner = gr.Textbox(label="Job"), gr.Textbox("", label="Owner")
        since = gr.Number(0, label="Since")
        facts, file = gr.JSON(label="The training"), gr.File(label="Weights and card")
        inputs, own, of = [*controls.programs, owner], [job, owner], backend.handler
        gr.Button().click(of(train_start), inputs, facts, api_name="train_start", **STARTS)
        gr.Button().click(of(train_status), [job, since], facts, api_name="train_status", **JOBS)
        gr.Button().click(of(train_download), own, file, api_name="train_download", **JOBS)
        for action in ACTIONS:
            act, name = of(partial(_act, action)), f"train_{action}"
            gr.Button().click(act, own, facts, api_name=name, **JOBS)
    return view


def train_start(
    backend: Backend,
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
        address = request.client.host if request and request.client else ""
        client = address if backend.settings.public else ""
        trainings = running(backend.trainings)
        job, said = trainings.begin(plan, owner, files or (), int(size), planes, client)
        return {**trainings.status(job.id), "owner": owner, "said": said}


def _start(backend: Backend, request: gr.Request, *values: Any) -> str:
    """The page's own start: what its live view is told."""
    started = train_start(backend, *[*values, request])
    if started["said"]:
        gr.Info(started["said"])
    return json.dumps({"watch": started["id"]})


def train_status(backend: Backend, job: str, since: float | None = 0) -> dict[str, Any]:
    """How a training goes: state, progress, and the points of its curves after number `since`."""
    with told_in_the_page():
        return running(backend.trainings).status(job, since or 0)


def _act(action: str, backend: Backend, job: str, owner: str) -> dict[str, Any]:
    """Pause, resume, stop or delete a training of one's own; returns its status then."""
    with told_in_the_page():
        return running(backend.trainings).ask(job, owner, action)


def train_download(backend: Backend, job: str, owner: str) -> str:
    """A zip with the weights (safetensors) and the card (JSON) of what a training has learned."""
    with told_in_the_page():
        name, content = running(backend.trainings).denoiser_file(job, owner)
    path = backend.files.new(name)
    path.write_bytes(content)
    return str(path)


def owned(backend: Backend, request: Any) -> dict[str, Any]:
    """{"token"} → {"jobs": those of its owner in brief}, for the page."""
    return answer(lambda asked: {"jobs": running(backend.trainings).owned(asked["token"])}, request)


def ask(backend: Backend, request: Any) -> dict[str, Any]:
    """{"job", "token", "action"} → the job's new status, for the page."""

    def work(asked: Any) -> dict[str, Any]:
        return running(backend.trainings).ask(asked["job"], asked["token"], asked["action"])

    return answer(work, request)
