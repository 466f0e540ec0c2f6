"""diffviz: see how a diffusion model works.

import diffviz

checkpoint = diffviz.load_checkpoint()
settings = diffviz.RunSettings(condition={"class": "dress"}, steps=20)
for step in diffviz.run(settings, checkpoint):
    print(step.t, step.x0.shape)
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Loaded when first asked for, so that `import diffviz` (and the command line's --help) is light.
_HOME = {
    "checkpoints": ("Checkpoint", "load_checkpoint"),
    "denoisers.base": ("Prediction",),
    "denoisers.clipped": ("ClippedDenoiser",),
    "denoisers.exact": ("GaussianDenoiser", "MixtureDenoiser"),
    "denoisers.learned": ("LearnedDenoiser",),
    "forward": ("SeededNoise", "StreamedNoise", "add_noise", "noise", "noising_chain"),
    "guidance.classifier_free": ("GuidedDenoiser",),
    "media.decoding": ("load_picture",),
    "media.files": ("save_gif", "save_mp4", "save_png", "save_strip"),
    "media.levels": ("fingerprint",),
    "media.registry": ("MEDIA",),
    "runs.between": ("between",),
    "runs.editing": ("edit", "invert", "run_edit"),
    "runs.plane": ("PlaneSettings", "run_points"),
    "runs.posing": ("pose",),
    "runs.restoration": ("RestoreSettings",),
    "runs.restoring": ("restore",),
    "runs.sampling": ("run",),
    "runs.schema": ("EditSettings", "RunSettings", "Variation"),
    "samplers": ("SAMPLERS", "Step", "sample"),
    "schedules": ("SCHEDULES", "NoiseSchedule", "drawn_schedule", "make_schedule"),
    "training.points": ("PointsTraining", "train_points"),
}
__all__ = sorted(name for names in _HOME.values() for name in names)


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            return getattr(importlib.import_module(f"diffviz.{module}"), name)
    raise AttributeError(f"module 'diffviz' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
