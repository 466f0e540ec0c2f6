"""The Sample tab's controls, and the run that their values describe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from diffviz.data.base import DataInfo
from diffviz.grids import SPACINGS
from diffviz.runs import EACH, GUIDANCE, MAX_COUNT, MAX_SEED, RunSettings
from diffviz.samplers import SAMPLERS
from diffviz.schedules import MAX_STEPS, MIN_STEPS, SCHEDULES, Parameter
from diffviz.ui.models import choices, model

PAGE_STEPS = 250
RIVALS = 2
ANYTHING, IN_TURN = "anything", "one of each"
DRAWN = "drawn"
SAMPLER_PARAMETERS = {s.name: s.parameters for s in SAMPLERS.values()}
SCHEDULE_PARAMETERS = {k.name: k.parameters for k in SCHEDULES.values()}


@dataclass(frozen=True)
class Controls:
    """main: the inputs that `settings_of` takes by position, which are the endpoint's too; extra:
    those that only the page has (rivals, a slider for each parameter, the drawn curve)."""

    main: list[Component]
    extra: list[Component]
    denoiser: gr.Dropdown
    what: gr.Dropdown
    seed: gr.Number
    start: gr.Button
    stop: gr.Button
    dice: gr.Button


def build_controls() -> Controls:
    """Build them inside the current gr.Column."""
    denoiser = gr.Dropdown(
        choices(),
        value="fashion",
        label="Denoiser",
        allow_custom_value=True,  # trainings come and go; `model` says which there are
        elem_id="sample-model",
    )
    what = gr.Dropdown(
        things(model().card.data),
        value="ankle boot",
        label="What",
        allow_custom_value=True,  # another denoiser knows other things
        elem_id="sample-class",
    )
    count = gr.Slider(1, MAX_COUNT, 4, step=1, label="How many", elem_id="sample-count")
    steps = gr.Slider(1, PAGE_STEPS, 20, step=1, label="Steps", elem_id="sample-steps")
    guidance = _slider(GUIDANCE, "sample-guidance", info="How much to insist on what was asked for")
    seed = gr.Number(
        0,
        label="Seed of the noise",
        precision=0,
        minimum=0,
        maximum=MAX_SEED,
        elem_id="sample-seed",
    )
    with gr.Row():
        start = gr.Button("Generate", variant="primary", elem_id="sample-run", scale=2, min_width=0)
        stop = gr.Button("Stop", elem_id="sample-stop", scale=1, min_width=0)
    dice = gr.Button("Other noise, same settings", elem_id="sample-dice", size="md")
    names = [(s.label, s.name) for s in SAMPLERS.values()]
    with gr.Accordion("Race", open=False):
        rivals = gr.CheckboxGroup(
            names, label="Up to two rivals, from the same noise", elem_id="sample-rivals"
        )
    with gr.Accordion("Sampler and schedule", open=False):
        sampler = gr.Dropdown(names, value="ddim", label="Sampler", elem_id="sample-sampler")
        sampler_sliders = _sliders_of_the_chosen(sampler, SAMPLER_PARAMETERS)
        schedule = gr.Dropdown(
            [*((k.label, k.name) for k in SCHEDULES.values()), ("Drawn in Forward", DRAWN)],
            value="cosine",
            label="Noise schedule",
            elem_id="sample-schedule",
        )
        schedule_sliders = _sliders_of_the_chosen(schedule, SCHEDULE_PARAMETERS)
        spacing = gr.Dropdown(
            list(SPACINGS), value="trailing", label="Spacing of the steps", elem_id="sample-spacing"
        )
        T = gr.Slider(MIN_STEPS, MAX_STEPS, 1000, step=1, label="T", elem_id="sample-T")
        zero_terminal_snr = gr.Checkbox(False, label="Zero terminal SNR", elem_id="sample-ztsnr")
        clip_x0 = gr.Checkbox(False, label="Clip x̂0 to −1..1 at each step", elem_id="sample-clip")
    handles = gr.Textbox(visible=False)
    return Controls(
        main=[
            what,
            count,
            seed,
            guidance,
            steps,
            sampler,
            schedule,
            spacing,
            T,
            zero_terminal_snr,
            clip_x0,
            denoiser,
        ],
        denoiser=denoiser,
        what=what,
        extra=[rivals, *sampler_sliders, *schedule_sliders, handles],
        seed=seed,
        start=start,
        stop=stop,
        dice=dice,
    )


def things(info: DataInfo) -> list[str]:
    """What a denoiser of that data can be asked for."""
    return [IN_TURN, *info.slots[0].values, ANYTHING] if info.slots else [ANYTHING]


def _slider(parameter: Parameter, elem_id: str, info: str | None = None) -> gr.Slider:
    return gr.Slider(
        parameter.minimum,
        parameter.maximum,
        parameter.default,
        step=parameter.step,
        label=parameter.label.capitalize(),
        info=info,
        elem_id=elem_id,
    )


def _sliders_of_the_chosen(
    choice: gr.Dropdown, table: dict[str, tuple[Parameter, ...]]
) -> list[Component]:
    """A slider for each parameter of each entry, of which only the chosen entry's are seen."""
    groups: list[gr.Group] = []
    sliders: list[Component] = []
    for name, parameters in table.items():
        with gr.Group(visible=bool(parameters) and name == choice.value) as group:
            sliders += [_slider(p, f"sample-{name}-{p.name}") for p in parameters]
        groups.append(group)

    def show(chosen: str) -> list[gr.Group]:
        return [gr.Group(visible=bool(table[name]) and name == chosen) for name in table]

    choice.change(show, choice, groups, show_progress="hidden", api_visibility="private")
    return sliders


def settings_of(
    info: DataInfo, *main: Any, parameters: Sequence[float] = (), handles: str = ""
) -> RunSettings:
    """The run that the controls describe; raises ValueError for a curve that does not parse.

    info: of the data that the denoiser learned. main: the values of `Controls.main`. parameters:
    those of all sliders of `_sliders_of_the_chosen`, or none for the defaults.
    """
    what, count, seed, guidance, steps, sampler, schedule, spacing, T, zero_snr, clip_x0, name = (
        main
    )
    condition = {}
    if info.slots and what != ANYTHING:
        condition = {info.slots[0].name: EACH if what == IN_TURN else what}
    drawn = schedule == DRAWN
    values = iter(parameters)
    sampler_values = _by_name(SAMPLER_PARAMETERS, values)
    schedule_values = _by_name(SCHEDULE_PARAMETERS, values)
    return RunSettings(
        model=name,
        condition=condition,
        count=int(count),
        seed=int(seed or 0),
        sampler=sampler,
        sampler_parameters=sampler_values[sampler],
        steps=int(steps),
        spacing=spacing,
        schedule=DRAWN if drawn else schedule,
        schedule_parameters={} if drawn else schedule_values[schedule],
        handles=_parse_handles(handles) if drawn else None,
        T=int(T),
        zero_terminal_snr=zero_snr,
        guidance=guidance,
        clip_x0=clip_x0,
    )


def _by_name(table: dict[str, tuple[Parameter, ...]], values: Any) -> dict[str, dict[str, float]]:
    return {
        name: {p.name: next(values, p.default) for p in parameters}
        for name, parameters in table.items()
    }


def _parse_handles(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(handle) for handle in json.loads(text))
    except (TypeError, ValueError) as error:
        raise ValueError("draw a schedule in the Forward tab first") from error
