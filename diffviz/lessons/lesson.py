"""The sections of the lesson, a file each: text, experiments, questions, code and papers.

A file is Markdown after a front matter in TOML between two lines of `+++`. A new section is one
file in `en/`, numbered by its name; a translation is a folder beside it. In the text `` `$x_t$` ``
is an equation.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from markdown_it import MarkdownIt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from diffviz.lessons.experiments import EXPERIMENTS
from diffviz.settings import unknown

FOLDER = Path(__file__).parent
LANGUAGE = "en"
FENCE = "+++\n"


class Part(BaseModel):
    """A part of a section, as its file declares it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Paper(Part):
    title: str
    authors: str
    year: int


class Prediction(Part):
    """What is asked before an experiment. choices: a text for each of its outcomes."""

    question: str
    choices: Mapping[str, str]


class Shown(Part):
    """An experiment of EXPERIMENTS as a section shows it. claims: what is said of each outcome,
    with {names} for what was measured."""

    name: str
    heading: str
    text: str = ""
    settings: Mapping[str, Any] = Field(default_factory=dict)
    claims: Mapping[str, str] = Field(default_factory=dict)
    predict: Prediction | None = None


class Question(Part):
    """answer: the place of the right choice, from 0. why: what is said to who took each choice."""

    question: str
    choices: Annotated[tuple[str, ...], Field(min_length=2)]
    answer: int
    why: tuple[str, ...]


class Section(Part):
    """name: of its links. text: in Markdown, and as html. code: "module:name" of the real thing,
    below diffviz."""

    name: str
    title: str
    text: str = Field(exclude=True)  # the page needs it as html alone
    html: str
    experiments: tuple[Shown, ...] = ()
    questions: tuple[Question, ...] = ()
    code: Annotated[tuple[str, ...], Field(min_length=1)]
    papers: Annotated[tuple[Paper, ...], Field(min_length=1)]


@cache
def sections(language: str = LANGUAGE) -> tuple[Section, ...]:
    """All sections, in order. Raises ValueError, in a sentence that names the file, for one that
    is wrong."""
    known = sorted(folder.name for folder in FOLDER.iterdir() if any(folder.glob("*.md")))
    if language not in known:
        raise ValueError(unknown("language", language, known))
    return tuple(read(path) for path in sorted((FOLDER / language).glob("*.md")))


def read(path: Path) -> Section:
    """The section in a file; raises as above."""
    try:
        return parse(path.stem.partition("-")[2], path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"the lesson {path.name} will not do: {error}") from error


def parse(name: str, text: str) -> Section:
    """The section of that name that a text declares. Raises ValueError, in a sentence."""
    start, front, body = [*text.split(FENCE, 2), "", ""][:3]
    if start or not body:
        raise ValueError(f"it must begin with a front matter between two lines of {FENCE.strip()}")
    try:
        told = tomllib.loads(front)
        section = Section(name=name, text=body, html=MarkdownIt().render(body), **told)
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ValueError(_sentence(error)) from error
    for shown in section.experiments:
        _check_experiment(shown)
    for question in section.questions:
        if not 0 <= question.answer < len(question.choices):
            raise ValueError(f"{question.question!r} has no choice {question.answer}")
        if len(question.why) != len(question.choices):
            raise ValueError(f"{question.question!r} needs a why for each choice")
    for reference in section.code:
        if not re.fullmatch(r"diffviz(\.\w+)+:\w+", reference):
            raise ValueError(f"code must look like diffviz.module:name, not {reference!r}")
    return section


def _check_experiment(shown: Shown) -> None:
    if shown.name not in EXPERIMENTS:
        raise ValueError(unknown("experiment", shown.name, EXPERIMENTS))
    experiment = EXPERIMENTS[shown.name]
    experiment.settings(**shown.settings)
    told = {"claims": shown.claims}
    if shown.predict:
        told["choices"] = shown.predict.choices
    for what, words in told.items():
        if set(words) != set(experiment.outcomes):
            outcomes = ", ".join(experiment.outcomes) or "none"
            raise ValueError(f"{what} of {shown.name} must be for {outcomes}")
    for claim in shown.claims.values():
        named = {name for _, name, _, _ in string.Formatter().parse(claim) if name}
        if strangers := sorted(named - set(experiment.measures)):
            raise ValueError(unknown("measure", strangers[0], experiment.measures))


def _sentence(error: tomllib.TOMLDecodeError | ValidationError) -> str:
    if isinstance(error, tomllib.TOMLDecodeError):
        return f"its front matter is no TOML: {error}"
    first = error.errors()[0]
    place = " ".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg'][:1].lower()}{first['msg'][1:]}"


def resolve(reference: str) -> Any:
    """What a section's code reference names. Raises ValueError where there is nothing."""
    module, _, name = reference.partition(":")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"there is no {reference}") from error
