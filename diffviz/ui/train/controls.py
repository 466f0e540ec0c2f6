"""The Train tab's controls, and the plan that their values describe."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import gradio as gr
from gradio.components import Component

from diffviz.autoencoders import is_ready
from diffviz.checkpoints import checkpoint_names
from diffviz.data import DATA_SETS, DataChoice, DataSource
from diffviz.data.base import DataInfo
from diffviz.data.own.uploads import LABELS, LIMITS, SIZES
from diffviz.networks.unet import UNetConfig
from diffviz.runs.link import Usual
from diffviz.serving.models import bundled_card
from diffviz.settings import NUMBER, WHOLE, Setting, declared, offered
from diffviz.training.config import TrainConfig
from diffviz.training.plan import OWN, Plan
from diffviz.training.presets import PRESETS
from diffviz.ui.component import live_view, page_call
from diffviz.ui.controls import as_sent, control, in_order, keep_whole
from diffviz.ui.links import Place
from diffviz.ui.messages import told_in_the_page

CONFIG = declared(TrainConfig)
HOURS = CONFIG["hours"]
WIDTHS = ("16,32", "32,64", "48,96", "64,128")
FIRST = ("digits", "tiny")  # what is chosen at first: of all, it shows something soonest


def starts() -> dict[str, str]:
    """name → label of what a training can start from."""
    return {"": "random weights", **{name: name for name in checkpoint_names()}}


def learnable() -> dict[str, DataSource]:
    """name → data set that a denoiser can learn here."""
    return {name: source for name, source in DATA_SETS.items() if is_ready(source)}


class Asked(TrainConfig):
    """What the Train tab's controls and the endpoint /train_start ask for; numbers that are left
    out are the preset's."""

    without: ClassVar[frozenset[str]] = frozenset({"hours"})  # here they are minutes

    data: Annotated[
        str, Setting(label="Pictures to learn from", help="Data set", choices=learnable)
    ] = FIRST[0]
    classes: Annotated[
        tuple[str, ...],
        Setting(label="Only some classes", help="None chosen: all of them", hint=True),
    ] = ()
    preset: Annotated[
        str, Setting(label="How much", help="How large and how long", choices=PRESETS)
    ] = FIRST[1]
    start_from: Annotated[
        str,
        Setting(
            label="Start from",
            help="A bundled denoiser learns new pictures sooner: fine-tuning",
            choices=starts,
            hint=True,
        ),
    ] = ""
    minutes: Annotated[
        float | None,
        replace(
            HOURS,
            label="Time limit in minutes",
            help="End after so many minutes, if that is sooner",
            minimum=0,
            maximum=HOURS.maximum * 60,
            unit="minutes",
        ),
    ] = None
    channels: Annotated[
        str,
        Setting(label="Channels of each level", help="The finest first, such as 32,64"),
    ] = ""
    size: Annotated[
        int, Setting(label="Resized to", help="Side in pixels of your own", choices=SIZES)
    ] = 28
    colour: Annotated[bool, Setting(label="In colour", help="Your own in colour")] = True
    across: Annotated[
        int,
        Setting(
            label="Cut into so many across",
            help="Of sprite sheets, files with many pictures in a grid",
            minimum=1,
            maximum=100,
            hint=True,
        ),
    ] = 1
    down: Annotated[
        int, Setting(label="And so many down", help="Of sprite sheets", minimum=1, maximum=100)
    ] = 1


class OnPage(Asked):
    """What the page's controls say, and its links. watch: the training that is watched."""

    watch: Annotated[str, Setting(label="Watch", help="The training's id")] = ""


ASKED = offered(Asked)
RENAMED = {"parametrization": "objective", "ema_length": "ema"}
# As programs that pass them by place know them; what is declared later comes after these.
ORDER = (
    "data",
    "classes",
    "preset",
    "start_from",
    "minutes",
    "objective",
    "levels",
    "learning_rate",
    "batch",
    "ema",
    "channels",
    "seed",
    "files",
    "size",
    "colour",
    "owner",
)
NAMES = tuple(in_order([*(RENAMED.get(name, name) for name in ASKED), "files", "owner"], ORDER))
# Settings that a preset may have its own mind of.
UNSAID = tuple(
    name
    for name, setting in ASKED.items()
    if name == "minutes" or (name in CONFIG and name != "seed" and setting.kind in (WHOLE, NUMBER))
)
CUT = ("across", "down")
UPLOADS = ("size", "colour", *CUT)  # what goes with one's own pictures
FIXED = ("parametrization", "channels")  # by the denoiser to start from
OPEN = ("data", "classes", "preset", "start_from", *UPLOADS)  # the rest is folded away
IDS = {"parametrization": "objective", "learning_rate": "rate", "ema_length": "ema"}


@dataclass(frozen=True)
class TrainControls:
    """page, programs: by the names of the parameters; numbers for programs are as in the preset
    where they give none. places: what is in the page's links; answers: the events that answer a
    change of what `settles` there. crops: the live view of one's own pictures before they are
    learned, with an event `folder`."""

    page: dict[str, Component]
    programs: dict[str, Component]
    start: gr.Button
    crops: gr.HTML
    places: list[Place]
    answers: list[Any]


def build_train_controls() -> TrainControls:
    """Build them inside the current gr.Column."""
    data = control(ASKED["data"], "train-data")
    classes = gr.Dropdown(
        _classes(FIRST[0]),
        multiselect=True,
        allow_custom_value=True,  # `Plan.check` has better words for one that there is not
        label=ASKED["classes"].label,
        info=ASKED["classes"].help,
        elem_id="train-classes",
    )
    with gr.Group(visible=False) as own:
        files = gr.File(
            file_count="multiple",
            label="Your pictures, or a zip of them",
            elem_id="train-files",
            height=140,
        )
        crops = live_view(
            "train/crops", "train-crops", "Your pictures as they are learned", events=("folder",)
        )
        gr.Markdown(LABELS + " " + LIMITS, elem_classes="small-print")
        size = gr.Radio(
            list(SIZES),
            value=ASKED["size"].default,
            label=ASKED["size"].label,
            elem_id="train-size",
        )
        colour = control(ASKED["colour"], "train-colour")
        with gr.Row():
            cut = {name: control(ASKED[name], f"train-{name}", min_width=120) for name in CUT}
    preset = gr.Radio(
        ASKED["preset"].labelled(),
        value=FIRST[1],
        label=ASKED["preset"].label,
        elem_id="train-preset",
    )
    start_from = control(ASKED["start_from"], "train-from", **_starting(FIRST[0], True))
    start = gr.Button("Start training", variant="primary", elem_id="train-start")
    named: dict[str, Component] = {"data": data, "classes": classes, "preset": preset}
    named |= {"start_from": start_from, "size": size, "colour": colour, **cut}
    said: dict[str, dict[str, Any]] = {n: {"value": as_preset(n, FIRST[1])} for n in UNSAID}
    widths = [("as the preset", ""), *((width.replace(",", ", "), width) for width in WIDTHS)]
    said["channels"] = {"choices": widths, "allow_custom_value": True}
    by_parameter = {RENAMED.get(name, name): name for name in ASKED}
    with gr.Accordion("All settings", open=False):
        for name in (by_parameter[n] for n in NAMES if by_parameter.get(n, "data") not in OPEN):
            named[name] = control(ASKED[name], elem_id(name), **said.get(name, {}))
    with gr.Group(visible=False):
        others: dict[str, Component] = {n: gr.Number(None, label=ASKED[n].label) for n in UNSAID}
        others["start_from"] = control(ASKED["start_from"])
    as_sent([*named.values(), *others.values()])
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    keep_whole(named, ASKED)
    chosen = [data, colour, start_from]
    of_data = data.change(  # type: ignore[attr-defined]  # of each Dropdown
        _of_data,
        chosen,
        [classes, own, start_from],
        **quiet,
    )
    colour.change(fitting, chosen, start_from, **quiet)  # type: ignore[attr-defined]  # of a Checkbox
    start_from.change(  # type: ignore[attr-defined]  # of a Dropdown
        None,
        [start_from, *(fixed := [named[field] for field in FIXED])],
        fixed,
        js=page_call("givenBy", given()),
        **quiet,
    )
    of_preset = preset.change(
        _of_preset,
        preset,
        [named[field] for field in UNSAID],
        **quiet,
    )
    return TrainControls(
        {"files": files, **_by_parameter(named)},
        {"files": files, **_by_parameter(named | others)},
        start,
        crops,
        [Place(one, name, settles=name in ("data", "preset")) for name, one in named.items()],
        [of_data, of_preset],
    )


def plan_of(asked: Asked) -> Plan:
    """The plan that is asked for; raises ValueError, in a sentence, for nonsense."""
    config = {n: getattr(asked, n) for n in CONFIG if n in asked.model_fields_set}
    if asked.minutes:
        config["hours"] = asked.minutes / 60
    # What is as in the preset is not said again.
    config = {n: value for n, value in config.items() if not _same(value, usual(n, asked.preset))}
    network: dict[str, tuple[int, ...]] = {}
    if asked.channels:
        widths = tuple(int(width) for width in re.findall(r"\d{1,6}", asked.channels)[:8])
        if not widths:
            raise ValueError(
                f"channels must be whole numbers such as 64, 128, not {asked.channels!r}"
            )
        network["channels"] = widths
        if len(widths) != len(preset_shape(asked.preset).blocks):
            network["blocks"] = (1,) * len(widths)
    data = DataChoice(asked.data, asked.classes)
    plan = Plan(data, asked.preset, asked.start_from, network, config)
    plan.check()
    return plan


def preset_shape(name: str) -> UNetConfig:
    """The shape of a preset's network."""
    return UNetConfig.parse(PRESETS[name].network.get("unet", {}))


def usual(name: str, preset: str) -> Any:
    """A setting of a training as the preset has it."""
    return PRESETS[preset].config.get(name, CONFIG[name].default)


def as_preset(name: str, preset: str) -> float:
    """A number that a control shows while nobody has given another."""
    value = usual("hours", preset) * 60 if name == "minutes" else usual(name, preset)
    return round(float(value), 6)


def begins() -> Usual:
    """Where numbers begin, by the preset."""
    return {n: ("preset", {preset: as_preset(n, preset) for preset in PRESETS}) for n in UNSAID}


def elem_id(name: str) -> str:
    return f"train-{IDS.get(name, name.replace('_', '-'))}"


def _by_parameter(named: dict[str, Component]) -> dict[str, Component]:
    return {RENAMED.get(name, name): component for name, component in named.items()}


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, int | float):
        return math.isclose(value, other)
    return bool(value == other)


def _of_data(name: Any, colour: Any, start: Any) -> tuple[gr.Dropdown, gr.Group, gr.Dropdown]:
    """What goes with a data set: its classes, the fields for one's own, and what can start."""
    with told_in_the_page():
        classes = _classes(ASKED["data"].check(name))
    dropdown = gr.Dropdown(choices=classes, value=[], visible=bool(classes))
    return dropdown, gr.Group(visible=name == OWN), fitting(name, colour, start)


def fitting(name: Any, colour: Any, start: Any) -> gr.Dropdown:
    """Those to start from that can go on with a data set, and why others cannot."""
    with told_in_the_page():
        offered = _starting(ASKED["data"].check(name), bool(colour))
    known = [one for _, one in offered["choices"]]
    if start in known:
        return gr.Dropdown(**offered)  # a link may have chosen another meanwhile
    return gr.Dropdown(value="", **offered)


def _starting(name: str, colour: bool) -> dict[str, Any]:
    """The choices of what to start from, and what is said below them."""
    info = foreseen(name, colour)
    choices, refused = [], []
    for one, label in starts().items():
        try:
            if one:
                bundled_card(one).adapted_to(info)
            choices.append((label, one))
        except ValueError as error:
            refused.append(f"{label} {error}")
    why = f". Not offered: {'; '.join(refused)}" if refused else ""
    return {"choices": choices, "info": ASKED["start_from"].help + why}


def given() -> dict[str, tuple[str, str]]:
    """What each denoiser to start from predicts, and its channels."""
    cards = {name: bundled_card(name) for name in starts() if name}
    return {
        name: (card.parametrization, ", ".join(map(str, getattr(card.network, "channels", ()))))
        for name, card in cards.items()
    }


def foreseen(name: str, colour: bool) -> DataInfo:
    """What is known of a data set's samples before any is read; of one's own that is what was
    chosen."""
    source = DATA_SETS[name]
    channels, *size = source.shape
    if name == OWN:
        channels = 3 if colour else 1
    return DataInfo(name, (channels, *size), 1, (), "", "", source.medium, source.autoencoder)


def _of_preset(name: Any) -> list[float]:
    """The numbers that a preset has, where nobody has given others."""
    with told_in_the_page():
        preset = ASKED["preset"].check(name)
    return [as_preset(field, preset) for field in UNSAID]


def _classes(name: str) -> list[str]:
    return list(DATA_SETS[name].classes())
