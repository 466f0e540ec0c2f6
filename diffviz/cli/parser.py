"""What the commands share: a parser that complains in one sentence, and common options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile
from typing import NoReturn


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

    def error(self, message: str) -> NoReturn:
        sentence = " ".join(message.split())
        self.exit(2, f"{self.prog}: {sentence} (see --help)\n")


def use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


def existing(path: str) -> Path:
    """The path of a file or folder; raises ValueError where there is none."""
    if not Path(path).exists():
        raise ValueError(f"there is no file {path!r}")
    return Path(path)


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
    writable(file.parent)
    return file


def writable(folder: Path) -> Path:
    """The folder, which is made where it is missing; raises ValueError, in a sentence, where
    nothing can be written to it: not after the work is done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        told = error.strerror or error
        raise ValueError(f"nothing can be written to the folder {str(folder)!r}: {told}") from error


def free_name(name: str, folder: Path) -> str:
    """The name, of a denoiser to be made there; raises ValueError, in a sentence, for one that
    would take another's place."""
    if (folder / f"{name}.json").exists():
        raise ValueError(f"there is a denoiser called {name!r}; --name calls this one otherwise")
    return name


def note(text: str) -> None:
    """A line of progress, on standard error, so that standard output holds results only."""
    print(text, file=sys.stderr, flush=True)
