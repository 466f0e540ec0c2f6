"""Of each setting a value that is not its default."""

from __future__ import annotations

from typing import Any

from diffviz.runs.schema import DRAWN, RunSettings, Variation
from diffviz.settings import FLAG, NUMBER, TEXT, WHOLE, Setting, Settings, declared

# What is not its default, where that cannot be told from the declaration.
OTHERS: dict[str, Any] = {
    "model": "heroes",
    "denoiser": "heroes",
    "condition": {"class": "ankle boot"},
    "what": "bag, or so",
    "was": "sandal",
    "negative": {"class": "bag"},
    "vary": Variation("class", ("bag", "")),
    "values": ("bag", "a, b"),
    "count": 2,
    "T": 2000,
    "sampler_parameters": {"eta": 0.5},
    "schedule_parameters": {"s": 0.05},
    "handles": (1.0, 0.5, 0.01),
    "method_parameters": {"strength": 2.0},
    "samplers": ("heun", "unipc"),
    "rivals": ("heun", "euler"),
    "classes": ("a", "b"),
    "watch": "0123456789abcdef",
}


def another(model: type[Settings], setting: Setting) -> Any:
    """A value of the setting that is not its default."""
    in_words = setting.name in ("vary", "negative") and model is not RunSettings
    if setting.name in OTHERS and not in_words:
        return OTHERS[setting.name]
    if setting.names():
        return next(name for name in setting.names() if name not in (setting.default, DRAWN))
    if setting.kind == FLAG:
        return not setting.default
    if setting.kind in (WHOLE, NUMBER):
        lower = setting.minimum if setting.minimum != setting.default else setting.maximum
        return lower if setting.kind == NUMBER or lower > 1 else int(setting.default) + 1
    assert setting.kind == TEXT
    return "words, of some kind"


# What a value asks of other settings.
WITH: dict[str, dict[str, Any]] = {
    "sampler_parameters": {"sampler": "ddim"},
    "schedule_parameters": {"schedule": "cosine"},
    "zero_terminal_snr": {"schedule": "cosine"},
    "method_parameters": {"method": "dps"},
    "was": {"mode": "invert"},
}


def changed(model: type[Settings], name: str) -> Settings:
    value = another(model, declared(model)[name])
    # Two columns need two pictures.
    more = {"count": 2} if isinstance(value, Variation) else WITH.get(name, {})
    return model(**{name: value, **more})
