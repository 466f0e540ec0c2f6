"""Settings that belong together, so that nobody has to know them all to begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Preset:
    """network: what it sets of a network's config, by kind; config: of TrainConfig. The rest keeps
    its default."""

    name: str
    label: str
    network: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)


PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            "tiny",
            "Tiny: something recognisable within 3 minutes",
            {
                "unet": {"channels": (32, 64), "blocks": (1, 1)},
                "text-unet": {"channels": (32, 64), "blocks": (1, 1)},
                "mlp": {"width": 64, "depth": 2},
            },
            {"hours": 0.045, "learning_rate": 4e-3, "warmup_images": 3000},
        ),
        Preset(
            "short",
            "Short: ten minutes",
            {kind: {"channels": (48, 96), "blocks": (1, 1)} for kind in ("unet", "text-unet")},
            {
                "hours": 0.16,
                "batch": 32,
                "learning_rate": 2e-3,
                "warmup_images": 2000,
                "p_mean": -0.4,
                "p_std": 1.2,
            },
        ),
        Preset(
            "small",
            "Small: clear pictures within half an hour",
            {kind: {"channels": (48, 96), "blocks": (1, 1)} for kind in ("unet", "text-unet")},
            {"hours": 0.5, "learning_rate": 3e-3, "warmup_images": 10_000},
        ),
        Preset("bundled", "As the bundled denoiser: hours", {}, {"hours": 3.0}),
    )
}
BUNDLED = "bundled"
