"""What the commands share: a parser that complains in one sentence, and common options."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn, get_args

from diffviz.config import DeviceName


class Parser(argparse.ArgumentParser):
    """argparse's, without abbreviations, and with one line on standard error for a mistake."""

    def __init__(self, prog: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            choices = ", ".join(map(str, action.choices))
            raise argparse.ArgumentError(action, f"unknown {value!r}; choose from {choices}")

    def error(self, message: str) -> NoReturn:
        sentence = " ".join(message.split())
        self.exit(2, f"{self.prog}: {sentence} (see --help)\n")


def whole(low: int, high: int) -> Callable[[str], int]:
    """An option's type: a whole number within bounds."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"must be a whole number from {low} to {high}, not {text!r}"
            )
        return value

    return parse


def whole_numbers(text: str) -> tuple[int, ...]:
    """An option's type: whole numbers with commas between them."""
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be whole numbers with commas between, such as 64,128, not {text!r}"
        ) from None


def number(low: float, high: float) -> Callable[[str], float]:
    """An option's type: a number within bounds; never NaN."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(
                f"must be a number from {low:g} to {high:g}, not {text!r}"
            )
        return value

    return parse


def pair(text: str) -> tuple[str, str]:
    """An option's type: NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"must look like NAME=VALUE, not {text!r}")
    return name.strip(), value.strip()


def parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, float]:
    """NAME=NUMBER pairs of a schedule or sampler; raises ValueError where one is no number."""
    values = {}
    for name, value in pairs:
        try:
            values[name] = float(value)
        except ValueError:
            raise ValueError(f"{name} must be a number, not {value!r}") from None
    return values


def add_threads(parser: argparse.ArgumentParser) -> None:
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # on this machine, under torchrun
    parser.add_argument(
        "--threads",
        type=whole(1, 1024),
        default=max(1, min(2, os.cpu_count() or 1) // processes),
        metavar="N",
        help="CPU threads to use; one is best while other work is running (default: %(default)s)",
    )


def add_device(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--device",
        choices=get_args(DeviceName),
        default=os.environ.get("DIFFVIZ_DEVICE", "auto"),
        metavar="NAME",
        help="what runs networks: %(choices)s; auto is the fastest that is here "
        "(default: DIFFVIZ_DEVICE, or auto)",
    )


def use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


def existing_file(path: str) -> Path:
    """The path; raises ValueError where no file is there."""
    file = Path(path)
    if not file.is_file():
        raise ValueError(
            f"there is no file {path!r}" if not file.exists() else f"{path!r} is no file"
        )
    return file


def output_file(path: str, suffixes: Iterable[str]) -> Path:
    """The path of a file to write; raises ValueError for another suffix or a missing folder."""
    file = Path(path)
    if file.suffix.lower() not in suffixes:
        raise ValueError(f"{path!r} must end in {' or '.join(suffixes)}")
    if not file.parent.is_dir():
        raise ValueError(f"there is no folder {str(file.parent)!r}")
    if file.is_dir():
        raise ValueError(f"{path!r} is a folder")
    return file


def note(text: str) -> None:
    """A line of progress, on standard error, so that standard output holds results only."""
    print(text, file=sys.stderr, flush=True)
