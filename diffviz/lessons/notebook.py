"""The lesson as a notebook: its text, and a cell that runs each experiment with the library."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from types import MappingProxyType
from typing import Any

from diffviz.checkpoints import Checkpoint, load_checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.lessons.experiments import EXPERIMENTS
from diffviz.lessons.experiments.minimal import CODE, source
from diffviz.lessons.lesson import LANGUAGE, Section, Shown, sections

Changes = Mapping[str, Mapping[str, Any]]


@cache
def local(name: str) -> tuple[Checkpoint, Denoiser]:
    checkpoint = load_checkpoint(name)
    return checkpoint, checkpoint.denoiser()


@dataclass(frozen=True)
class Tried:
    """What an experiment found: a sentence, which is its text, and a figure as a PNG, which a
    notebook shows below it."""

    sentence: str
    png: bytes

    def __str__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        picture = base64.b64encode(self.png).decode()
        alt = html.escape(self.sentence)
        return f'<p>{alt}</p><img src="data:image/png;base64,{picture}" alt="{alt}">'


def tried(section: str, name: str, **settings: Any) -> Tried:
    """Run a section's experiment here and now: what it found, in the lesson's words, and as a
    figure. Raises ValueError for an experiment that there is not."""
    from diffviz.lessons.figures import figure

    known = {(one.name, shown.name): shown for one in sections() for shown in one.experiments}
    if (section, name) not in known or (run := EXPERIMENTS[name].run) is None:
        raise ValueError(f"section {section!r} has no experiment {name!r} that runs without a page")
    messages = list(run(EXPERIMENTS[name].settings(**settings), local))
    last = messages[-1]
    claim = known[section, name].claims.get(last.get("outcome", ""), "It has run.")
    measured = {name: figures(value) for name, value in last.get("measured", {}).items()}
    drawn = BytesIO()
    figure(name, messages).savefig(drawn)
    return Tried(claim.format(**measured), drawn.getvalue())


def figures(value: float) -> str:
    """Three figures of a number; a whole one whole, as on the page."""
    return str(int(value)) if float(value).is_integer() else f"{value:.3g}"


def notebook(language: str = LANGUAGE, changes: Changes = MappingProxyType({})) -> str:
    """The lesson in Jupyter's format 4.5, as JSON. changes: settings of experiments, by
    SECTION/NAME, that are others than the lesson's. Raises ValueError for what cannot be set."""
    cells = [
        markdown("# How diffusion works\n\nEach cell runs the code of `diffviz` itself."),
        code("from diffviz.lessons.notebook import tried"),
    ]
    for number, section in enumerate(sections(language), start=1):
        cells += of_section(number, section, changes)
    told = {
        "cells": [cell | {"id": f"cell-{place}"} for place, cell in enumerate(cells)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def of_section(number: int, section: Section, changes: Changes) -> Iterator[dict[str, Any]]:
    yield markdown(f"## {number}. {section.title}\n\n{mathematics(section.text)}")
    for shown in section.experiments:
        if EXPERIMENTS[shown.name].run is None:
            continue
        expected = f"\n\n*{shown.predict.question}*" if shown.predict else ""
        yield markdown(f"### {shown.heading}\n\n{shown.text}{expected}")
        if shown.name in CODE:
            yield markdown(f"This is what runs:\n\n```python\n{source(shown.name)}\n```")
        yield code(call(section, shown, changes.get(f"{section.name}/{shown.name}", {})))
    papers = "; ".join(f"{one.authors}, “{one.title}”, {one.year}" for one in section.papers)
    yield markdown(
        f"In the code: {', '.join(f'`{one}`' for one in section.code)}. Papers: {papers}."
    )


def call(section: Section, shown: Shown, changes: Mapping[str, Any]) -> str:
    said = {**{name: value for name, value in shown.settings.items() if name != "code"}, **changes}
    given = "".join(f", {name}={value!r}" for name, value in said.items())
    EXPERIMENTS[shown.name].settings(**said)
    return f"tried({section.name!r}, {shown.name!r}{given})"


def mathematics(text: str) -> str:
    """The lesson's equations as Jupyter writes them."""
    blocks = text.replace("```math\n", "$$\n")
    lines, within = [], False
    for line in blocks.splitlines():
        if line == "$$":
            within = True
        elif within and line == "```":
            line, within = "$$", False
        lines.append(line.replace("`$", "$").replace("$`", "$"))
    return "\n".join(lines)


def markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "metadata": {},
        "source": text,
        "outputs": [],
        "execution_count": None,
    }
