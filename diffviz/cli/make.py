"""`python -m diffviz make`: what the project ships, made from the data sets themselves."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from pydantic_settings import CliPositionalArg

from diffviz.cli.options import Device, Threads
from diffviz.cli.parser import note, use_threads
from diffviz.data import DATA_SETS
from diffviz.data.source import DataSource, Shipped
from diffviz.settings import Setting, Settings, declared

RECORDING = "recording"


def _judge(source: DataSource, options: Options) -> None:
    from diffviz.device import choose
    from diffviz.measure.judge import path_of
    from diffviz.measure.judge_training import make_judge

    if source.judge:
        subject = source.judge()
        device = choose(options.device)
        right = make_judge(subject, note, path_of(subject), device, options.more)
        print("the judge is right about")
        print("\n".join(f"  {slot:<18}{share:.2%}" for slot, share in right.items()))


def _index(source: DataSource, options: Options) -> None:
    from diffviz.measure.nearest import make_index

    if source.nearest:
        known = source.nearest()
        print(f"{known.file.name}: {make_index(known, note):,} bytes")


def _shipped(shipped: Shipped, options: Options) -> None:
    print(f"{shipped.name}: {shipped.make():,} bytes")


def _recording(options: Options) -> None:
    from diffviz.jobs.recording import FILE, make_recording

    print(f"{FILE.name}: {make_recording(note):,} bytes")


def _plane(options: Options) -> None:
    from diffviz.training.ready_points import make_ready

    print(f"denoisers of points: {make_ready(note):,} bytes")


def _all() -> dict[str, tuple[str, Callable[[Options], None]]]:
    """Name → what it is and how to make it."""
    table: dict[str, tuple[str, Callable[[Options], None]]] = {}
    sources = list(DATA_SETS.values())
    for source in sources:
        if source.judge:
            table[f"{source.name}-judge"] = source.judge_help, partial(_judge, source)
    for source in sources:
        for shipped in source.ships:
            table[shipped.name] = shipped.help, partial(_shipped, shipped)
        if source.nearest:
            table[f"{source.name}-index"] = source.nearest_help, partial(_index, source)
    table["plane"] = "the ready-made denoisers of points in the plane, 6 minutes", _plane
    table[RECORDING] = "the recorded training that the Train tab begins with, 4 minutes", _recording
    return table


WHAT = _all()
JUDGES = {f"{source.name}-judge" for source in DATA_SETS.values() if source.judge}
EPILOG = "\n".join(
    [
        *(f"{name:<16} {about}" for name, (about, _) in WHAT.items()),
        "",
        *(source.needs for source in DATA_SETS.values() if source.needs),
    ]
)


class Options(Settings):
    """What to make."""

    what: CliPositionalArg[Annotated[str, Setting(help="What to make", choices=tuple(WHAT))]]
    threads: Threads
    device: Device
    more: Annotated[
        int,
        Setting(
            help="The judge that is there learns on, from so many pictures (of tens of thousands)",
            minimum=0,
            maximum=100_000_000,
        ),
    ] = 0


def run(options: Options) -> None:
    use_threads(options.threads)
    _, make = WHAT[options.what]
    if options.what not in JUDGES:
        for name in ("more", "device"):
            if getattr(options, name) != declared(Options)[name].default:
                raise ValueError(f"--{name} is for judges alone, not for {options.what}")
    make(options)
