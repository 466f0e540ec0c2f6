"""The recorded races that come along, each made by the `race` command with these settings."""

from __future__ import annotations

import shlex
from pathlib import Path

from diffviz.rivals.settings import RaceSettings

FOLDER = Path(__file__).parent / "files"
SETTINGS = {
    "race-eight": RaceSettings(),
    "race-twenty-five": RaceSettings(course="twenty-five"),
    "race-rings": RaceSettings(course="rings"),
    "race-gan-weak-critic": RaceSettings(rivals=("gan",), critic_rate=2e-5, generator_rate=1e-3),
    "race-gan-penalty": RaceSettings(rivals=("gan",), penalty=1),
    "race-digits": RaceSettings(course="digits", seeds=1),
}
RACES = {name: FOLDER / f"{name}.zip" for name in SETTINGS}


def command_of(settings: RaceSettings, out: str) -> str:
    """The command that runs such a race."""
    words = ["python -m diffviz race"]
    for name, value in settings.said().items():
        values = value if isinstance(value, tuple) else (value,)
        words += [f"--{name.replace('_', '-')}", *(shlex.quote(str(v)) for v in values)]
    return " ".join([*words, "-o", out])
