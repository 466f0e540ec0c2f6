"""One schema: each setting is in the page's control, the endpoint, the command line, the JSON, the
code and the link, by being declared; and what is wrong with it is told in one sentence everywhere.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import shlex
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr
import pytest

import diffviz
from diffviz.__main__ import main
from diffviz.checkpoints import load_checkpoint
from diffviz.cli.edit import Options as EditOptions
from diffviz.cli.noise import Options as NoiseOptions
from diffviz.cli.options import add_options, read_options
from diffviz.cli.parser import Parser
from diffviz.cli.sample import Options as SampleOptions
from diffviz.cli.train_options import Options as TrainOptions
from diffviz.cli.train_options import plan_from
from diffviz.runs.code import code
from diffviz.runs.link import link, schema
from diffviz.runs.schema import EditSettings, NoiseSettings, RunSettings, Variation
from diffviz.serving.models import bundled_card
from diffviz.serving.sampling import ASKED, ORDER, Asked, asked_by
from diffviz.settings import (
    FLAG,
    LIST,
    NUMBER,
    TABLE,
    TEXT,
    WHOLE,
    Settings,
    declared,
    offered,
    to_text,
)
from diffviz.training.config import TrainConfig
from diffviz.training.plan import agreed_parametrization, command_of
from diffviz.ui.controls import control, endpoint
from diffviz.ui.forward.api import ORDER as ORDER_OF_NOISE
from diffviz.ui.forward.api import RENAMED, Guessed, Noised, denoise_endpoint, noise_endpoint
from diffviz.ui.forward.bringing_back import ORDER as ORDER_OF_EDIT
from diffviz.ui.forward.bringing_back import Edited, edit_picture
from diffviz.ui.sample.tab import sample
from diffviz.ui.train.controls import ASKED as TRAINING
from diffviz.ui.train.controls import NAMES as PARAMETERS_OF_TRAINING
from diffviz.ui.train.controls import ORDER as ORDER_OF_TRAINING
from diffviz.ui.train.controls import RENAMED as TRAININGS_NAMES
from diffviz.ui.train.controls import (
    UNSAID,
    TrainControls,
    as_preset,
    build_train_controls,
    fitting,
    foreseen,
    given,
    plan_of,
    starts,
)
from diffviz.ui.train.controls import Asked as AskedTraining
from diffviz.ui.train.tab import train_start
from tests.other_settings import another, changed

MODELS = (RunSettings, NoiseSettings, EditSettings, TrainConfig, Asked)
FIELDS = [(model, name) for model in MODELS for name in declared(model)]
NAMED = [f"{model.__name__}.{name}" for model, name in FIELDS]
# As the page and its endpoint ask for what a run's settings name otherwise.
PAGES_OWN = {"model": "denoiser", "condition": "what"}


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=NAMED)
def test_each_setting_says_what_it_is(model: type[Settings], name: str) -> None:
    setting = declared(model)[name]
    assert setting.label
    assert setting.help[:1].isupper() or setting.help.startswith("DDIM")
    if setting.kind in (WHOLE, NUMBER):
        assert math.isfinite(setting.minimum)
        assert setting.minimum <= setting.default <= setting.maximum
    if setting.names():
        assert setting.default in setting.names()


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=NAMED)
def test_each_setting_has_its_control(model: type[Settings], name: str) -> None:
    """With its label, bounds, choices and default."""
    setting = declared(model)[name]
    made: Any = control(setting, "an-id")
    assert made.elem_id == "an-id"
    assert made.label.lower() == setting.label.lower()
    if setting.names():
        assert [value for _, value in made.choices] == setting.names()
    elif setting.kind in (WHOLE, NUMBER):
        assert (made.minimum, made.maximum) == (setting.minimum, setting.maximum)
    assert made.value == setting.default or setting.kind in (LIST, TABLE, TEXT)


ENDPOINTS = [
    (NoiseSettings, noise_endpoint, Noised),
    (NoiseSettings, denoise_endpoint, Guessed),
    (EditSettings, edit_picture, Edited),
]
PARAMETERS = [(*entry, name) for entry in ENDPOINTS for name in declared(entry[0])]


@pytest.mark.parametrize(
    ("model", "handler", "asked", "name"),
    PARAMETERS,
    ids=[f"{handler.__name__}.{name}" for _, handler, _, name in PARAMETERS],
)
def test_each_setting_is_a_parameter_of_the_forward_tabs_endpoints(
    model: type[Settings], handler: Callable[..., Any], asked: type[Settings], name: str
) -> None:
    called = endpoint(handler, (), RENAMED)
    parameter = inspect.signature(called).parameters[RENAMED.get(name, name)]
    assert parameter.default == declared(model)[name].default
    assert declared(asked)[name].default == parameter.default


# As programs that pass them by place know them.
PLACES = {
    "noise": "picture example_name schedule T t seed zero_terminal_snr parameters handles as_is",
    "denoise": "picture example_name schedule T t seed zero_terminal_snr parameters handles "
    "denoiser",
    "edit": "picture example_name denoiser what t mode steps guidance seed schedule T "
    "zero_terminal_snr parameters handles",
    "train": "data classes preset start_from minutes objective levels learning_rate batch ema "
    "channels seed files size colour owner",
}


@pytest.mark.parametrize(
    ("name", "handler", "order"),
    [
        ("noise", noise_endpoint, ORDER_OF_NOISE),
        ("denoise", denoise_endpoint, ORDER_OF_NOISE),
        ("edit", edit_picture, ORDER_OF_EDIT),
        ("train", train_start, ORDER_OF_TRAINING),
    ],
)
def test_the_parameters_keep_their_places(
    name: str, handler: Callable[..., Any], order: tuple[str, ...]
) -> None:
    parameters = [
        name
        for name in inspect.signature(
            endpoint(handler, order, RENAMED | TRAININGS_NAMES)
        ).parameters
        if name not in ("backend", "request")
    ]
    known = PLACES[name].split()
    assert parameters[: len(known)] == known


STARTING = endpoint(train_start, ORDER_OF_TRAINING, TRAININGS_NAMES, UNSAID)


@pytest.fixture(scope="module")
def built() -> tuple[gr.Blocks, TrainControls]:
    async def build() -> tuple[gr.Blocks, TrainControls]:  # Gradio's own locks want a loop
        with gr.Blocks() as page:
            return page, build_train_controls()

    return asyncio.run(build())


@pytest.fixture(scope="module")
def train_controls(built: tuple[gr.Blocks, TrainControls]) -> TrainControls:
    return built[1]


@pytest.fixture(scope="module")
def train_page(built: tuple[gr.Blocks, TrainControls]) -> gr.Blocks:
    return built[0]


@pytest.mark.parametrize("name", declared(TrainConfig))
def test_each_setting_of_a_training_is_on_the_page_and_in_its_endpoint(
    train_controls: TrainControls, name: str
) -> None:
    own = "minutes" if name == "hours" else name
    called = TRAININGS_NAMES.get(own, own)
    parameter = inspect.signature(STARTING).parameters[called]
    assert parameter.default == (None if own in UNSAID else TRAINING[own].default)
    page, programs = train_controls.page[called], train_controls.programs[called]
    assert str(page.elem_id).startswith("train-")
    assert getattr(page, "label", "").lower() == TRAINING[own].label.lower()
    if own in UNSAID:
        assert getattr(page, "value", None) == as_preset(own, "tiny")
    assert getattr(programs, "value", None) == parameter.default


@pytest.mark.parametrize(
    ("data", "colour", "offered"),
    [
        ("digits", True, ["", "fashion"]),
        ("heroes", False, ["", "heroes", "photos"]),
        ("own", True, ["", "heroes", "photos"]),
        ("own", False, ["", "fashion"]),
    ],
)
def test_only_weights_that_can_go_on_are_offered_to_start_from(
    data: str, colour: bool, offered: list[str]
) -> None:
    dropdown = fitting(data, colour, "heroes")
    assert [name for _, name in dropdown.choices] == offered
    said = dropdown.constructor_args
    assert said.get("value", "heroes") == ("heroes" if "heroes" in offered else "")
    assert "Not offered: " in str(dropdown.info)
    assert "knows pictures that are " in str(dropdown.info)
    for name in offered[1:]:
        bundled_card(name).adapted_to(foreseen(data, colour))


def test_what_a_denoiser_to_start_from_has_already_is_not_asked_for(train_page: gr.Blocks) -> None:
    assert set(given()) == set(starts()) - {""}
    for name, (parametrization, channels) in given().items():
        assert channels == ", ".join(map(str, vars(bundled_card(name).network)["channels"]))
        plan = plan_of(AskedTraining(start_from=name, parametrization=parametrization))
        assert agreed_parametrization(plan, load_checkpoint(name)) == parametrization
    (call,) = (fn for fn in train_page.fns.values() if "givenBy" in str(fn.js))
    labels = [TRAINING[name].label for name in ("start_from", "parametrization", "channels")]
    assert [one.label for one in call.inputs] == labels
    assert [one.label for one in call.outputs] == labels[1:]


@pytest.mark.parametrize("name", declared(TrainConfig))
def test_each_setting_of_a_training_is_in_its_plan_and_command(name: str) -> None:
    value = another(TrainConfig, declared(TrainConfig)[name])
    asked = AskedTraining(**({"minutes": value * 60} if name == "hours" else {name: value}))
    plan = plan_of(asked)
    assert plan.config == {name: pytest.approx(value) if name == "hours" else value}
    words = shlex.split(command_of(plan).removeprefix("python -m diffviz train"))
    parser = Parser("test", "", "")
    add_options(parser, TrainOptions)
    assert plan_from(read_options(TrainOptions, parser.parse_args(words), "")) == plan


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("batch", 9999, "batch must be a whole number from 1 to 4096, not 9999"),
        ("images", 0, "images must be a whole number from 1 to 1000000000, not 0"),
        ("p_std", 9, "p std must be a number from 0.1 to 5, not 9"),
        ("levels", "even", "unknown levels 'even'; choose from log-normal"),
        ("preset", "huge", "unknown preset 'huge'; choose from tiny"),
        ("data", "cats", "unknown data 'cats'; choose from"),
    ],
)
def test_a_training_s_mistake_is_the_same_sentence_on_every_way_in(
    name: str, value: Any, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", f"--{name.replace('_', '-')}", str(value)]) == 2
    assert sentence in capsys.readouterr().err
    with pytest.raises(gr.Error) as told:
        STARTING(None, None, *[value if n == name else None for n in PARAMETERS_OF_TRAINING])
    assert sentence[1:] in str(told.value)


@pytest.mark.parametrize("name", declared(RunSettings))
def test_each_setting_of_a_run_is_asked_for_by_page_and_endpoint(name: str) -> None:
    own = PAGES_OWN.get(name, name)
    parameter = inspect.signature(endpoint(sample, ORDER)).parameters[own]
    assert parameter.default == ASKED[own].default


@pytest.mark.parametrize("name", declared(Asked))
def test_the_page_asks_for_what_its_controls_say(name: str) -> None:
    value = another(Asked, ASKED[name])
    values: dict[str, Any] = {"sampler": "ddim", "schedule": "cosine", name: value}
    asked = asked_by(values, handles="[1, 0.5, 0.01]")
    if name not in ("sampler_parameters", "schedule_parameters"):  # a slider each, in their places
        assert getattr(asked, name) == value


def words(model: type[Settings], name: str) -> list[str]:
    """The command line that says another value."""
    setting, value = declared(model)[name], another(model, declared(model)[name])
    option = f"--{(setting.option.split() or [name.replace('_', '-')])[-1]}"
    if setting.kind == FLAG:
        return [option]
    if isinstance(value, Mapping):
        return [word for key, said in value.items() for word in (option, f"{key}={said}")]
    if isinstance(value, tuple):
        return [option, ",".join(map(str, value))]
    if isinstance(value, Variation):
        return [option, str(value), "--count", "2"]
    return [option, str(value)]


COMMANDS = [
    (SampleOptions, RunSettings),
    (NoiseOptions, NoiseSettings),
    (EditOptions, EditSettings),
    (TrainOptions, TrainConfig),
]
OPTIONS = [(command, model, name) for command, model in COMMANDS for name in declared(model)]


@pytest.mark.parametrize(("command", "model", "name"), OPTIONS, ids=[name for *_, name in OPTIONS])
def test_each_setting_has_its_option_and_help(
    command: type[Settings], model: type[Settings], name: str
) -> None:
    parser = Parser("test", "", "")
    add_options(parser, command)
    place = [] if "picture" not in command.model_fields else ["a.png"]
    given = parser.parse_args([*place, *words(model, name)])
    found = getattr(read_options(command, given, ""), name)
    assert found == getattr(changed(model, name), name)
    help_text = " ".join(parser.format_help().split())
    assert declared(model)[name].help[1:20] in help_text.replace("- ", "-")


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=NAMED)
def test_each_setting_is_saved_and_loaded(model: type[Settings], name: str) -> None:
    settings = changed(model, name)
    assert model.model_validate_json(settings.model_dump_json()) == settings
    assert name in settings.model_dump(mode="json")


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=NAMED)
def test_each_setting_is_in_the_link(model: type[Settings], name: str) -> None:
    said = dict(parse_qsl(link("tab", changed(model, name)).partition("?")[2]))
    assert to_text(getattr(changed(model, name), name)) == said[name]
    assert name in {facts["name"] for facts in schema(model)} or name not in offered(model)


@pytest.mark.parametrize("name", declared(RunSettings))
def test_each_setting_is_in_the_code(name: str) -> None:
    settings = changed(RunSettings, name)
    program = code(settings, 2)
    assert f"{name}=" in program
    found = program[program.index("diffviz.RunSettings(") : program.index("checkpoint =")]
    assert eval(found, {"diffviz": diffviz}) == settings


def test_links_hold_only_what_differs() -> None:
    assert link("sample", RunSettings()) == "sample"
    assert link("sample", RunSettings(steps=30, clip_x0=True)) == "sample?steps=30&clip_x0=true"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("steps", 0, "steps must be a whole number from 1 to"),
        ("steps", 1.5, "steps must be a whole number from 1 to"),
        ("seed", -1, "seed must be a whole number from 0 to 2147483647, not -1"),
        ("guidance", 11, "guidance must be a number from 0 to 10, not 11"),
        ("guidance", math.nan, "guidance must be a number from 0 to 10, not nan"),
        ("T", 1, "T must be a whole number from 2 to 4000, not 1"),
        ("sampler", "dim", "unknown sampler 'dim'; choose from ddim, ddpm"),
        ("schedule", "line", "unknown schedule 'line'; choose from linear, cosine"),
        ("spacing", "even", "unknown spacing 'even'; choose from trailing"),
    ],
)
def test_the_same_mistake_is_the_same_sentence_on_every_way_in(
    name: str, value: Any, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for model in (RunSettings, Asked):
        with pytest.raises(ValueError, match=sentence.replace(".", r"\.")):
            model(**{name: value})
    assert main(["sample", f"--{name.replace('_', '-')}", str(value)]) == 2
    assert sentence in capsys.readouterr().err
    with pytest.raises(gr.Error) as told:
        endpoint(program, ())(*[value if n == name else None for n in declared(Asked)])
    assert sentence[1:] in str(told.value)


def program(asked: Asked) -> None:
    """An endpoint that is never reached."""
    raise AssertionError
