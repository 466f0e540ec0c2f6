"""The options of `train`, and what they ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic_settings import CliVariadicArg

from diffviz.checkpoints import FOLDER
from diffviz.cli.options import Device, Recorded, Threads
from diffviz.data import DATA_SETS, DEFAULT, DataChoice
from diffviz.data.own.uploads import SIZES
from diffviz.settings import Setting, Settings, declared
from diffviz.training.config import TrainConfig
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
SHAPE = ("channels", "blocks")  # of the network
SETTINGS = tuple(declared(TrainConfig))
# What a preset has its own mind of.
PRESET = {name for preset in PRESETS.values() for name in (*preset.config, *SHAPE)}


class DataOptions(Settings):
    """Which pictures."""

    heading: ClassVar[str] = "what to train on"

    data: Annotated[str | None, Setting(help="Data set", choices=DATA_SETS)] = None
    classes: CliVariadicArg[
        Annotated[tuple[str, ...] | None, Setting(help="Only these classes of it")]
    ] = None
    crop: Annotated[
        int | None,
        Setting(help="Side in pixels of the crops of photographs", minimum=32, maximum=256),
    ] = None
    pictures: CliVariadicArg[
        Annotated[
            tuple[str, ...] | None,
            Setting(
                help="Your own pictures instead: files, and folders or zips of them, in which a "
                "folder or a metadata.csv says a picture's label"
            ),
        ]
    ] = None
    size: Annotated[
        int | None,
        Setting(help="Side in pixels to which your own are cut and shrunk", choices=SIZES),
    ] = None
    grey: Annotated[bool, Setting(help="Your own in grey, learned sooner")] = False
    across: Annotated[
        int,
        Setting(
            help="Cut each of them, a sheet of many, into so many across", minimum=1, maximum=100
        ),
    ] = 1
    down: Annotated[int, Setting(help="And into so many down", minimum=1, maximum=100)] = 1


class PlaceOptions(Settings):
    """Where a training comes from and goes to."""

    heading: ClassVar[str] = "where from, where to"

    name: Annotated[
        str | None,
        Setting(help="Of the denoiser; letters, digits, - and _"),
    ] = None
    start: Annotated[
        str | None, Setting(help="Start from the weights of this denoiser", option="from")
    ] = None
    resume: Annotated[bool, Setting(help="Go on with the unfinished training of that name")] = False
    folder: Annotated[
        Path,
        Setting(help="Where to write"),
    ] = FOLDER
    save_minutes: Annotated[
        float, Setting(help="Minutes between saves", minimum=0.01, maximum=1440)
    ] = 4.0
    threads: Threads
    device: Device
    compile: Annotated[
        bool,
        Setting(help="On CUDA: first a minute for fusing operations, then 2.5 times as many steps"),
    ] = False


class PlanOptions(Settings):
    """How much of it, of what network."""

    preset: Annotated[
        str | None,
        Setting(help="As told below", choices=PRESETS),
    ] = None
    channels: Annotated[
        tuple[int, ...] | None,
        Setting(help="The network's channels at each resolution, the finest first, as in 64,128"),
    ] = None
    blocks: Annotated[
        tuple[int, ...] | None,
        Setting(help="Residual blocks at each resolution, such as 1,2"),
    ] = None


class Options(TrainConfig, PlanOptions, PlaceOptions, DataOptions, Recorded):
    """All that a training can be told."""

    heading: ClassVar[str] = "settings; those that are given override the preset's"
    defaults: ClassVar[Mapping[str, str]] = {
        "data": DEFAULT,
        "classes": "all",
        "crop": "64",
        "size": "28",
        "name": "my-DATA",
        "folder": "checkpoints/, where the other commands look",
        "preset": BUNDLED,
        **dict.fromkeys(PRESET, "the preset's"),
    }


def plan_from(options: Options) -> Plan:
    """What the options ask for; raises ValueError where they contradict each other."""
    if options.pictures and options.data not in (None, OWN):
        raise ValueError("--pictures are a data set of their own; leave --data out")
    if not options.pictures:
        if options.data == OWN:
            raise ValueError("your own pictures are named with --pictures")
        if useless := given(options, ("size", "grey", "across", "down")):
            raise ValueError(f"--{next(iter(useless))} goes with --pictures")
    network = given(options, SHAPE)
    if options.start and network:
        raise ValueError(f"--from keeps that denoiser's network; leave --{next(iter(network))} out")
    data = OWN if options.pictures else options.data or DEFAULT
    choice = DataChoice(data, tuple(options.classes or ()), crop=options.crop or 0)
    config = given(options, SETTINGS)
    plan = Plan(choice, options.preset or BUNDLED, options.start or "", network, config)
    plan.check()
    return plan


def given(options: Options, names: Iterable[str]) -> dict[str, Any]:
    """Those of the options that were given, with their values."""
    return {name: getattr(options, name) for name in names if name in options.model_fields_set}
