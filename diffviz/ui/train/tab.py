"""The Train tab: a denoiser of one's own, trained in the background, and watched."""

from __future__ import annotations

import secrets
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from diffviz.jobs.job import ACTIONS
from diffviz.jobs.recording import NAME, RECORDED, recorded
from diffviz.jobs.trainings import running
from diffviz.runs.link import schema
from diffviz.serving.backend import Backend
from diffviz.serving.figures import FIGURES, save_figure, taken_home
from diffviz.serving.frames import told
from diffviz.settings import unknown
from diffviz.ui.component import live_view, page_call
from diffviz.ui.controls import endpoint
from diffviz.ui.links import link_components
from diffviz.ui.messages import answer, told_in_the_page
from diffviz.ui.train.controls import (
    NAMES,
    ORDER,
    RENAMED,
    UNSAID,
    Asked,
    OnPage,
    begins,
    build_train_controls,
    plan_of,
)
from diffviz.ui.train.crops import let_look
from diffviz.web.clients import CLIENT
from diffviz.web.uploads import is_within

SWITCHED_OFF = "Training is switched off on this server; below is a recorded one."
# For programs: two at a time are enough for what takes milliseconds. A start may read pictures.
JOBS: dict[str, Any] = {"concurrency_id": "jobs", "concurrency_limit": 2}
# The token comes from the browser, as the last input.
PAGE = (*(name for name in NAMES if name != "owner"), "owner")
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
                events=("use", "follow"),
                server_functions=[
                    backend.handler(f) for f in (owned, ask, rename, take_uploaded, take_losses)
                ],
                facts={
                    "recorded": NAME,
                    "settings": schema(OnPage, begins()),
                    "places": [place.facts() for place in controls.places],
                },
            )
    link_components("train", view, controls.places, controls.answers)
    token = gr.Textbox(visible=False)
    page = {**controls.page, "owner": token}
    let_look(backend, controls)
    controls.start.click(
        backend.handler(_start),
        [page[name] for name in PAGE],
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
        own, of = [job, owner], backend.handler
        programs = {**controls.programs, "owner": owner}
        inputs = [programs[name] for name in NAMES]
        gr.Button().click(of(STARTING), inputs, facts, api_name="train_start", **STARTS)
        gr.Button().click(of(train_status), [job, since], facts, api_name="train_status", **JOBS)
        gr.Button().click(of(train_download), own, file, api_name="train_download", **JOBS)
        called, zipped = gr.Textbox("", label="Name"), gr.File(label="Weights and card, as a zip")
        renaming = [job, owner, called]
        gr.Button().click(of(train_rename), renaming, facts, api_name="train_rename", **JOBS)
        gr.Button().click(
            of(train_upload), [zipped, owner], facts, api_name="train_upload", **STARTS
        )
        for action in ACTIONS:
            act, name = of(partial(_act, action)), f"train_{action}"
            gr.Button().click(act, own, facts, api_name=name, **JOBS)
    return view


def train_start(
    backend: Backend,
    request: gr.Request,
    asked: Asked,
    files: list[str] | None = None,
    owner: str = "",
) -> dict[str, Any]:
    """Put a training into the queue: its status, and the owner's token, a secret of 16 to 64
    letters and digits that the other calls ask for; made up here where none is given."""
    with told_in_the_page():
        plan = plan_of(asked)
        owner = owner or secrets.token_hex(16)
        planes = 3 if asked.colour else 1
        client = request.client.host if backend.settings.public and request.client else ""
        trainings = running(backend.trainings)
        cut = (asked.across, asked.down)
        job, said = trainings.begin(plan, owner, files or (), asked.size, planes, client, *cut)
        return {**trainings.status(job.id), "owner": owner, "said": said}


STARTING = endpoint(train_start, ORDER, RENAMED, UNSAID)


def _start(backend: Backend, request: gr.Request, *values: Any) -> str:
    """The page's own start: what its live view is told."""
    named = dict(zip(PAGE, values, strict=True))
    started = STARTING(backend, request, *(named[name] for name in NAMES))
    if started["said"]:
        gr.Info(started["said"])
    return told(watch=started["id"])


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
        return str(running(backend.trainings).denoiser_file(job, owner, backend.files.once))


def train_rename(backend: Backend, job: str, owner: str, name: str) -> dict[str, Any]:
    """Call a training of one's own something else; "" is its usual name."""
    with told_in_the_page():
        return running(backend.trainings).rename(job, owner, name)


def train_upload(
    backend: Backend, request: gr.Request, file: str, owner: str = ""
) -> dict[str, Any]:
    """Bring back a denoiser as /train_download gave it; answers as /train_start."""
    with told_in_the_page():
        if not file:
            raise ValueError("choose the zip with the weights and the card")
        owner = owner or secrets.token_hex(16)
        client = request.client.host if backend.settings.public and request.client else ""
        trainings = running(backend.trainings)
        job = trainings.upload(Path(file), owner, client)
        return {**trainings.status(job.id), "owner": owner}


def owned(backend: Backend, request: Any) -> dict[str, Any]:
    """{"token"} → {"jobs": those of its owner in brief}, for the page."""
    return answer(lambda asked: {"jobs": running(backend.trainings).owned(asked["token"])}, request)


def ask(backend: Backend, request: Any) -> dict[str, Any]:
    """{"job", "token", "action"} → the job's new status, for the page."""

    def work(asked: Any) -> dict[str, Any]:
        return running(backend.trainings).ask(asked["job"], asked["token"], asked["action"])

    return answer(work, request)


def rename(backend: Backend, request: Any) -> dict[str, Any]:
    """{"job", "token", "name"} → the job's new status, for the page."""

    def work(asked: Any) -> dict[str, Any]:
        return running(backend.trainings).rename(asked["job"], asked["token"], asked["name"])

    return answer(work, request)


def take_uploaded(backend: Backend, request: Any) -> dict[str, Any]:
    """{"path": of an upload, "token"} → the status of the denoiser in it, for the page."""

    def work(asked: Any) -> dict[str, Any]:
        path, trainings = asked["path"], running(backend.trainings)
        if not is_within(path, backend.settings.uploads) or not Path(path).is_file():
            raise ValueError("the file did not arrive; please choose it again")
        try:
            job = trainings.upload(Path(path), asked["token"], CLIENT.get())
        finally:
            Path(path).unlink()
        return trainings.status(job.id)

    return answer(work, request)


def take_losses(backend: Backend, request: Any) -> dict[str, Any]:
    """{"job", "format", "theme"} → a figure of its losses, as `taken_home` sends it."""

    def work(asked: Any) -> dict[str, Any]:
        job, kind = str(asked["job"]), str(asked["format"])
        if kind not in FIGURES:
            raise ValueError(unknown("format", kind, FIGURES))
        status = recorded(job)[0] if job in RECORDED else running(backend.trainings).status(job)

        def draw(theme: str) -> Any:
            from diffviz.figures import losses

            return losses(status["points"], status["ratios"], theme)

        return taken_home(
            f"diffviz-losses{FIGURES[kind]}",
            lambda path: save_figure(draw, path, "", str(asked["theme"])),
        )

    return answer(work, request)
