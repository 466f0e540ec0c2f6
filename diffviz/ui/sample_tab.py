"""The Sample tab: pictures come out of noise, frame by frame."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import gradio as gr

from diffviz.grids import SPACINGS
from diffviz.runs import EACH, GUIDANCE, MAX_COUNT, MAX_SEED, RunSettings
from diffviz.samplers import SAMPLERS
from diffviz.schedules import MAX_STEPS, MIN_STEPS, SCHEDULES, Parameter
from diffviz.ui.component import live_view
from diffviz.ui.frames import recording, stream
from diffviz.ui.messages import told_in_the_page
from diffviz.ui.models import model
from diffviz.ui.sample_files import write_file, write_picture

INTRO = RunSettings(condition={"class": EACH}, count=9, steps=24, seed=3)
PAGE_STEPS = 250
ANYTHING, IN_TURN = "anything", "one of each"
DRAWN = "drawn"
# One name for all that runs the network: on two cores more at once only slows each down.
NETWORK: dict[str, Any] = {"concurrency_id": "network", "concurrency_limit": 2}
SILENT: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

# The curve drawn in the Forward tab lives in the browser and comes along as the last input.
WITH_HANDLES = "(...v) => [...v.slice(0, -1), localStorage.getItem('diffviz.handles') ?? '']"
NEW_SEED = f"() => Math.floor(Math.random() * {MAX_SEED})"
RUN = "() => document.querySelector('#sample-run').click()"
STOPPED = "() => window.dispatchEvent(new Event('diffviz-stopped'))"


def sample_tab() -> None:
    """Build the tab inside the current gr.Blocks."""
    last_run = gr.State(INTRO)
    with gr.Row():
        with gr.Column(scale=1, min_width=290):
            start_row, controls, seed = _controls()
        with gr.Column(scale=3, min_width=320):
            player = live_view(
                "player", "sample-player", "Sampling, step by step", events=("ready", "export")
            )
            exported = gr.File(label="Your file", elem_id="sample-file", visible=False)
            program = gr.Code(
                label="The same run in Python, to the last bit",
                language="python",
                elem_id="sample-code",
                visible=False,
                interactive=False,
            )
    start, stop, dice = start_row
    running = start.click(_sample, controls, [player, last_run], js=WITH_HANDLES, **SILENT, **NETWORK)
    stop.click(None, cancels=[running], js=STOPPED, api_visibility="private")
    dice.click(None, None, seed, js=NEW_SEED).then(None, js=RUN)
    _endpoint()
    player.ready(_intro, None, player, **SILENT)
    player.export(_export, last_run, [exported, program], **SILENT, **NETWORK)


def _controls() -> tuple[tuple[gr.Button, gr.Button, gr.Button], list[gr.Component], gr.Number]:
    """The buttons, all inputs of `_sample` in their order, and the seed among them."""
    classes = model().card.data.slots[0].values
    what = gr.Dropdown(
        [IN_TURN, *classes, ANYTHING], value="ankle boot", label="What", elem_id="sample-class"
    )
    count = gr.Slider(1, MAX_COUNT, 4, step=1, label="How many", elem_id="sample-count")
    steps = gr.Slider(1, PAGE_STEPS, 20, step=1, label="Steps", elem_id="sample-steps")
    guidance = gr.Slider(
        GUIDANCE.minimum,
        GUIDANCE.maximum,
        GUIDANCE.default,
        step=GUIDANCE.step,
        label="Guidance",
        info="How much to insist on what was asked for",
        elem_id="sample-guidance",
    )
    seed = gr.Number(
        0, label="Seed of the noise", precision=0, minimum=0, maximum=MAX_SEED, elem_id="sample-seed"
    )
    with gr.Row():
        start = gr.Button("Generate", variant="primary", elem_id="sample-run", scale=2, min_width=0)
        stop = gr.Button("Stop", elem_id="sample-stop", scale=1, min_width=0)
    dice = gr.Button("Other noise, same settings", elem_id="sample-dice", size="md")
    names = {s.label: s.name for s in SAMPLERS.values()}
    with gr.Accordion("Race", open=False):
        rivals = gr.CheckboxGroup(
            list(names.items()),
            label="Up to two rivals, from the same noise",
            elem_id="sample-rivals",
        )
    with gr.Accordion("Sampler and schedule", open=False):
        sampler = gr.Dropdown(
            list(names.items()), value="ddim", label="Sampler", elem_id="sample-sampler"
        )
        sampler_sliders = _parameter_sliders(
            sampler, {s.name: s.parameters for s in SAMPLERS.values()}
        )
        schedule = gr.Dropdown(
            [*((k.label, k.name) for k in SCHEDULES.values()), ("Drawn in Forward", DRAWN)],
            value="cosine",
            label="Noise schedule",
            elem_id="sample-schedule",
        )
        schedule_sliders = _parameter_sliders(
            schedule, {k.name: k.parameters for k in SCHEDULES.values()}
        )
        spacing = gr.Dropdown(
            list(SPACINGS), value="trailing", label="Spacing of the steps", elem_id="sample-spacing"
        )
        T = gr.Slider(MIN_STEPS, MAX_STEPS, 1000, step=1, label="T", elem_id="sample-T")
        zero_terminal_snr = gr.Checkbox(False, label="Zero terminal SNR", elem_id="sample-ztsnr")
        clip_x0 = gr.Checkbox(False, label="Clip x̂0 to −1..1 at each step", elem_id="sample-clip")
    handles = gr.Textbox(visible=False)
    controls = [what, count, seed, guidance, steps, sampler, schedule, spacing, T]
    controls += [zero_terminal_snr, clip_x0, rivals, *sampler_sliders, *schedule_sliders, handles]
    return (start, stop, dice), controls, seed


def _parameter_sliders(
    choice: gr.Dropdown, table: dict[str, tuple[Parameter, ...]]
) -> list[gr.Component]:
    """A slider for each parameter of each entry, of which only the chosen entry's are seen."""
    groups: list[gr.Group] = []
    sliders: list[gr.Component] = []
    for name, parameters in table.items():
        with gr.Group(visible=name == choice.value) as group:
            sliders += [
                gr.Slider(
                    p.minimum,
                    p.maximum,
                    p.default,
                    step=p.step,
                    label=p.label,
                    elem_id=f"sample-{name}-{p.name}",
                )
                for p in parameters
            ]
        groups.append(group)
    choice.change(
        lambda chosen: [gr.Group(visible=name == chosen) for name in table], choice, groups, **SILENT
    )
    return sliders


def _settings(
    what: str,
    count: float,
    seed: float,
    guidance: float,
    steps: float,
    sampler: str,
    schedule: str,
    spacing: str,
    T: float,
    zero_terminal_snr: bool,
    clip_x0: bool,
    parameters: list[float],
    handles: str,
) -> RunSettings:
    """The run that the controls describe; raises ValueError for a curve that does not parse."""
    values = iter(parameters)
    sampler_values = {
        s.name: {p.name: next(values) for p in s.parameters} for s in SAMPLERS.values()
    }
    schedule_values = {
        k.name: {p.name: next(values) for p in k.parameters} for k in SCHEDULES.values()
    }
    return RunSettings(
        condition=_condition(what),
        count=int(count),
        seed=int(seed or 0),
        sampler=sampler,
        sampler_parameters=sampler_values[sampler],
        steps=int(steps),
        spacing=spacing,
        schedule="linear" if schedule == DRAWN else schedule,
        schedule_parameters={} if schedule == DRAWN else schedule_values[schedule],
        handles=_parse_handles(handles) if schedule == DRAWN else None,
        T=int(T),
        zero_terminal_snr=zero_terminal_snr,
        guidance=guidance,
        clip_x0=clip_x0,
    )


def _condition(what: str) -> dict[str, str]:
    return {} if what == ANYTHING else {"class": EACH if what == IN_TURN else what}


def _parse_handles(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(handle) for handle in json.loads(text))
    except (TypeError, ValueError) as error:
        raise ValueError("draw a schedule in the Forward tab first") from error


def _sample(*values: Any) -> Iterator[tuple[str, RunSettings]]:
    """The player's messages, one for each frame, and the settings that the exports repeat."""
    first, rivals, parameters, handles = values[:11], values[11], values[12:-1], values[-1]
    with told_in_the_page():
        settings = _settings(*first, parameters, handles)
        if len(rivals) > 2:
            raise ValueError("a race has room for two rivals")
        for message in stream(settings, [r for r in rivals if r != settings.sampler], model()):
            yield message, settings


def _endpoint() -> None:
    """The named endpoint /sample: pictures and what they are, for programs."""
    classes = model().card.data.slots[0].values
    with gr.Group(visible=False):
        what = gr.Dropdown([IN_TURN, *classes, ANYTHING], value=IN_TURN, label="What")
        count = gr.Slider(1, MAX_COUNT, 4, step=1, label="How many")
        seed = gr.Number(0, precision=0, label="Seed")
        sampler = gr.Dropdown(list(SAMPLERS), value="ddim", label="Sampler")
        steps = gr.Slider(1, PAGE_STEPS, 20, step=1, label="Steps")
        guidance = gr.Slider(GUIDANCE.minimum, GUIDANCE.maximum, GUIDANCE.default, label="Guidance")
        schedule = gr.Dropdown(list(SCHEDULES), value="cosine", label="Noise schedule")
        spacing = gr.Dropdown(list(SPACINGS), value="trailing", label="Spacing")
        T = gr.Slider(MIN_STEPS, MAX_STEPS, 1000, step=1, label="T")
        zero_terminal_snr = gr.Checkbox(False, label="Zero terminal SNR")
        clip_x0 = gr.Checkbox(False, label="Clip x0")
        picture = gr.Image(type="filepath", format="png", label="The pictures in a grid")
        facts = gr.JSON(label="Fingerprint, evaluations and settings")
        gr.Button("Sample").click(
            sample_endpoint,
            [what, count, seed, sampler, steps, guidance, schedule, spacing, T]
            + [zero_terminal_snr, clip_x0],
            [picture, facts],
            api_name="sample",
            **NETWORK,
        )


def sample_endpoint(
    what: str,
    count: float,
    seed: float,
    sampler: str,
    steps: float,
    guidance: float,
    schedule: str,
    spacing: str,
    T: float,
    zero_terminal_snr: bool,
    clip_x0: bool,
) -> tuple[str, dict[str, Any]]:
    """Generate pictures of clothes from noise: a PNG of all of them, and facts about the run."""
    with told_in_the_page():
        settings = RunSettings(
            condition=_condition(what),
            count=int(count),
            seed=int(seed),
            sampler=sampler,
            steps=int(steps),
            guidance=guidance,
            schedule=schedule,
            spacing=spacing,
            T=int(T),
            zero_terminal_snr=zero_terminal_snr,
            clip_x0=clip_x0,
        )
        path, facts = write_picture(settings, model())
    return str(path), facts


@cache
def _intro() -> str:
    """A run made when the first visitor comes, and shown to all until they make their own."""
    return recording(INTRO, model())


def _export(settings: RunSettings, event: gr.EventData) -> tuple[Any, Any]:
    """The last run again, as a file or as code; event: {"format", "view"} from the player."""
    with told_in_the_page():
        made = write_file(settings, str(event.format), str(event.view), model())
    if isinstance(made, str):
        return gr.File(visible=False), gr.Code(value=made, visible=True)
    return gr.File(value=str(made), visible=True), gr.Code(visible=False)
