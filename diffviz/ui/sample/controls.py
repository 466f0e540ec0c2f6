"""The Sample tab's controls, and the run that their values describe."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from diffviz.data import DATA_SETS, DEFAULT
from diffviz.data.base import DataInfo
from diffviz.grids import SPACINGS
from diffviz.runs.asking import ANYTHING, IN_TURN, condition_of, speaks
from diffviz.runs.schema import GUIDANCE, MAX_COUNT, MAX_SEED, RunSettings, Variation
from diffviz.samplers import SAMPLERS
from diffviz.schedules import MAX_STEPS, MIN_STEPS, SCHEDULES, Parameter
from diffviz.serving.models import Models, bundled
from diffviz.ui.sample.words import WordControls, build_words

PAGE_STEPS = 250
RIVALS = 2
MOST_COLUMNS = 8
DRAWN = "drawn"
SCALES = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)  # guidance, where it is compared
SAMPLER_PARAMETERS = {s.name: s.parameters for s in SAMPLERS.values()}
SCHEDULE_PARAMETERS = {k.name: k.parameters for k in SCHEDULES.values()}


@dataclass(frozen=True)
class Asked:
    """The values of `Controls.main`, which are the endpoint's inputs too.

    what, negative: a class, or a sentence. vary: "", "guidance" or a slot, and its `values`; then
    `count` is the number of noises, each a row of pictures.
    """

    what: str
    count: float
    seed: float
    guidance: float
    steps: float
    sampler: str
    schedule: str
    spacing: str
    T: float
    zero_terminal_snr: bool
    clip_x0: bool
    denoiser: str = DEFAULT
    negative: str = ""
    vary: str = ""
    values: Sequence[str] = ()


@dataclass(frozen=True)
class Controls:
    """main: the inputs that make an `Asked`; extra: those that only the page has (the sentence,
    rivals, a slider for each parameter, the drawn curve)."""

    main: list[Component]
    extra: list[Component]
    denoiser: gr.Dropdown
    what: gr.Dropdown
    words: WordControls
    vary: gr.Dropdown
    values: gr.Dropdown
    seed: gr.Number
    start: gr.Button
    stop: gr.Button
    dice: gr.Button


def build_controls(models: Models) -> Controls:
    """Build them inside the current gr.Column."""
    denoiser = gr.Dropdown(
        models.choices(),
        value=DEFAULT,
        label="Denoiser",
        allow_custom_value=True,  # trainings come and go; `Models` knows which there are
        elem_id="sample-model",
    )
    what = gr.Dropdown(
        things(bundled().card.data),
        value=next(iter(DATA_SETS[DEFAULT].condition.values())),
        label="What",
        allow_custom_value=True,  # another denoiser knows other things
        elem_id="sample-class",
    )
    words = build_words()
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
    with gr.Accordion("Compare, from the same noise", open=False):
        vary = gr.Dropdown(
            variations(bundled().card.data),
            value="",
            label="What differs from column to column",
            allow_custom_value=True,  # another denoiser knows other things
            elem_id="sample-vary",
        )
        values = gr.Dropdown(
            [],
            value=[],
            multiselect=True,
            allow_custom_value=True,
            label="Its values",
            visible=False,
            elem_id="sample-values",
        )
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
            words.negative,
            vary,
            values,
        ],
        denoiser=denoiser,
        what=what,
        words=words,
        vary=vary,
        values=values,
        extra=[words.words, rivals, *sampler_sliders, *schedule_sliders, handles],
        seed=seed,
        start=start,
        stop=stop,
        dice=dice,
    )


def things(info: DataInfo) -> list[str]:
    """What a denoiser of that data can be asked for."""
    return [IN_TURN, *info.slots[0].values, ANYTHING] if info.slots else [ANYTHING]


def variations(info: DataInfo) -> list[tuple[str, str]]:
    """(label, name) of what can differ between pictures of one noise."""
    slots = [(slot.name.capitalize(), slot.name) for slot in info.slots]
    guidance = (f"Guidance, {SCALES[0]:g} to {SCALES[-1]:g}", GUIDANCE.name)
    return [("Nothing", ""), guidance, *slots] if slots else [("Nothing", "")]


def values_of(info: DataInfo, vary: str) -> list[str]:
    """What a slot can be, with "not said"; nothing for anything else."""
    return next(([*slot.values, ANYTHING] for slot in info.slots if slot.name == vary), [])


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
    info: DataInfo, asked: Asked, parameters: Sequence[float] = (), handles: str = ""
) -> RunSettings:
    """The run that the controls describe; raises ValueError for a curve that does not parse, or
    a comparison of nothing.

    info: of the data that the denoiser learned. parameters: those of all sliders of
    `_sliders_of_the_chosen`, or none for the defaults.
    """
    drawn = asked.schedule == DRAWN
    values = iter(parameters)
    sampler_values = _by_name(SAMPLER_PARAMETERS, values)
    schedule_values = _by_name(SCHEDULE_PARAMETERS, values)
    vary = _variation(info, asked)
    columns = len(vary.values) if vary else 1
    return RunSettings(
        model=asked.denoiser,
        condition=condition_of(info, asked.what),
        negative=condition_of(info, asked.negative) if speaks(info) else {},
        vary=vary,
        count=min(int(asked.count), MAX_COUNT // columns) * columns if vary else int(asked.count),
        seed=int(asked.seed or 0),
        sampler=asked.sampler,
        sampler_parameters=sampler_values.get(asked.sampler, {}),
        steps=int(asked.steps),
        spacing=asked.spacing,
        schedule=asked.schedule,
        schedule_parameters=schedule_values.get(asked.schedule, {}),
        handles=_parse_handles(handles) if drawn else None,
        T=int(asked.T),
        zero_terminal_snr=asked.zero_terminal_snr,
        guidance=asked.guidance,
        clip_x0=asked.clip_x0,
    )


def _variation(info: DataInfo, asked: Asked) -> Variation | None:
    if not asked.vary:
        return None
    if asked.vary == GUIDANCE.name:
        return Variation(asked.vary, SCALES)
    slots = [slot.name for slot in info.slots]
    if asked.vary not in slots:
        raise ValueError(f"{asked.vary!r} cannot differ; choose from {', '.join(slots)}")
    values = list(dict.fromkeys(asked.values or ()))
    if not 2 <= len(values) <= MOST_COLUMNS:
        raise ValueError(f"choose 2 to {MOST_COLUMNS} values of {asked.vary} to compare")
    return Variation(asked.vary, tuple("" if value == ANYTHING else value for value in values))


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
