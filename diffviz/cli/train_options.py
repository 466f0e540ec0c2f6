"""The options of `train`, and what they ask for."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from diffviz.checkpoints import FOLDER
from diffviz.cli.parser import add_device, add_threads, number, whole, whole_numbers
from diffviz.data import DATA_SETS, DEFAULT, DataChoice
from diffviz.data.own.uploads import SIZES
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.training.config import BOUNDS, LEVELS, TrainConfig
from diffviz.training.plan import OWN, Plan
from diffviz.training.presets import BUNDLED, PRESETS

EPILOG = (
    f"""\
Writes checkpoints/NAME.safetensors and NAME.json, which `sample` and the page can use at once, and
every few minutes a whole state, from which --resume goes on after a stop (Ctrl-C is one).

  python -m diffviz train --preset tiny
  python -m diffviz train --data {DEFAULT} --hours 2 --name mine
  python -m diffviz train --resume --name mine
  python -m diffviz train --data digits --classes 0 6 8 9 --name rings
  python -m diffviz train --data digits --from {DEFAULT} --hours 0.1 --learning-rate 5e-4
  python -m diffviz train --pictures holiday.zip more/*.jpg --size 32 --preset small

Two processes of one thread each train one denoiser, each on half of every batch:

  torchrun --nproc-per-node 2 -m diffviz train --data {DEFAULT} --hours 2

presets:
"""
    + "\n".join(f"  {preset.name:<18}{preset.label}" for preset in PRESETS.values())
    + "\n\ndata sets:\n"
    + "\n".join(f"  {source.name:<18}{source.label}" for source in DATA_SETS.values())
)
HELP = {
    "parametrization": "what the network predicts: " + ", ".join(PARAMETRIZATIONS),
    "levels": "how noise levels are drawn: log-normal, or uniform in t over a schedule: "
    + ", ".join(LEVELS),
    "batch": "pictures a step, in all processes together",
    "images": "end after so many pictures",
    "hours": "end after so many hours, if that is sooner",
    "learning_rate": "the highest, after the warm-up; it falls to zero along a cosine",
    "warmup_images": "pictures over which the learning rate rises",
    "p_mean": "mean of log(σ/α) in training",
    "p_std": "standard deviation of log(σ/α) in training",
    "condition_dropout": "share of pictures trained without their condition, for guidance",
    "slot_dropout": "share of the words of a condition left unsaid, each on its own",
    "ema_length": "width of the average of the weights, as a share of the training so far",
    "seed": "of all random numbers",
}
CHOICES = {"parametrization": tuple(PARAMETRIZATIONS), "levels": LEVELS}
SHAPE = ("channels", "blocks")  # of the network
SETTINGS = tuple(field.name for field in fields(TrainConfig))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    data = parser.add_argument_group("what to train on")
    data.add_argument(
        "--data",
        choices=DATA_SETS,
        metavar="NAME",
        help=f"data set: %(choices)s (default: {DEFAULT})",
    )
    data.add_argument(
        "--classes", nargs="+", metavar="NAME", help="only these classes of it (default: all)"
    )
    data.add_argument(
        "--pictures",
        nargs="+",
        metavar="PATH",
        help="your own pictures instead: files, and zips of them",
    )
    data.add_argument(
        "--size",
        type=int,
        choices=SIZES,
        metavar="N",
        help="side in pixels to which your own are cut and shrunk: %(choices)s (default: 28)",
    )
    data.add_argument(
        "--grey", action="store_true", default=None, help="your own in grey, learned sooner"
    )

    run = parser.add_argument_group("where from, where to")
    run.add_argument(
        "--name",
        metavar="NAME",
        help="of the denoiser (default: my-DATA); letters, digits, - and _",
    )
    run.add_argument(
        "--from", dest="start", metavar="MODEL", help="start from the weights of this denoiser"
    )
    run.add_argument(
        "--resume", action="store_true", help="go on with the unfinished training of that name"
    )
    run.add_argument(
        "--folder",
        type=Path,
        default=FOLDER,
        metavar="PATH",
        help="where to write (default: checkpoints/, where the other commands look)",
    )
    run.add_argument(
        "--save-minutes",
        type=number(0.01, 1440),
        default=4.0,
        metavar="N",
        help="minutes between saves (default: %(default)s)",
    )
    add_device(run)
    add_threads(parser)

    settings = parser.add_argument_group("settings; those that are given override the preset's")
    settings.add_argument(
        "--preset",
        choices=PRESETS,
        metavar="NAME",
        help=f"%(choices)s, as told below (default: {BUNDLED})",
    )
    settings.add_argument(
        "--channels",
        type=whole_numbers,
        metavar="N,N",
        help="the network's channels at each resolution, the finest first, such as 64,128 "
        "(default: the preset's)",
    )
    settings.add_argument(
        "--blocks",
        type=whole_numbers,
        metavar="N,N",
        help="residual blocks at each resolution, such as 1,2 (default: the preset's)",
    )
    vary = {name for preset in PRESETS.values() for name in preset.config}
    for field in fields(TrainConfig):
        bounds = BOUNDS.get(field.name)
        kind: Any = None
        default = "the preset's" if field.name in vary else field.default
        if bounds:
            integer = isinstance(field.default, int)
            kind = whole(int(bounds[0]), int(bounds[1])) if integer else number(*bounds)
        settings.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=kind,
            choices=CHOICES.get(field.name),
            metavar="N" if bounds else "NAME",
            help=f"{HELP[field.name]} (default: {default})",
        )


def plan_from(options: argparse.Namespace) -> Plan:
    """What the options ask for; raises ValueError where they contradict each other."""
    if options.pictures and options.data not in (None, OWN):
        raise ValueError("--pictures are a data set of their own; leave --data out")
    if not options.pictures:
        if options.data == OWN:
            raise ValueError("your own pictures are named with --pictures")
        if useless := given(options, ("size", "grey")):
            raise ValueError(f"--{next(iter(useless))} goes with --pictures")
    network = given(options, SHAPE)
    if options.start and network:
        raise ValueError(f"--from keeps that denoiser's network; leave --{next(iter(network))} out")
    data = OWN if options.pictures else options.data or DEFAULT
    choice = DataChoice(data, tuple(options.classes or ()))
    config = given(options, SETTINGS)
    plan = Plan(choice, options.preset or BUNDLED, options.start or "", network, config)
    plan.check()
    return plan


def given(options: argparse.Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Those of the options that were given, with their values."""
    values = {name: getattr(options, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}
