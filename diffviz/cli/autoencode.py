"""`python -m diffviz autoencode`: train an autoencoder, or go on with it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, ClassVar

from diffviz.autoencoders import FOLDER, save_autoencoder
from diffviz.cli.loop import keep_training
from diffviz.cli.options import Device, Recorded, Threads
from diffviz.cli.parser import note
from diffviz.cli.train import UNFINISHED, checked_name
from diffviz.data import DATA_SETS, DataChoice
from diffviz.device import choose
from diffviz.settings import Setting
from diffviz.training.autoencoder_orders import (
    AnyLearner,
    AutoencoderOrder,
    begin,
    load_state,
    save_state,
)
from diffviz.training.autoencoding import Autoencoding
from diffviz.training.decoding import OF_ENCODERS
from diffviz.training.learner import prepare_threads

NEED_ONE = {name: source for name, source in DATA_SETS.items() if source.autoencoder}
FIRST = next(iter(NEED_ONE))
EPILOG = f"""\
Writes checkpoints/autoencoders/NAME.safetensors and NAME.json, in whose latents denoisers of that
data then learn, and every few minutes a whole state, from which the same command goes on after a
stop (Ctrl-C is one).

  python -m diffviz autoencode --data {FIRST}
  python -m diffviz train --data {FIRST}
  python -m diffviz autoencode --data {FIRST} --decoder-of {FIRST} --squares 10 --folder finer"""


class Options(Autoencoding, Recorded):
    """All that its training can be told."""

    defaults: ClassVar[dict[str, str]] = {
        "name": "as the data's denoisers expect it",
        "folder": "checkpoints/autoencoders, where the other commands look",
    }

    data: Annotated[str, Setting(help="Data set", choices=NEED_ONE)] = FIRST
    name: Annotated[str, Setting(help="Of the autoencoder")] = ""
    decoder_of: Annotated[
        str,
        Setting(help="Goes on with the decoder alone of this one; its latents stay what they are"),
    ] = ""
    folder: Annotated[Path, Setting(help="Where to write")] = FOLDER
    save_minutes: Annotated[
        float, Setting(help="Minutes between saves", minimum=0.01, maximum=1440)
    ] = 5.0
    threads: Threads
    device: Device


def run(options: Options) -> None:
    prepare_threads()
    name = checked_name(options.name or NEED_ONE[options.data].autoencoder)
    state = options.folder / UNFINISHED / f"{name}.safetensors"
    order, learner = begun(options, name, state)

    def keep() -> None:
        save_state(order, learner, state)
        autoencoder = learner.autoencoder(order.name, order.command)
        save_autoencoder(autoencoder, options.folder)
        if quality := autoencoder.card.quality:
            note(
                f"{learner.images:,} pictures seen: {quality['psnr']} dB on {quality['pictures']}"
                f" that are held out, {quality['psnr_worst']} dB at worst"
            )

    goes_on = options.command_line or shlex.join(["python", "-m", "diffviz", "autoencode"])
    keep_training(learner, name, keep, goes_on, options.threads, options.save_minutes)
    state.unlink()


def begun(options: Options, name: str, state: Path) -> tuple[AutoencoderOrder, AnyLearner]:
    """The unfinished training of that name, or a new one. Raises ValueError where that one was
    begun with other settings."""
    device = choose(options.device)
    settings = options.part(Autoencoding)
    if state.exists():
        order, learner = load_state(state, device)
        asked = options.data, settings, options.decoder_of
        if (order.data.name, order.settings, order.decoder_of) != asked:
            raise ValueError(
                f"{name!r} was begun with other settings: `{order.command}` goes on with it,"
                " --name begins another"
            )
        return order, learner
    if start := options.decoder_of:
        for field in sorted(options.model_fields_set & set(OF_ENCODERS)):
            raise ValueError(f"{start!r} has that already; leave --{field.replace('_', '-')} out")
        if (options.folder.absolute(), name) == (FOLDER.absolute(), start):
            raise ValueError(f"{start!r} is read meanwhile: write to another --folder, or --name")
    order = AutoencoderOrder(name, DataChoice(options.data), options.command_line, settings, start)
    return order, begin(order, device)
