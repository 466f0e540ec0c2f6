"""The settings of a run as the note that its files carry, and back."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from diffviz import __version__
from diffviz.runs.restoration import RestoreSettings
from diffviz.runs.schema import EditRun, NoiseSettings, RunSettings
from diffviz.settings import Settings

# By the tab, or the part of one, that shows them.
KINDS: dict[str, type[Settings]] = {
    "sample": RunSettings,
    "edit": RestoreSettings,
    "forward": NoiseSettings,
    "back": EditRun,
}


class Noted(NamedTuple):
    """What a note says: of which tab, its settings as JSON has them, and a race's rivals."""

    tab: str
    settings: dict[str, Any]
    rivals: tuple[str, ...] = ()


def note_of(settings: Settings, **more: Any) -> str:
    """The note of what was made with these settings, of a run each picture's seed among them; JSON,
    in ASCII. more: what else is to be said."""
    tab, kind = next((tab, kind) for tab, kind in KINDS.items() if isinstance(settings, kind))
    own = settings if type(settings) is kind else settings.part(kind)
    said = {name: value for name, value in own.model_dump(mode="json").items() if value is not None}
    if isinstance(own, RunSettings):
        more["seeds"] = own.seeds
    return json.dumps({"diffviz": __version__, "tab": tab, "settings": said, **more})


def noted(note: str) -> Noted:
    """What a note says; raises ValueError, in a sentence, for one that is not of diffviz."""
    try:
        said = json.loads(note)
        tab, settings = said["tab"], said["settings"]
        rivals = tuple(map(str, said.get("rivals", ())))
    except (json.JSONDecodeError, LookupError, TypeError, RecursionError) as error:
        raise ValueError("this file does not say how it was made") from error
    if tab not in KINDS or not isinstance(settings, dict):
        raise ValueError("this file was made by another diffviz, with settings unknown here")
    return Noted(tab, settings, rivals)


def run_of(note: str) -> RunSettings:
    """The run that a note tells of; raises ValueError, in a sentence."""
    tab, settings, _ = noted(note)
    if tab != "sample":
        raise ValueError("this file was not sampled; it is a picture that was noised or restored")
    return RunSettings(**settings)
