"""`python -m diffviz train`: train a denoiser, or go on with one."""

from __future__ import annotations

import math
import re
import shlex
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from diffviz.checkpoints import FOLDER, save_checkpoint
from diffviz.cli.loop import keep_training
from diffviz.cli.parser import existing, free_name, note, writable
from diffviz.cli.train_options import EPILOG, SETTINGS, SHAPE, Options, given, plan_from
from diffviz.data import DEFAULT
from diffviz.data.own.pictures import pack
from diffviz.data.own.uploads import LOCAL
from diffviz.device import choose
from diffviz.jobs.grants import Grants, check_granted
from diffviz.training import distributed as parallel
from diffviz.training.files import Order, load_training, save_training, unfinished_names
from diffviz.training.learner import prepare_threads
from diffviz.training.needs import Needs, needs
from diffviz.training.plan import Plan, begin, name_of
from diffviz.training.samples import load_samples
from diffviz.training.trainer import Trainer

__all__ = ["EPILOG", "Options", "run"]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
UNFINISHED = "unfinished"  # a folder beside the denoisers


def run(options: Options) -> None:
    prepare_threads()
    with parallel.joined(choose(options.device)) as device:
        order, trainer = resume(options, device) if options.resume else new(options, device)
        if options.compile:
            trainer.compile()
        train(order, trainer, options)


def train(order: Order, trainer: Trainer, options: Options) -> None:
    unfinished = options.folder / UNFINISHED

    def save() -> None:
        save_training(order, trainer, unfinished)
        save_checkpoint(trainer.checkpoint(order.name, order.command), options.folder)

    place = [] if options.folder == FOLDER else ["--folder", str(options.folder)]
    words = shlex.join(["train", "--resume", "--name", order.name, *place])
    goes_on = f"python -m diffviz {words}"
    keep_training(trainer, order.name, save, goes_on, options.threads, options.save_minutes)
    if parallel.rank() == 0:
        (unfinished / f"{order.name}.safetensors").unlink()
        packed(options.folder, order.name).unlink(missing_ok=True)


def check_memory(plan: Plan, needed: Needs | None = None) -> None:
    """Raises ValueError, in a sentence, for a training that this machine has no memory for."""
    check_granted(plan, Grants(memory=available_memory()), needed=needed)


def available_memory() -> float:
    """In MB, what could be had without swapping; without bound where the system does not say."""
    try:
        text = Path("/proc/meminfo").read_text()
        return int(text.split("MemAvailable:")[1].split()[0]) * 1024 / 1e6
    except (OSError, LookupError, ValueError):
        return math.inf


def packed(folder: Path, name: str) -> Path:
    """Where one's own pictures for a training are kept until it ends."""
    return (folder / UNFINISHED / f"{name}.pictures").absolute()


def checked_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"a name has up to 64 letters, digits, - and _; {name!r} has others")
    return name


def new(options: Options, device: torch.device) -> tuple[Order, Trainer]:
    """A new training, from random weights or another denoiser's."""
    plan = plan_from(options)
    check_memory(plan)
    name = checked_name(options.name or name_of(plan))
    if name in unfinished_names(options.folder / UNFINISHED):
        raise ValueError(
            f"{name!r} is begun already: --resume goes on with it, --name begins another"
        )
    free_name(name, writable(options.folder))
    if not options.pictures:
        return begin(plan, name, options.command_line, device=device)
    pictures, file = list(map(existing, options.pictures)), packed(options.folder, name)

    def pack_them() -> None:
        channels = 1 if options.grey else 3
        size, across, down = options.size or 28, options.across, options.down
        found = pack(pictures, size, channels, file, LOCAL, across=across, down=down)
        note(found.sentence)

    parallel.first_does(pack_them)
    try:
        data = replace(plan.data, path=str(file))
        return begin(replace(plan, data=data), name, options.command_line, device=device)
    except (ValueError, OSError):
        file.unlink(missing_ok=True)
        raise


def resume(options: Options, device: torch.device) -> tuple[Order, Trainer]:
    """The unfinished training of the name."""
    of_pictures = ("classes", "crop", "pictures", "size", "grey", "across", "down")
    begun_with = ("start", "preset", *of_pictures, *SHAPE, *SETTINGS)
    for name in given(options, begun_with):
        option = "from" if name == "start" else name.replace("_", "-")
        raise ValueError(f"--resume goes on with the settings it began with; leave --{option} out")
    name = checked_name(options.name or f"my-{options.data or DEFAULT}")
    load = partial(load_samples, device=device)
    order, trainer = load_training(name, load, options.folder / UNFINISHED, device)
    needed = needs(order.network, trainer.data.info, order.config.batch, order.data.crop)
    check_memory(Plan(order.data), needed)
    return order, trainer
