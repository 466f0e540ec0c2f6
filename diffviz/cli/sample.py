"""`python -m diffviz sample`: pictures out of noise, as a picture, a strip or a film."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diffviz.cli.parser import (
    add_device,
    add_threads,
    note,
    number,
    output_file,
    pair,
    use_threads,
    whole,
)
from diffviz.cli.run_options import add_run_options, run_settings
from diffviz.media.files import save_gif, save_mp4, save_png, save_strip
from diffviz.media.medium import VIEWS
from diffviz.runs.schema import EACH, MAX_COUNT

EPILOG = f"""\
The file's suffix says what is written: .png (the pictures in a grid; with --strip each run in a
row, from noise to picture), .gif or .mp4 (the run as a film).

  python -m diffviz sample --condition class=dress --count 9
  python -m diffviz sample --condition class={EACH} --count 10 --out all-ten.png
  python -m diffviz sample --condition class=bag --sampler heun --steps 10 --out bag.mp4"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser)
    parser.add_argument(
        "--condition",
        type=pair,
        action="append",
        default=[],
        metavar="SLOT=VALUE",
        help=f"what to make, such as class=dress; class={EACH} takes all in turn "
        "(default: nothing said)",
    )
    parser.add_argument(
        "--count",
        type=whole(1, MAX_COUNT),
        default=1,
        metavar="N",
        help=f"pictures, up to {MAX_COUNT} (default: %(default)s)",
    )
    parser.add_argument(
        "-o", "--out", default="sample.png", metavar="FILE", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--strip", action="store_true", help="write a .png of the whole run, not of its result"
    )
    parser.add_argument(
        "--view",
        choices=VIEWS,
        metavar="NAME",
        help="what a strip or film shows: x (the state x_t), x0 (the guess x̂0) or eps (ε̂) "
        "(default: x)",
    )
    parser.add_argument(
        "--fps",
        type=number(1, 60),
        metavar="N",
        help="pictures a second in a film (default: 10)",
    )
    add_device(parser)
    add_threads(parser)


def run(options: argparse.Namespace) -> None:
    from diffviz.checkpoints import load_checkpoint
    from diffviz.device import choose
    from diffviz.media.levels import fingerprint
    from diffviz.media.registry import medium_of
    from diffviz.runs.sampling import run as start

    out, films = Path(options.out), {".gif": save_gif, ".mp4": save_mp4}
    output_file(options.out, (".png", *films))
    film = out.suffix.lower() in films
    for name, given, allowed, kind in (
        ("strip", options.strip, not film, "a .png"),
        ("fps", options.fps is not None, film, "a film, .gif or .mp4"),
        ("view", options.view is not None, film or options.strip, "a film or a --strip"),
    ):
        if given and not allowed:
            raise ValueError(f"--{name} goes with {kind} only")
    settings = run_settings(options, condition=dict(options.condition), count=options.count)
    checkpoint = load_checkpoint(settings.model).to(choose(options.device))
    use_threads(options.threads)
    steps = []
    for step in start(settings, checkpoint):
        steps.append(step)
        note(f"t = {step.t:>4}   α = {step.alpha:.4f}   σ = {step.sigma:.4f}")
    view, medium = options.view or "x", medium_of(checkpoint.card.data)
    if film:
        write: Callable[..., Any] = films[out.suffix.lower()]
        write(steps, out, view, fps=options.fps or 10, medium=medium)
    elif options.strip:
        save_strip(steps, out, view, medium=medium)
    else:
        save_png(steps[-1].x, out, medium=medium)
    print(f"{out}: fingerprint {fingerprint(steps[-1].x)}")
