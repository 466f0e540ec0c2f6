"""What the Sample tab asks for: its settings, where they begin, and the run that they describe."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from diffviz.checkpoints import Card, checkpoint_names
from diffviz.data import DATA_SETS, DEFAULT, words_of
from diffviz.data.base import DataInfo
from diffviz.data.source import Words
from diffviz.media.medium import VIEWS
from diffviz.runs.asking import ANYTHING, IN_TURN, condition_of, said_by, speaks
from diffviz.runs.link import Usual
from diffviz.runs.schema import (
    DRAWN,
    GUIDANCE,
    MAX_COUNT,
    Model,
    RunSettings,
    SamplingSettings,
    ScheduleSettings,
    Variation,
)
from diffviz.runs.suited import SUITED, suited
from diffviz.samplers import SAMPLERS
from diffviz.schedules import SCHEDULES
from diffviz.serving.frames import SAME_STEP
from diffviz.serving.models import bundled_card
from diffviz.settings import Setting, declared, said

# What words a denoiser of each data knows, where it knows words.
SPEAKING: dict[str, Words] = {
    source.name: source.words() for source in DATA_SETS.values() if source.words
}
PAGE_STEPS = 250
MOST_COLUMNS = 8
SCALES = (0.0, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0)  # guidance, where it is compared
SAMPLING = declared(SamplingSettings)
PARAMETERS = {
    "sampler": {s.name: s.parameters for s in SAMPLERS.values()},
    "schedule": {k.name: k.parameters for k in SCHEDULES.values()},
}


class Asked(ScheduleSettings, SamplingSettings):
    """What the page's controls and the endpoint /sample ask for.

    what, negative: a class, or a sentence. vary: "", "guidance" or a slot, and its `values`; then
    `count` is the number of noises, each a row of pictures.
    """

    count: Annotated[int, SAMPLING["count"]] = 4
    steps: Annotated[int, replace(SAMPLING["steps"], maximum=PAGE_STEPS)] = 20
    what: Annotated[
        str, Setting(label="What", help="A class, or words for a denoiser that knows them")
    ] = next(iter(DATA_SETS[DEFAULT].condition.values()))
    denoiser: Model = DEFAULT
    negative: Annotated[
        str, Setting(label="But not", help="Guidance steers away from it", hint=True)
    ] = ""
    vary: Annotated[
        str,
        Setting(
            label="What differs from column to column",
            help="Guidance or a slot, to compare its values from the same noise",
        ),
    ] = ""
    values: Annotated[
        tuple[str, ...], Setting(label="Its values", help="Those of a slot to compare")
    ] = ()


ASKED = declared(Asked)


FIRST = suited(DEFAULT)


class OnPage(Asked):
    """What the page's controls say, and its links: where they begin is what plays at first."""

    count: Annotated[int, ASKED["count"]] = 9
    guidance: Annotated[float, ASKED["guidance"]] = FIRST["guidance"]
    sampler: Annotated[str, ASKED["sampler"]] = FIRST["sampler"]
    what: Annotated[str, ASKED["what"]] = IN_TURN
    words: Annotated[
        str, Setting(label="In your words", help="For a denoiser that knows words")
    ] = next(iter(SPEAKING.values())).example
    rivals: Annotated[
        tuple[str, ...], Setting(label="Up to two rivals, from the same noise", help=SAME_STEP)
    ] = ()
    view: Annotated[
        str, Setting(label="What is shown", help="Of each step", choices=tuple(VIEWS))
    ] = "x"


ON_THE_PAGE = declared(OnPage)


def begins() -> Usual:
    """Where settings begin that are best for a denoiser, by its name."""
    cards = {name: bundled_card(name) for name in checkpoint_names()}
    best = {name: suited(card.data.name, card.distilled) for name, card in cards.items()}
    speak = {name: words for name, card in cards.items() if (words := words_of(card.data))}
    return {
        setting: ("denoiser", {name: said[setting] for name, said in best.items()})
        for setting in SUITED
    } | {"words": ("denoiser", {name: words.example for name, words in speak.items()})}


def shown(settings: RunSettings) -> OnPage:
    """What the page's controls say for that run."""
    info = bundled_card(settings.model).data
    vary = settings.vary
    asked = said_by(info, settings.condition)
    own: dict[str, Any] = {
        "words" if speaks(info) else "what": asked,
        "denoiser": settings.model,
        "negative": said_by(info, settings.negative) if settings.negative else "",
        "count": settings.count // settings.columns,
        "vary": vary.what if vary else "",
    }
    if vary and vary.what != GUIDANCE.name:
        own["values"] = tuple(str(value) or ANYTHING for value in vary.values)
    return settings.part(OnPage, **own)


# Of which the page has a slider each, and the curve drawn in the Forward tab.
UNSEEN = ("sampler_parameters", "schedule_parameters", "handles")
# As programs that pass them by place know them; what is declared later comes after these.
ORDER = (
    "what",
    "count",
    "seed",
    "guidance",
    "steps",
    "sampler",
    "schedule",
    "spacing",
    "T",
    "zero_terminal_snr",
    "clip_x0",
    "denoiser",
    "negative",
    "vary",
    "values",
    "owner",
    *UNSEEN,
)
OWN = ("what", "denoiser", "negative", "vary", "values")  # whose choices are the denoiser's
SHOWN = tuple(name for name in ASKED if name not in (*UNSEEN, *OWN))
ON_PAGE = (*OWN, *SHOWN)


def things(info: DataInfo) -> list[str]:
    """What a denoiser of that data can be asked for."""
    return [IN_TURN, *info.slots[0].values, ANYTHING] if info.slots else [ANYTHING]


def variations(card: Card) -> list[tuple[str, str]]:
    """(label, name) of what can differ between pictures of one noise; of a sentence, which has no
    values to choose from, nothing."""
    info = card.data
    slots = [(slot.name.capitalize(), slot.name) for slot in info.slots if slot.length == 1]
    guidance = (f"Guidance, {SCALES[0]:g} to {SCALES[-1]:g}", GUIDANCE.name)
    guided = [guidance] if info.slots and not card.distilled else []
    return [("Nothing", ""), *guided, *slots]


def values_of(info: DataInfo, vary: str) -> list[str]:
    """What a slot can be, with "not said"; nothing for anything else."""
    return next(([*slot.values, ANYTHING] for slot in info.slots if slot.name == vary), [])


def asked_by(
    values: Mapping[str, Any], parameters: Sequence[float] = (), handles: str = ""
) -> Asked:
    """What the page's controls ask for. Raises ValueError, in a sentence.

    values: of the named controls. parameters: those of all sliders of `_sliders_of_the_chosen`.
    handles: the curve drawn in the Forward tab, as JSON.
    """
    numbers, chosen = iter(parameters), {}
    for choice, table in PARAMETERS.items():
        for name, known in table.items():
            own = {p.name: next(numbers, p.default) for p in known}
            if name == values[choice]:
                chosen[f"{choice}_parameters"] = own
    drawn = {"handles": _parse_handles(handles)} if values["schedule"] == DRAWN else {}
    return Asked(**{**said(values, ASKED), **chosen, **drawn})


def settings_of(info: DataInfo, asked: Asked) -> RunSettings:
    """The run that is asked for; raises ValueError for what the data does not know, or a comparison
    of nothing. info: of the data that the denoiser learned."""
    vary = _variation(info, asked)
    columns = len(vary.values) if vary else 1
    return asked.part(
        RunSettings,
        model=asked.denoiser,
        condition=condition_of(info, asked.what),
        negative=condition_of(info, asked.negative) if speaks(info) else {},
        vary=vary,
        count=min(asked.count, MAX_COUNT // columns) * columns,
        handles=asked.handles if asked.schedule == DRAWN else None,
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


def _parse_handles(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(handle) for handle in json.loads(text))
    except (TypeError, ValueError) as error:
        raise ValueError("draw a schedule in the Forward tab first") from error
