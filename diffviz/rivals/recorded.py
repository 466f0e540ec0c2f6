"""The recorded contests that come along, each made by its command with these settings."""

from __future__ import annotations

from pathlib import Path

from diffviz.rivals.settings import RaceSettings, TranslationSettings
from diffviz.settings import Settings

FOLDER = Path(__file__).parent / "files"
SETTINGS: dict[str, Settings] = {
    "race-eight": RaceSettings(),
    "race-gan-penalty": RaceSettings(rivals=("gan",), penalty=1),
    "race-digits": RaceSettings(course="digits", seeds=1, objective="x0", updates=2000),
    "translation": TranslationSettings(updates=2000),
}
FILES = {name: FOLDER / f"{name}.zip" for name in SETTINGS}
