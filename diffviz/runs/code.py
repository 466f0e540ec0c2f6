"""The code that repeats a run."""

from __future__ import annotations

from dataclasses import is_dataclass
from textwrap import dedent
from typing import Any

from diffviz.runs.schema import RunSettings


def code(settings: RunSettings, threads: int) -> str:
    """A Python program that repeats the run with the library, to the last bit on one machine.

    threads: how many the run had; the order of floating-point sums may depend on it.
    """
    said = {"model": settings.model, **settings.said()}
    lines = "".join(f"\n    {name}={source(value)}," for name, value in said.items())
    return (
        dedent(
            """\
        # Repeats a run of diffviz, to the last bit on the same machine.
        import diffviz
        import torch

        torch.set_num_threads(@THREADS@)
        settings = diffviz.RunSettings(@SETTINGS@
        )
        checkpoint = diffviz.load_checkpoint(settings.model)

        for step in diffviz.run(settings, checkpoint):
            print(f"t = {step.t}: alpha {step.alpha:.4f}, sigma {step.sigma:.4f}")

        print("fingerprint", diffviz.fingerprint(step.x))
        medium = diffviz.MEDIA[checkpoint.card.data.medium]
        diffviz.save_png(step.x, "diffviz.png", medium=medium)
        """
        )
        .replace("@THREADS@", str(threads))
        .replace("@SETTINGS@", lines)
    )


def source(value: Any) -> str:
    """A setting's value as Python writes it, with the library's own classes by the library."""
    return f"diffviz.{value!r}" if is_dataclass(value) else repr(value)
