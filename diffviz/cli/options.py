"""A command's options, made from its model of settings, and settings that commands share."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping
from inspect import get_annotations
from typing import Annotated, Any, ClassVar, TypeVar, get_args

from pydantic import Field
from pydantic_settings import BaseSettings, CliPositionalArg, CliSettingsSource

from diffviz.cli.parser import Parser
from diffviz.config import DeviceName
from diffviz.cpu.cores import cores
from diffviz.media.kinds import KINDS
from diffviz.media.medium import VIEWS
from diffviz.settings import (
    FLAG,
    LIST,
    NUMBER,
    TABLE,
    TEXT,
    WHOLE,
    Setting,
    Settings,
    figure,
    offered,
    to_text,
    within,
)

Model = TypeVar("Model", bound=Settings)
METAVARS = {WHOLE: "N", NUMBER: "N", TEXT: "TEXT", LIST: "A,B", TABLE: "NAME=VALUE"}


def threads_here() -> int:
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # on this machine, under torchrun
    return max(1, min(2, cores()) // processes)


Threads = Annotated[
    int,
    Setting(
        help="CPU threads to use; one is best while other work is running",
        minimum=1,
        maximum=1024,
    ),
    Field(default_factory=threads_here),
]
Device = Annotated[
    str,
    Setting(
        help="What runs networks; auto is the fastest that is here", choices=get_args(DeviceName)
    ),
    Field(default_factory=lambda: os.environ.get("DIFFVIZ_DEVICE", "auto")),
]
Picture = CliPositionalArg[Annotated[str, Setting(help=f"A {KINDS} file")]]
View = Annotated[
    str | None,
    Setting(
        help="What a strip or film shows, the state x_t, the guess x̂0 or ε̂",
        choices=tuple(VIEWS),
    ),
]


Out = Annotated[str, Setting(help="The file to write", option="o out")]


class Recorded(Settings):
    """What keeps the command that it was called by; it has no option."""

    without: ClassVar[frozenset[str]] = frozenset({"command_line"})

    command_line: Annotated[str, Setting(help="The command that was given")] = ""


def add_options(parser: Parser, model: type[Settings]) -> None:
    """An option for each setting of a command's model, but for those that it goes `without`. Those
    of a class that has a `heading` come under it; `defaults` says in words what some are when they
    are left out."""
    settings, groups = offered(model), {}

    def add(_parser: object, *flags: str, **given: Any) -> None:
        setting = settings.get(given.get("dest", flags[0]))
        if setting is None:
            return
        heading = heading_of(model, setting.name)
        if heading and heading not in groups:
            groups[heading] = parser.add_argument_group(heading)
        if setting.kind == LIST and given.get("action") == "append":
            if numeric(model, setting.name):
                del given["action"]  # one text with commas, not one option for each
            else:
                given |= {"action": "extend", "nargs": "+"}
        if given.get("nargs") == "*":
            given["nargs"] = "+"
        if "metavar" in given:
            named = (setting.kind == TEXT and setting.names()) or given.get("nargs")
            given["metavar"] = "NAME" if named else METAVARS[setting.kind]
        given["help"] = help_of(setting, model.defaults).replace("%", "%%")
        if flags[0].startswith("-"):
            names = setting.option.split() or [setting.name.replace("_", "-")]
            # T and t are words like others here: two dashes.
            flags = tuple(f"-{name}" if name == "o" else f"--{name}" for name in names)
        else:
            given["metavar"] = setting.name
        (groups[heading] if heading else parser).add_argument(*flags, **given)

    connected = type(model.__name__, (model, BaseSettings), {})
    CliSettingsSource(
        connected,
        root_parser=parser,
        cli_implicit_flags="toggle",
        cli_enforce_required=True,
        add_argument_method=add,
    )


def read_options(model: type[Model], options: Namespace, command_line: str) -> Model:
    """The settings that the options describe. Raises ValueError, in a sentence."""
    kept = {"command_line": command_line} if "command_line" in model.model_fields else {}
    return model(**vars(options), **kept)


def heading_of(model: type[Settings], name: str) -> str:
    """Of the class that declares the setting, or else of the command."""
    home = next(part for part in model.__mro__ if name in get_annotations(part))
    return str(getattr(home, "heading", "") or getattr(model, "heading", ""))


def numeric(model: type[Settings], name: str) -> bool:
    return "str" not in str(model.model_fields[name].annotation)


def help_of(setting: Setting, defaults: Mapping[str, str]) -> str:
    """Its sentence, its choices or bounds, and its default."""
    sentence = setting.help
    if not sentence[1:2].isupper():  # not DDIM
        sentence = sentence[:1].lower() + sentence[1:]
    notes = []
    if choices := setting.names():
        sentence += f": {', '.join(map(str, choices))}"
    elif setting.kind in (WHOLE, NUMBER):
        notes.append(within(setting.minimum, figure(setting.maximum)).strip())
    if setting.name in defaults:
        notes.append(f"default: {defaults[setting.name]}")
    elif setting.kind != FLAG and setting.default not in (None, "", (), {}):
        unit = f" {setting.unit}" if setting.unit else ""
        notes.append(f"default: {to_text(setting.default)}{unit}")
    told = "; ".join(filter(None, notes))
    return f"{sentence} ({told})" if told else sentence
