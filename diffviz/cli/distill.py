"""`python -m diffviz distill`: make a few-step denoiser out of another one, or go on with it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, ClassVar

from diffviz.checkpoints import FOLDER, Card, save_checkpoint
from diffviz.cli.loop import keep_training
from diffviz.cli.options import Device, Recorded, Threads
from diffviz.cli.parser import free_name, writable
from diffviz.cli.train import UNFINISHED, checked_name
from diffviz.data import DEFAULT
from diffviz.device import choose
from diffviz.settings import Setting
from diffviz.training.distillation import (
    Distillation,
    Distiller,
    DistillOrder,
    begin,
    load_state,
    save_state,
)
from diffviz.training.learner import prepare_threads

EPILOG = f"""\
The student is the same network as its teacher, and begins with its weights. It learns to say at any
noise level where the teacher's path ends (consistency distillation, Song et al. 2023), with the
teacher's guidance in it. Writes checkpoints/NAME.safetensors and NAME.json, which `sample` and the
page can use at once, and every few minutes a whole state, from which the same command goes on after
a stop (Ctrl-C is one).

  python -m diffviz distill --from {DEFAULT}
  python -m diffviz sample --model my-{DEFAULT}-fast --sampler consistency --steps 2 --guidance 1"""


class Options(Distillation, Recorded):
    """All that it can be told."""

    defaults: ClassVar[dict[str, str]] = {
        "name": "my-FROM-fast",
        "folder": "checkpoints/, where the other commands look",
    }

    start: Annotated[str, Setting(help="The denoiser to distil", option="from")] = DEFAULT
    name: Annotated[str, Setting(help="Of the student")] = ""
    folder: Annotated[Path, Setting(help="Where to write")] = FOLDER
    save_minutes: Annotated[
        float, Setting(help="Minutes between saves", minimum=0.01, maximum=1440)
    ] = 4.0
    threads: Threads
    device: Device


def run(options: Options) -> None:
    prepare_threads()
    name = checked_name(options.name or f"my-{options.start}-fast")
    state = options.folder / UNFINISHED / "distilled" / f"{name}.safetensors"
    order, learner, teacher = begun(options, name, state)

    def keep() -> None:
        save_state(order, learner, state)
        save_checkpoint(learner.checkpoint(order.name, order.command, teacher), options.folder)

    goes_on = options.command_line or shlex.join(["python", "-m", "diffviz", "distill"])
    keep_training(learner, name, keep, goes_on, options.threads, options.save_minutes)
    state.unlink()


def begun(options: Options, name: str, state: Path) -> tuple[DistillOrder, Distiller, Card]:
    """The unfinished one of that name, or a new one. Raises ValueError where that one was begun
    with other settings."""
    device = choose(options.device)
    settings = options.part(Distillation)
    if state.exists():
        order, learner, teacher = load_state(state, device=device)
        if (order.teacher, order.settings) != (options.start, settings):
            raise ValueError(
                f"{name!r} was begun with other settings: `{order.command}` goes on with it,"
                " --name begins another"
            )
        return order, learner, teacher
    free_name(name, writable(options.folder))
    order = DistillOrder(name, options.start, options.command_line, settings)
    return order, *begin(order, device=device)
