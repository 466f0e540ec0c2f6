"""`python -m diffviz train`: train a denoiser, or go on with one."""

from __future__ import annotations

import argparse
import re
import signal
import threading
import time
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from diffviz.checkpoints import FOLDER, load_checkpoint, save_checkpoint
from diffviz.cli.parser import add_threads, note, number, use_threads, whole
from diffviz.data import DATA_SETS, load_data_set
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.training.files import Order, load_training, save_training, unfinished_names
from diffviz.training.loop import BOUNDS, TrainConfig, Trainer, network_for

EPILOG = """\
Writes checkpoints/NAME.safetensors and NAME.json, which `sample` and the page can use at once, and
after every few minutes a whole state, from which --resume goes on after a stop (Ctrl-C is one).

  python -m diffviz train --data fashion --hours 2 --name my-clothes
  python -m diffviz train --resume --name my-clothes
  python -m diffviz train --data fashion-subset --from fashion --hours 0.1 --learning-rate 5e-4

data sets:
""" + "\n".join(f"  {source.name:<18}{source.label}" for source in DATA_SETS.values())
HELP = {
    "parametrization": "what the network predicts: " + ", ".join(PARAMETRIZATIONS),
    "batch": "pictures a step",
    "images": "end after so many pictures",
    "hours": "end after so many hours, if that is sooner",
    "learning_rate": "the highest, after the warm-up; it falls to zero along a cosine",
    "warmup_images": "pictures over which the learning rate rises",
    "p_mean": "mean of log(σ/α) in training",
    "p_std": "standard deviation of log(σ/α) in training",
    "condition_dropout": "share of pictures trained without their condition, for guidance",
    "seed": "of all random numbers",
}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
UNFINISHED = "unfinished"  # a folder beside the denoisers
REPORT_SECONDS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", choices=DATA_SETS, metavar="NAME", help="data set: %(choices)s (default: fashion)"
    )
    parser.add_argument(
        "--name",
        metavar="NAME",
        help="of the denoiser (default: my-DATA); letters, digits, - and _",
    )
    parser.add_argument(
        "--from", dest="start", metavar="MODEL", help="start from the weights of this denoiser"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the unfinished training of that name"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=FOLDER,
        metavar="PATH",
        help="where to write (default: checkpoints/, where the other commands look)",
    )
    parser.add_argument(
        "--save-minutes",
        type=number(0.01, 1440),
        default=4.0,
        metavar="N",
        help="minutes between saves (default: %(default)s)",
    )
    for field in fields(TrainConfig):
        bounds = BOUNDS.get(field.name)
        kind: Any = None
        if bounds:
            integer = isinstance(field.default, int)
            kind = whole(int(bounds[0]), int(bounds[1])) if integer else number(*bounds)
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=kind,
            choices=None if bounds else PARAMETRIZATIONS,
            metavar="N" if bounds else "NAME",
            help=f"{HELP[field.name]} (default: {field.default})",
        )
    add_threads(parser)


def run(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    unfinished = options.folder / UNFINISHED
    order, trainer = resume(options) if options.resume else begin(options)

    def save() -> None:
        save_training(order, trainer, unfinished)
        save_checkpoint(trainer.checkpoint(order.name, order.command), options.folder)

    # A step is never left half done: both ways of being stopped wait for its end.
    stop = threading.Event()
    for code in (signal.SIGINT, signal.SIGTERM):
        signal.signal(code, lambda *_: stop.set())
    saved = reported = time.monotonic()
    seen, losses = trainer.images, []
    for progress in trainer.steps():
        losses.append(progress.loss)
        now = time.monotonic()
        if now - reported >= REPORT_SECONDS or progress.fraction >= 1:
            speed = (progress.images - seen) / (now - reported)
            note(
                f"{progress.fraction:6.1%}  {progress.images:,} pictures in "
                f"{progress.hours:.2f} h  loss {sum(losses) / len(losses):.4f}  "
                f"{speed:.0f} pictures/s"
            )
            reported, seen, losses = now, progress.images, []
        if stop.is_set():
            save()
            note(f"stopped; `python -m diffviz train --resume --name {order.name}` goes on")
            raise KeyboardInterrupt
        if now - saved >= 60 * options.save_minutes:
            save()
            saved = time.monotonic()
    save()
    (unfinished / f"{order.name}.safetensors").unlink()
    print(f"{order.name}: {trainer.images:,} pictures, {trainer.cpu_hours:.2f} CPU hours")


def chosen(options: argparse.Namespace) -> dict[str, Any]:
    """The settings of TrainConfig that were given."""
    given = {field.name: getattr(options, field.name) for field in fields(TrainConfig)}
    return {name: value for name, value in given.items() if value is not None}


def name_of(options: argparse.Namespace, data: str) -> str:
    name = options.name or f"my-{data}"
    if not NAME.fullmatch(name):
        raise ValueError(f"a name has up to 64 letters, digits, - and _; {name!r} has others")
    return name


def begin(options: argparse.Namespace) -> tuple[Order, Trainer]:
    """A new training, from random weights or another denoiser's."""
    data = options.data or "fashion"
    name = name_of(options, data)
    if name in unfinished_names(options.folder / UNFINISHED):
        raise ValueError(
            f"{name!r} is begun already: --resume goes on with it, --name begins another"
        )
    data_set = load_data_set(data)
    settings, network, weights = chosen(options), network_for(data_set.info), None
    if options.start:
        checkpoint = load_checkpoint(options.start)
        if settings.setdefault("parametrization", checkpoint.card.parametrization) != (
            checkpoint.card.parametrization
        ):
            raise ValueError(
                f"{options.start!r} was trained to predict {checkpoint.card.parametrization}; "
                "leave --parametrization out"
            )
        network = replace(
            checkpoint.card.network,
            image_size=network.image_size,
            image_channels=network.image_channels,
            slots=network.slots,
        )
        weights = checkpoint.network.state_dict()
    config = TrainConfig(**settings)
    order = Order(name, data, options.command_line, config, network)
    return order, Trainer(data_set, network, config, weights)


def resume(options: argparse.Namespace) -> tuple[Order, Trainer]:
    """The unfinished training of the name."""
    given = [*chosen(options), *(["from"] if options.start else [])]
    if given:
        option = given[0].replace("_", "-")
        raise ValueError(f"--resume goes on with the settings it began with; leave --{option} out")
    name = name_of(options, options.data or "fashion")
    return load_training(name, load_data_set, options.folder / UNFINISHED)
