"""The Train tab's controls, and the plan that their values describe."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from diffviz.checkpoints import checkpoint_names
from diffviz.data import DATA_SETS, DataChoice
from diffviz.data.own.uploads import LIMITS, SIZES
from diffviz.networks.unet import UNetConfig
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.settings import declared
from diffviz.training.config import LEVELS, LOG_NORMAL, PREDICTED, TrainConfig
from diffviz.training.plan import OWN, Plan
from diffviz.training.presets import PRESETS

CONFIG = declared(TrainConfig)
WIDTHS = ("16,32", "32,64", "48,96", "64,128")
FIRST = ("digits", "tiny")  # what is chosen at first: of all, it shows something soonest


@dataclass(frozen=True)
class TrainControls:
    """inputs: those that `plan_of` takes, in its order, and then the three of uploads. programs:
    the same for programs, whose numbers are as in the preset where they give none."""

    inputs: list[Component]
    programs: list[Component]
    start: gr.Button


def build_train_controls() -> TrainControls:
    """Build them inside the current gr.Column."""
    data = gr.Dropdown(
        [(source.label, source.name) for source in DATA_SETS.values()],
        value=FIRST[0],
        label="Pictures to learn from",
        elem_id="train-data",
    )
    classes = gr.Dropdown(
        _classes(FIRST[0]),
        multiselect=True,
        allow_custom_value=True,  # `Plan.check` has better words for one that there is not
        label="Only some classes",
        info="None chosen: all of them",
        elem_id="train-classes",
    )
    with gr.Group(visible=False) as own:
        files = gr.File(
            file_count="multiple",
            label="Your pictures, or a zip of them",
            elem_id="train-files",
            height=140,
        )
        gr.Markdown(LIMITS, elem_classes="small-print")
        size = gr.Radio(list(SIZES), value=28, label="Resized to", elem_id="train-size")
        colour = gr.Checkbox(True, label="In colour", elem_id="train-colour")
    preset = gr.Radio(
        [(preset.label, preset.name) for preset in PRESETS.values()],
        value=FIRST[1],
        label="How much",
        elem_id="train-preset",
    )
    start_from = gr.Dropdown(
        [("random weights", ""), *((name, name) for name in checkpoint_names())],
        value="",
        label="Start from",
        info="A bundled denoiser learns new pictures sooner: fine-tuning",
        elem_id="train-from",
    )
    start = gr.Button("Start training", variant="primary", elem_id="train-start")
    with gr.Accordion("All settings", open=False):
        minutes = _number("hours", "Time limit in minutes", FIRST[1], 60, elem_id="train-minutes")
        objective = gr.Dropdown(
            [(PREDICTED[name], name) for name in PARAMETRIZATIONS],
            value=CONFIG["parametrization"].default,
            label="The network predicts",
            elem_id="train-objective",
        )
        levels = gr.Dropdown(
            [("log-normal (EDM)", LOG_NORMAL), *((f"uniform in t, {n}", n) for n in LEVELS[1:])],
            value=LOG_NORMAL,
            label="Schedule of the noise levels",
            elem_id="train-levels",
        )
        rate = _number("learning_rate", "Learning rate", FIRST[1], elem_id="train-rate")
        batch = _number("batch", "Batch", FIRST[1], precision=0, elem_id="train-batch")
        ema = _number(
            "ema_length",
            "EMA: width of the average of the weights",
            FIRST[1],
            info="A share of the training so far",
            elem_id="train-ema",
        )
        channels = gr.Dropdown(
            [("as the preset", ""), *((width.replace(",", ", "), width) for width in WIDTHS)],
            value="",
            allow_custom_value=True,
            label="Channels of each level",
            elem_id="train-channels",
        )
        seed = gr.Number(
            0,
            precision=0,
            minimum=0,
            maximum=CONFIG["seed"].maximum,
            label="Seed",
            elem_id="train-seed",
        )
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    data.change(
        lambda name: (
            gr.Dropdown(choices=_classes(name), value=[], visible=bool(_classes(name))),
            gr.Group(visible=name == OWN),
        ),
        data,
        [classes, own],
        **quiet,
    )
    numbers = {"hours": minutes, "learning_rate": rate, "batch": batch, "ema_length": ema}
    preset.change(
        lambda name: [_default(field, name, 60 if field == "hours" else 1) for field in numbers],
        preset,
        list(numbers.values()),
        **quiet,
    )
    with gr.Group(visible=False):
        unsaid: dict[Component, Component] = {
            n: gr.Number(None, label=n.label) for n in numbers.values()
        }
    inputs: list[Component] = [data, classes, preset, start_from, minutes, objective, levels]
    inputs += [rate, batch, ema, channels, seed, files, size, colour]
    return TrainControls(inputs, [unsaid.get(c, c) for c in inputs], start)


def plan_of(
    data: str,
    classes: Sequence[str] | None,
    preset: str,
    start_from: str,
    minutes: float | None,
    objective: str,
    levels: str,
    learning_rate: float | None,
    batch: float | None,
    ema: float | None,
    channels: str,
    seed: float,
) -> Plan:
    """The plan that the controls describe; raises ValueError, in a sentence, for nonsense."""
    longest = (CONFIG["hours"].maximum or 0) * 60
    if minutes and not 0 < minutes <= longest:  # NaN too
        raise ValueError(f"the time limit must be from 0 to {longest:g} minutes, not {minutes:g}")
    numbers = {
        "hours": (minutes or 0) / 60,
        "learning_rate": learning_rate,
        "batch": whole("batch", batch or 0),
        "ema_length": ema,
    }
    choices = {"parametrization": objective, "levels": levels, "seed": whole("seed", seed or 0)}
    # What is empty, or as in the preset, is not said again.
    config: dict[str, Any] = {
        name: v
        for name, v in numbers.items()
        if v and not (preset in PRESETS and math.isclose(v, _default(name, preset)))
    }
    config |= {name: v for name, v in choices.items() if v != CONFIG[name].default}
    network: dict[str, tuple[int, ...]] = {}
    if channels:
        widths = tuple(int(width) for width in re.findall(r"\d{1,6}", channels)[:8])
        if not widths:
            raise ValueError(f"channels must be whole numbers such as 64, 128, not {channels!r}")
        network["channels"] = widths
        if len(widths) != len(preset_shape(preset).blocks):
            network["blocks"] = (1,) * len(widths)
    plan = Plan(DataChoice(data, tuple(classes or ())), preset, start_from or "", network, config)
    plan.check()
    return plan


def preset_shape(name: str) -> UNetConfig:
    """The shape of a preset's network; unknown presets have the usual one until they are told."""
    return UNetConfig.parse(PRESETS[name].network.get("unet", {}) if name in PRESETS else {})


def whole(name: str, value: float) -> int:
    if not math.isfinite(value) or value != int(value):
        raise ValueError(f"{name} must be a whole number, not {value:g}")
    return int(value)


def _classes(name: str) -> list[str]:
    return list(DATA_SETS[name].classes())


def _default(field: str, preset: str, times: float = 1) -> float:
    value = PRESETS[preset].config.get(field, CONFIG[field].default)
    return round(float(value) * times, 6)


def _number(field: str, label: str, preset: str, times: float = 1, **options: Any) -> gr.Number:
    low, high = CONFIG[field].minimum or 0, CONFIG[field].maximum or 0
    return gr.Number(
        _default(field, preset, times),
        label=label,
        minimum=low * times,
        maximum=high * times,
        **options,
    )
