"""A setting, declared once: its bounds or choices, its words, and the one check of them.

A model is a class of `Settings` whose fields are annotated: `seed: Annotated[int, Setting(…)] = 0`.
The page's controls, the endpoints, the command line's options, the saved JSON, the code that
repeats a run and the links are made from `declared(model)`; a new field appears in all of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar, Self, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticUndefined, core_schema

Part = TypeVar("Part", bound="Settings")
FLAG, WHOLE, NUMBER, TEXT, LIST, TABLE = "flag", "whole", "number", "text", "list", "table"
KINDS: tuple[tuple[type, str], ...] = (
    (bool, FLAG),
    (int, WHOLE),
    (float, NUMBER),
    (str, TEXT),
    (tuple, LIST),
    (Mapping, TABLE),
)


@dataclass(frozen=True)
class Setting:
    """What there is to say of a setting. In a model its name, default and kind are the field's.

    minimum, maximum: of a number, both included. choices: the names to choose from, with labels
    where it is a mapping; or a function that tells them, where they come and go. unit: of the
    number, in a word. advanced: whether the page folds it away. hint: whether it shows the help
    beside it. option: its name on the command
    line, where that is not the field's.
    """

    name: str = ""
    label: str = ""
    default: Any = None
    minimum: float = -math.inf
    maximum: float = math.inf
    step: float | None = None
    help: str = ""
    choices: Iterable[Any] | Callable[[], Iterable[Any]] = ()
    unit: str = ""
    advanced: bool = False
    hint: bool = False
    option: str = ""
    kind: str = NUMBER

    def check(self, value: Any) -> Any:
        """The value, if it is among the choices and within the bounds; raises ValueError, in a
        sentence that names them, otherwise."""
        if (known := self.names()) and value not in known:
            raise ValueError(unknown(self.words, value, known))
        if self.kind in (WHOLE, NUMBER) and not known:
            check_bounds(self.words, value, self.minimum, self.maximum, whole=self.kind == WHOLE)
        return int(value) if self.kind == WHOLE else value

    def names(self) -> list[Any]:
        """What there is to choose from; nothing where anything goes."""
        return list(self.choices() if callable(self.choices) else self.choices)

    def labelled(self) -> list[tuple[str, Any]]:
        """(label, name) of each choice."""
        known = self.choices() if callable(self.choices) else self.choices
        labels = known if isinstance(known, Mapping) else {}
        told = [(labels.get(name, name), name) for name in known]
        return [(str(getattr(entry, "label", entry)), name) for entry, name in told]

    @property
    def words(self) -> str:
        """Its name in a sentence."""
        return self.name.replace("_", " ")

    def facts(self) -> dict[str, Any]:
        """All of it as JSON knows it, for the page's own code."""
        told = {
            name: value
            for name in ("name", "kind", "label", "help", "minimum", "maximum", "step", "unit")
            if (value := getattr(self, name)) not in (None, "", -math.inf, math.inf)
        }
        if choices := self.labelled():
            told["choices"] = [{"name": name, "label": label} for label, name in choices]
        return told | {"default": plain(self.default), "advanced": self.advanced}

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        kind = kind_of(source)

        @cache
        def called(name: str) -> Setting:
            return replace(self, name=name, kind=kind)

        def read(value: Any, inner: Callable[[Any], Any], info: core_schema.ValidationInfo) -> Any:
            named = called(info.field_name or self.name)
            given = value
            if isinstance(value, str | list) and kind in (LIST, TABLE):
                value = from_text(named.words, value, kind)
            if isinstance(value, bool) and kind in (WHOLE, NUMBER):
                raise ValueError(f"{named.words} must be {MEANT[kind]}, not {value}")
            try:
                value = inner(value)
            except ValidationError as error:
                raise ValueError(named.misread(given, error)) from error
            return value if value is None else named.check(value)

        return core_schema.with_info_wrap_validator_function(read, handler(source))

    def misread(self, value: Any, error: ValidationError) -> str:
        """What is wrong with a value that is not of the setting's kind."""
        first = error.errors()[0]
        if first["type"] == "value_error":
            return str(first["ctx"]["error"])
        if known := self.names():
            return unknown(self.words, value, known)
        if self.kind == TABLE and first["loc"]:
            kind = MEANT[NUMBER if first["type"].startswith("float") else TEXT]
            return f"{first['loc'][0]} must be {kind}, not {first['input']!r}"
        bounds, meant = within(self.minimum, figure(self.maximum)), MEANT[self.kind]
        if self.kind == LIST and first["type"].startswith("float"):
            meant = meant.removeprefix("whole ")
        return f"{self.words} must be {meant}{bounds}, not {figure(value)}"


MEANT = {
    FLAG: "true or false",
    WHOLE: "a whole number",
    NUMBER: "a number",
    TEXT: "a text",
    LIST: "whole numbers with commas between",
    TABLE: "NAME=VALUE",
}


class Settings(BaseModel):
    """Settings that belong together; immutable. What is out of bounds or unknown raises ValueError,
    in a sentence, when they are made."""

    defaults: ClassVar[Mapping[str, str]] = {}  # in words, where a command has others
    without: ClassVar[frozenset[str]] = frozenset()  # what has no option or parameter of its own

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=True)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ValueError(sentence(type(self), error)) from None

    def but(self, **changes: Any) -> Self:
        """The same with these changes, checked like any."""
        return type(self)(**{**dict(self), **changes})

    def part(self, model: type[Part], /, **changes: Any) -> Part:
        """Those that are another model's too, with these changes."""
        own = dict(self)
        return model(
            **{**{name: own[name] for name in model.model_fields if name in own}, **changes}
        )

    def said(self) -> dict[str, Any]:
        """Those that differ from their defaults."""
        return {
            name: value
            for name, setting in declared(type(self)).items()
            if (value := getattr(self, name)) != setting.default
        }


@cache
def declared(model: type[BaseModel]) -> dict[str, Setting]:
    """The settings of a model, by name, as its fields declare them."""
    found = {}
    for name, field in model.model_fields.items():
        own = [part for part in field.metadata if isinstance(part, Setting)]
        default = field.get_default(call_default_factory=True, validated_data={})
        default = None if default is PydanticUndefined else default
        kind = kind_of(field.annotation)
        found[name] = replace(own[-1] if own else Setting(), name=name, default=default, kind=kind)
    return found


def offered(model: type[Settings]) -> dict[str, Setting]:
    """Those that an option or a parameter sets: all but what the model goes `without`."""
    without = {name for part in model.__mro__ for name in getattr(part, "without", ())}
    return {name: setting for name, setting in declared(model).items() if name not in without}


def said(named: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """Those of the values that are of known settings; a field that was emptied says nothing."""
    return {name: named[name] for name in known if named.get(name) is not None}


def kind_of(annotation: Any) -> str:
    """Which of the KINDS a field's type is; what may be left out is as what it is otherwise."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    optional = type(None) in get_args(annotation)
    found = get_origin(parts[0]) or parts[0] if optional else get_origin(annotation) or annotation
    if isinstance(found, type):
        return next((kind for base, kind in KINDS if issubclass(found, base)), TEXT)
    return TEXT


def check_bounds(
    name: str, value: Any, low: float, high: float, *, whole: bool = False, of: str = ""
) -> None:
    """Raises ValueError, in a sentence, unless it is a number with low ≤ value ≤ high. of: what
    the upper bound is, such as T."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and low <= value <= high and not (whole and value != int(value)):  # NaN fails
        return
    kind = MEANT[WHOLE if whole else NUMBER]
    most = f"{of} = {figure(high)}" if of else figure(high)
    raise ValueError(f"{name} must be {kind}{within(low, most)}, not {figure(value)}")


def within(low: float, most: str) -> str:
    """The bounds in words; nothing where there are none."""
    return "" if math.isinf(low) else f" from {figure(low)} to {most}"


def check_parameters(
    whose: str, known: Iterable[Setting], given: Mapping[str, float]
) -> dict[str, float]:
    """All of a schedule's or a sampler's parameters, those not given at their defaults. Raises
    ValueError, in a sentence, for what is unknown or out of bounds."""
    own = {setting.name: setting for setting in known}
    if strangers := sorted(set(given) - set(own)):
        takes = f"it takes {', '.join(own)}" if own else "it has none"
        raise ValueError(f"{whose} has no parameter {', '.join(strangers)}; {takes}")
    return {
        name: float(setting.check(given.get(name, setting.default)))
        for name, setting in own.items()
    }


def unknown(what: str, value: Any, known: Iterable[Any]) -> str:
    """The sentence for a name that there is not."""
    return f"unknown {what} {value!r}; choose from {', '.join(str(n) for n in known if n != '')}"


def figure(value: Any) -> str:
    """A number as one writes it; anything else as Python does."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return repr(value)
    if math.isfinite(value) and value == int(value) and abs(value) <= 2**53:
        return str(int(value))
    return f"{value:g}"


def sentence(model: type[BaseModel], error: ValidationError) -> str:
    """What is wrong, as one says it."""
    first = error.errors()[0]
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    place = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        return unknown("setting", place, model.model_fields)
    if first["type"] == "missing":
        return f"{place} is missing"
    return f"{place}: {first['msg']}"


def from_text(name: str, value: str | list[Any], kind: str) -> Any:
    """A list or a table as `to_text` writes it, or a command line: A,B or NAME=A,OTHER=B."""
    parts = value
    if isinstance(value, str):
        parts = [part.replace(r"\,", ",") for part in re.split(r"(?<!\\),", value)] if value else []
    if kind == LIST or not all(isinstance(part, str) for part in parts):
        return parts
    table = {}
    for part in parts:
        key, equals, said = part.partition("=")
        if not (key and equals and said):
            raise ValueError(f"{name} must look like NAME=VALUE, not {part!r}")
        table[key.strip()] = said.strip()
    return table


def to_text(value: Any) -> str:
    """A setting's value in one line, from which a model reads the same value again."""
    if isinstance(value, Mapping):
        return to_text([f"{key}={to_text(said)}" for key, said in value.items()])
    if isinstance(value, tuple | list):
        return ",".join(to_text(part).replace(",", r"\,") for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def plain(value: Any) -> Any:
    """A default as JSON knows it."""
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value
