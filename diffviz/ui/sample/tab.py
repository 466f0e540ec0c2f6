"""The Sample tab: pictures come out of noise, frame by frame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component

from diffviz.runs.asking import condition_of, speaks
from diffviz.runs.attention import RewordSettings
from diffviz.runs.link import schema
from diffviz.runs.schema import MAX_SEED, SEED, RunSettings
from diffviz.runs.suited import SUITED
from diffviz.serving.admission import InLine
from diffviz.serving.backend import Backend
from diffviz.serving.cards import card_text
from diffviz.serving.exports import write_between, write_file, write_picture
from diffviz.serving.few_steps import few_steps
from diffviz.serving.frames import in_line, message, recording, stream
from diffviz.serving.models import Models, bundled, bundled_card
from diffviz.serving.reference import orders, reference
from diffviz.serving.sampling import (
    ASKED,
    ON_PAGE,
    ORDER,
    Asked,
    OnPage,
    asked_by,
    begins,
    settings_of,
)
from diffviz.serving.ticket import Ticket
from diffviz.serving.words import looked_up, said_otherwise
from diffviz.settings import declared
from diffviz.ui.component import live_view, page_call
from diffviz.ui.controls import control, endpoint, in_order
from diffviz.ui.gradio_seams import event_data
from diffviz.ui.links import link_components
from diffviz.ui.messages import sentence, told_in_the_page
from diffviz.ui.payloads import check_values
from diffviz.ui.sample.apart import FUNCTIONS as APART
from diffviz.ui.sample.apart import apart_endpoints
from diffviz.ui.sample.choices import (
    ask_unseen,
    compared_first,
    compared_still,
    denoisers,
    suit,
)
from diffviz.ui.sample.controls import RIVALS, build_controls
from diffviz.ui.sample.nearest import nearest_endpoint, nearest_pictures
from diffviz.web.names import whole_number

# Who runs when is our own admission's to say, which tells visitors their place in the line.
NETWORK: dict[str, Any] = {"concurrency_id": "network", "concurrency_limit": None}
# Gradio hands each value to a thread and back to be checked; `payloads` and the handler do that.
PLAIN: dict[str, Any] = {"preprocess": False, "postprocess": False}
# A second, to all visitors together: Gradio needs 3 ms for each, which the denoiser goes without.
# Frames that come together are walked through by the player as slowly as they were made.
MOST_MESSAGES = 20
SILENT: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

# The token of a visitor's trainings and the curve drawn in the Forward tab live in the browser and
# come along as the last inputs.
WITH_OWNER = page_call("withOwner")
ASK_FOR_RUN = page_call("askForRun")


class Ran(NamedTuple):
    """What the player shows, for its exports. token: of who ran it. rivals: samplers that raced
    against the settings' own."""

    settings: RunSettings
    token: str
    rivals: tuple[str, ...] = ()


def sample_tab(backend: Backend) -> gr.Dropdown:
    """Build the tab inside the current gr.Blocks; returns the choice of the denoiser."""
    last_run = gr.State(Ran(first_run(), ""))
    token = gr.Textbox("", visible=False, label="Owner")
    with gr.Row():
        with gr.Column(scale=1, min_width=290, elem_id="sample-controls"):
            controls = build_controls(backend.models)
            with gr.Accordion("About this denoiser", open=False):
                about = gr.Markdown(card_text(bundled_card()))
        with gr.Column(
            scale=3, min_width=320, elem_id="sample-shown", elem_classes="first-on-phones"
        ):
            player = live_view(
                "sample/view",
                "sample-player",
                "Sampling, step by step",
                events=("ready", "run", "halt", "refer", "export", "anew", "follow", "compared"),
                server_functions=[
                    backend.handler(nearest_pictures),
                    *map(backend.handler, APART),
                ],
                facts={
                    "settings": schema(OnPage, begins()),
                    "places": [place.facts() for place in controls.places],
                },
            )
            exported = gr.File(label="Your file", elem_id="sample-file", visible=False)
            program = gr.Code(
                label="The same run in Python, to the last bit",
                language="python",
                elem_id="sample-code",
                visible=False,
                interactive=False,
            )
        with gr.Group(visible=False):
            picture = gr.Image(type="filepath", format="png", label="The pictures in a grid")
            facts = gr.JSON(label="Fingerprint, evaluations and settings")
            program_run = gr.Button()
            # Controls of its own: those of the page begin with other values than programs know.
            named = {name: control(known) for name, known in ASKED.items()}

    inputs = [*controls.of(ON_PAGE), *controls.extra, token]
    outputs = [player, last_run]
    # The inputs come as one: at each message Gradio's page copies all that an event's inputs hold.
    asked = gr.JSON(visible=False, label="What the controls say")
    multiple: dict[str, Any] = {"trigger_mode": "multiple"}  # or presses would be lost in between
    running = player.run(None, inputs, asked, js=page_call("asOne"), **multiple, **SILENT).then(
        backend.handler(_run_of(inputs)),
        asked,
        outputs,
        **multiple,
        **PLAIN,
        **SILENT,
        **NETWORK,
    )
    referring = player.refer(
        backend.handler(_refer), last_run, player, **multiple, **SILENT, **NETWORK
    )
    player.halt(None, cancels=[running, referring], api_visibility="private")
    controls.start.click(None, js=ASK_FOR_RUN)
    controls.stop.click(None, cancels=[running], js=page_call("stopRun"), api_visibility="private")
    another = controls.dice.click(None, None, controls.seed, js=page_call("newSeed", MAX_SEED))
    another.then(None, js=ASK_FOR_RUN)
    player.ready(_intro, None, player, **SILENT)
    export = backend.handler(_export)
    files = [exported, program]
    hide = page_call("hidden", len(files))
    player.export(None, None, files, js=hide, **SILENT)
    exporting = player.export(export, last_run, files, **SILENT, **NETWORK)
    exporting.success(None, exported, None, js=page_call("takeHome"), **SILENT)
    exporting.then(None, js=page_call("ended", "exporting"), **SILENT)
    # What was made of another run than the one shown goes with it.
    player.anew(None, None, files, js=hide, cancels=[exporting, referring], **SILENT)
    named["owner"] = token
    inputs = [named[name] for name in in_order(named, ORDER)]
    program_run.click(
        backend.handler(endpoint(sample, ORDER)),
        inputs,
        [picture, facts],
        api_name="sample",
        preprocess=False,  # the schema's own check has the words for what is wrong
        **NETWORK,
    )
    nearest_endpoint(backend)
    apart_endpoints(backend)
    denoiser, owned = controls.denoiser, [controls.denoiser, token]
    denoiser.focus(backend.handler(denoisers), token, denoiser, js=WITH_OWNER, **SILENT)
    words = controls.words
    known = [controls.what, words.group, controls.vary, controls.values, about]
    known += [*controls.of(SUITED), *words.of_source]
    chosen = [denoiser, words.source, token]
    told = denoiser.change(backend.handler(suit), chosen, known, js=WITH_OWNER, **SILENT)
    words.hear_anew(told)
    link_components("sample", player, controls.places, [told])
    kept = [controls.values, controls.vary, *owned]
    still = backend.handler(compared_still)
    player.compared(still, kept, controls.values, js=WITH_OWNER, **SILENT)
    compared = [words.words, controls.vary, controls.values]
    words.unseen.input(ask_unseen, [words.source, words.unseen], compared, **SILENT).then(
        None, js=ASK_FOR_RUN
    )
    values, varied = backend.handler(compared_first), [controls.vary, *owned]
    controls.vary.input(values, varied, controls.values, js=WITH_OWNER, **SILENT)
    return denoiser


def _run_of(
    inputs: Sequence[Component],
) -> Callable[[Backend, gr.Request, Any], AsyncIterator[tuple[str, Any]]]:
    """The handler of a run that the inputs' values, in a list, ask for: the player's messages, and
    the settings that the exports repeat."""

    async def _sample(
        backend: Backend, request: gr.Request, values: Any
    ) -> AsyncIterator[tuple[str, Any]]:
        admission, models = backend.admission, backend.models

        def pause() -> float:
            return (admission.running - 1) / MOST_MESSAGES  # who is alone gets each frame at once

        with told_in_the_page():
            check_values(inputs, values)
            settings, rivals, token = await asyncio.to_thread(_asked_run, models, *values)

            def frames(ticket: Ticket) -> Iterator[str]:
                served = models.served(settings.model, token, ticket)
                return stream(settings, rivals, *served, pause)

            async with aclosing(admission.parts(visitor(request), frames)) as parts:
                ran: Any = Ran(settings, token, tuple(rivals))
                async for part in parts:
                    if isinstance(part, InLine):
                        yield in_line(part.number), gr.skip()
                    else:
                        yield part, ran
                        ran = gr.skip()  # told once: it would cost as much as the frame

    return _sample


async def _refer(
    backend: Backend, request: gr.Request, last_run: Ran, event: gr.EventData
) -> AsyncIterator[str]:
    """What the last race is measured against, how fast its samplers come nearer to that, what a
    distilled denoiser makes of the run's noise, which pixels look its words up, or what other words
    make of it; event: {"run": its number in the player, "kind": "reference", "orders", "few",
    "words", or "reworded" with what RewordSettings say}."""
    with told_in_the_page():
        number = whole_number("run", event_data(event, "run"))
    settings, token, rivals = last_run
    kind = str(event_data(event, "kind"))

    def messages(ticket: Ticket) -> Iterator[str]:
        if kind == "few":
            return few_steps(
                settings, number, lambda name: backend.models.served(name, token, ticket)
            )
        if kind in ("words", "reworded"):
            checkpoint, engine = backend.models.model(settings.model, token), backend.engine
            if kind == "words":
                return looked_up(settings, number, checkpoint, engine, ticket)
            other = RewordSettings(**{n: event_data(event, n) for n in declared(RewordSettings)})
            return said_otherwise(settings, other, number, checkpoint, engine, ticket)
        served = backend.models.served(settings.model, token, ticket)
        if kind == "orders":
            return orders(settings, rivals, number, *served)
        return reference(settings, number, *served)

    try:
        async with aclosing(backend.admission.parts(visitor(request), messages)) as parts:
            async for part in parts:
                if isinstance(part, InLine):
                    yield message(number, kind, waiting=part.number)
                else:
                    yield part
    except ValueError as error:
        yield message(number, kind, failed=sentence(error))


def _asked_run(models: Models, *values: Any) -> tuple[RunSettings, list[str], str]:
    """The settings, the rivals and the token in the values of all inputs; raises ValueError for
    what will not do, before anybody waits in line for it."""
    named = dict(zip(ON_PAGE, values, strict=False))
    words, rivals, *parameters, handles, token = values[len(ON_PAGE) :]
    info = models.model(named["denoiser"], token).card.data
    if speaks(info):
        named["what"] = words
    settings = settings_of(info, asked_by(named, parameters, handles))
    rivals = [name for name in rivals if name != settings.sampler]
    if len(rivals) > RIVALS:
        raise ValueError(f"a race has room for {RIVALS} rivals, not {len(rivals)}")
    return settings, rivals, token


async def sample(
    backend: Backend,
    request: gr.Request,
    asked: Asked,
    owner: str = "",
) -> tuple[str, dict[str, Any]]:
    """Pictures from noise: all of them in one PNG, and facts about the run. what: a class, or a
    sentence for a denoiser that knows words; negative: a sentence to steer away from. vary, values:
    "guidance", or a slot and two or more values, to compare in columns from the same noise, then
    `count` is the number of rows. denoiser: a bundled one, or "training:" and the id of a training
    of the owner whose token is given."""
    with told_in_the_page():
        models = backend.models
        settings = settings_of(models.model(asked.denoiser, owner).card.data, asked)
        path, facts = await backend.admission.at_once(
            visitor(request),
            lambda ticket: write_picture(
                backend.files, settings, *models.served(asked.denoiser, owner, ticket)
            ),
        )
    return str(path), facts


@cache
def _intro() -> str:
    """A run made when the first visitor comes, and shown to all until they make their own."""
    return recording(first_run(), bundled())


def first_run() -> RunSettings:
    """What plays before the first click, and what the controls beside it say at first."""
    return settings_of(bundled_card().data, OnPage())


async def _export(
    backend: Backend, request: gr.Request, last_run: Ran, event: gr.EventData
) -> tuple[Any, Any]:
    """The last run again, as a file or as code; event: {"format", "view"} from the player, and for
    the format "between" the "seed" to which a film goes, and "what" it is said to become there."""
    settings = last_run.settings

    def write(ticket: Ticket) -> Path | str:
        checkpoint, denoiser = backend.models.served(settings.model, last_run.token, ticket)
        kind, view = (str(event_data(event, name)) for name in ("format", "view"))
        if kind == "between":
            seed = SEED.check(event_data(event, "seed"))
            what, info = str(event_data(event, "what")), checkpoint.card.data
            to = condition_of(info, what) if what else None
            return write_between(backend.files, settings, seed, checkpoint, denoiser, to)
        rivals = last_run.rivals
        return write_file(backend.files, settings, kind, view, checkpoint, denoiser, rivals)

    with told_in_the_page():
        made = await backend.admission.at_once(visitor(request), write)
    if isinstance(made, str):
        return gr.File(value=None, visible=False), gr.Code(value=made, visible=True)
    return gr.File(value=str(made), visible=True), gr.Code(visible=False)


def visitor(request: gr.Request) -> str:
    """Whom a run counts for: an open page, or a program."""
    return str(request.session_hash or request.client)
