"""The race and translation without pairs, as parts of the 2-D tab: recorded ones show at once, and
one's own are jobs of the background worker."""

from __future__ import annotations

import secrets
from typing import Any

import gradio as gr

from diffviz.jobs.recording import recordings
from diffviz.jobs.trainings import running
from diffviz.rivals.kinds import CONTESTS, RACE, TRANSLATION, ContestKind
from diffviz.rivals.settings import RaceSettings, TranslationSettings
from diffviz.serving.backend import Backend
from diffviz.serving.frames import told
from diffviz.settings import Settings, declared, offered
from diffviz.ui.component import live_view
from diffviz.ui.controls import control, endpoint
from diffviz.ui.gradio_seams import event_data
from diffviz.ui.messages import answer, sentence, told_in_the_page

LABELS = {RACE.name: "The race of diffusion and its rivals", TRANSLATION.name: "Translation"}
STARTS: dict[str, Any] = {"concurrency_id": "starts", "concurrency_limit": 8}


def contests(backend: Backend) -> None:
    """Build both inside the current gr.Blocks."""
    for kind in CONTESTS.values():
        view = live_view(
            "plane/contests",
            f"plane-{kind.name}",
            LABELS[kind.name],
            events=("start",),
            server_functions=[backend.handler(contests_owned), backend.handler(contests_ask)],
            facts={
                "kind": kind.name,
                "recorded": [{"id": name, "title": title} for name, title in recordings(kind.name)],
                "settings": [setting.facts() for setting in declared(kind.settings).values()],
                "open": backend.trainings is not None,
            },
        )
        view.start(backend.handler(_start), None, view, api_visibility="private", **STARTS)
    with gr.Group(visible=False):
        facts, of = gr.JSON(label="The contest"), backend.handler
        for kind, start in ((RACE, race_start), (TRANSLATION, translation_start)):
            inputs = [control(setting) for setting in offered(kind.settings).values()]
            inputs.append(gr.Textbox("", label="Owner"))
            gr.Button().click(of(endpoint(start)), inputs, facts, api_name=start.__name__, **STARTS)


def race_start(
    backend: Backend, request: gr.Request, asked: RaceSettings, owner: str = ""
) -> dict[str, Any]:
    """Put a race into the queue: its status, and the owner's token, as /train_start has it, whose
    /train_status and other calls are for races too."""
    return _begin(backend, request, asked, owner)


def translation_start(
    backend: Backend, request: gr.Request, asked: TranslationSettings, owner: str = ""
) -> dict[str, Any]:
    """Put a translation without pairs into the queue; answers as /race_start."""
    return _begin(backend, request, asked, owner)


def _begin(backend: Backend, request: gr.Request, asked: Settings, owner: str) -> dict[str, Any]:
    with told_in_the_page():
        owner = owner or secrets.token_hex(16)
        client = request.client.host if backend.settings.public and request.client else ""
        trainings = running(backend.trainings)
        job, _ = trainings.begin(asked, owner, client=client)
        return {**trainings.status(job.id), "owner": owner}


def _start(backend: Backend, event: gr.EventData, request: gr.Request) -> str:
    """The page's own start, {"kind", "token", "settings"}: what its live view is told."""
    try:
        kind = _kind(event_data(event, "kind"))
        asked = kind.settings(**dict(event_data(event, "settings")))
        started = _begin(backend, request, asked, str(event_data(event, "token")))
        return told(watch=started["id"])
    except gr.Error as error:
        return told(error=error.message)
    except (TypeError, LookupError):
        return told(error="The request is not one that this page makes.")
    except ValueError as error:
        return told(error=sentence(error))


def _kind(name: object) -> ContestKind:
    return CONTESTS[str(name)]


def contests_owned(backend: Backend, request: Any) -> dict[str, Any]:
    """{"token", "kind"} → {"jobs": those of its owner in brief}, for the page."""

    def work(asked: Any) -> dict[str, Any]:
        kind = _kind(asked["kind"]).name
        return {"jobs": running(backend.trainings).owned(asked["token"], kind)}

    return answer(work, request)


def contests_ask(backend: Backend, request: Any) -> dict[str, Any]:
    """{"job", "token", "action"} → the job's new status, for the page."""

    def work(asked: Any) -> dict[str, Any]:
        return running(backend.trainings).ask(asked["job"], asked["token"], asked["action"])

    return answer(work, request)
