"""The code that repeats a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import is_dataclass
from textwrap import dedent
from typing import Any

from diffviz.runs.plane import PlaneSettings
from diffviz.runs.restoration import RestoreSettings
from diffviz.runs.schema import RunSettings

RUN = """\
for step in diffviz.run(settings, checkpoint):
    print(f"t = {step.t}: alpha {step.alpha:.4f}, sigma {step.sigma:.4f}")

print("fingerprint", diffviz.fingerprint(step.x))
diffviz.save_png(step.x, "diffviz.png", medium=medium@SHEET@)
"""
RACE = """\
for entrant in settings.against(@RIVALS@):
    for step in diffviz.run(entrant, checkpoint):
        print(f"t = {step.t}: alpha {step.alpha:.4f}, sigma {step.sigma:.4f}")
    print(entrant.sampler, "fingerprint", diffviz.fingerprint(step.x))
    diffviz.save_png(step.x, f"diffviz-{entrant.sampler}.png", medium=medium@SHEET@)
"""
OWN = """\
# The denoiser is your own: put @MODEL@.safetensors and @MODEL@.json, which are in the zip that
# Train's Download gives, into the folder in which this runs.
from pathlib import Path

"""


def code(settings: RunSettings, threads: int, rivals: Sequence[str] = (), own: bool = False) -> str:
    """A Python program that repeats the run with the library, to the last bit on one machine.

    threads: how many the run had; the order of floating-point sums may depend on it. rivals:
    samplers that race against the settings' own. own: whether the denoiser is none of the
    library's, but one that was downloaded.
    """
    said = {"model": settings.model, **settings.said()}
    lines = "".join(f"\n    {name}={source(value)}," for name, value in said.items())
    sheet = f", per_row={settings.columns}, headings=settings.headings" if settings.vary else ""
    return (
        dedent(
            """\
        # Repeats a run of diffviz, to the last bit on the same machine.
        @OWN@import diffviz
        import torch

        torch.set_num_threads(@THREADS@)
        settings = diffviz.RunSettings(@SETTINGS@
        )
        checkpoint = diffviz.load_checkpoint(settings.model@FOLDER@)
        medium = checkpoint.medium

        @RUN@"""
        )
        .replace("@OWN@", OWN if own else "")
        .replace("@MODEL@", settings.model)
        .replace("@FOLDER@", ", Path()" if own else "")
        .replace("@RUN@", RACE if rivals else RUN)
        .replace("@THREADS@", str(threads))
        .replace("@SETTINGS@", lines)
        .replace("@RIVALS@", repr(list(rivals)))
        .replace("@SHEET@", sheet)
    )


def restore_code(settings: RestoreSettings, masked: bool, threads: int, own: bool = False) -> str:
    """A Python program that repeats a restoration of picture.png, as `code`. masked: whether there
    is a mask.png too."""
    said = {"model": settings.model, **settings.said()}
    lines = "".join(f"\n    {name}={source(value)}," for name, value in said.items())
    mask = ', diffviz.load_picture("mask.png")' if masked else ""
    return (
        dedent(
            """\
        # Repeats a restoration by diffviz, to the last bit on the same machine.
        @OWN@import diffviz
        import torch

        torch.set_num_threads(@THREADS@)
        settings = diffviz.RestoreSettings(@SETTINGS@
        )
        checkpoint = diffviz.load_checkpoint(settings.model@FOLDER@)
        picture = diffviz.load_picture("picture.png")
        posed = diffviz.pose(settings, checkpoint.card, picture@MASK@)

        for step in diffviz.restore(settings, posed, checkpoint):
            print(f"t = {step.t}: sigma/alpha {step.sigma / step.alpha:.4f}")

        print("fingerprint", diffviz.fingerprint(step.x))
        diffviz.save_png(step.x, "restored.png", scale=1)
        """
        )
        .replace("@OWN@", OWN if own else "")
        .replace("@MODEL@", settings.model)
        .replace("@FOLDER@", ", Path()" if own else "")
        .replace("@THREADS@", str(threads))
        .replace("@SETTINGS@", lines)
        .replace("@MASK@", mask)
    )


def points_code(settings: PlaneSettings, training: str, threads: int) -> str:
    """A Python program that repeats a run in the plane, as `code`. training: the source of the
    settings by which its denoiser is trained first, or nothing."""
    said = {"data": settings.data, **settings.said()}
    lines = "".join(f"\n    {name}={source(value)}," for name, value in said.items())
    learn = f"*_, learned = diffviz.train_points({training})\n" if training else ""
    return (
        dedent(
            """\
        # Repeats a run of diffviz, to the last bit on the same machine.
        import diffviz
        import torch

        torch.set_num_threads(@THREADS@)
        settings = diffviz.PlaneSettings(@SETTINGS@
        )
        @LEARN@for step in diffviz.run_points(settings@CHECKPOINT@):
            print(f"t = {step.t}: alpha {step.alpha:.4f}, sigma {step.sigma:.4f}")

        print("fingerprint", diffviz.fingerprint(step.x))
        diffviz.save_png(step.x, "diffviz.png", medium=diffviz.MEDIA["points"])
        """
        )
        .replace("@THREADS@", str(threads))
        .replace("@SETTINGS@", lines)
        .replace("@LEARN@", learn)
        .replace("@CHECKPOINT@", ", learned.checkpoint" if training else "")
    )


def source(value: Any) -> str:
    """A setting's value as Python writes it, with the library's own classes by the library."""
    return f"diffviz.{value!r}" if is_dataclass(value) else repr(value)
