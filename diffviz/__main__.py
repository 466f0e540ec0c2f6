"""The command line: `python -m diffviz COMMAND …`. Each command is a module of diffviz/cli."""

from __future__ import annotations

import importlib
import shlex
import sys
from collections.abc import Sequence

from diffviz import __version__
from diffviz.cli.parser import Parser

COMMANDS = {
    "noise": "noise a picture: the forward process, straight to any t",
    "sample": "bring pictures out of noise with a trained denoiser",
    "edit": "bring a picture of your own to t and back: image-to-image, inversion",
    "restore": "fill holes, add pixels, sharpen, colour or denoise a picture",
    "plane": "samples of points in the plane, with all that can be seen of them",
    "converge": "samplers' distances to the exact solution, on points in the plane",
    "train": "train a denoiser, or go on with one",
    "distill": "make a denoiser that needs one to four evaluations out of one that needs many",
    "autoencode": "train an autoencoder, in whose latents a denoiser then works",
    "race": "let diffusion and its rivals learn the same data, with as many weights",
    "translate": "take points from one cloud to another, learned without pairs",
    "evaluate": "measure how good a denoiser's pictures are",
    "figure": "draw schedules, runs, losses and convergence, as PNG, SVG or PDF",
    "bench": "measure how fast networks, samplers and training run here",
    "make": "make again what ships beside the denoisers",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 2 for anything wrong with what was asked for (and
    one sentence on standard error), 130 when interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    top = Parser(
        prog="python -m diffviz",
        description="See how a diffusion model works, from the command line.",
        epilog="commands:\n"
        + "\n".join(f"  {name:<12}{summary}" for name, summary in COMMANDS.items())
        + "\n\n`python -m diffviz COMMAND --help` shows a command's options and examples.",
    )
    top.add_argument("--version", action="version", version=__version__)
    top.add_argument("command", metavar="COMMAND", help="one of those below")
    top.add_argument("rest", metavar="…", nargs="*", help="that command's own options")
    try:
        if not words or words[0].startswith("-"):
            top.parse_args(words or ["--help"])
        name, rest = words[0], words[1:]
        if name not in COMMANDS:
            top.error(f"unknown command {name!r}; choose from {', '.join(COMMANDS)}")
        from diffviz.plugins import load_plugins  # likewise

        load_plugins()
        # Only now: torch takes a second to import, and --help should not.
        module = importlib.import_module(f"diffviz.cli.{name}")
        parser = Parser(
            prog=f"python -m diffviz {name}",
            description=COMMANDS[name][0].upper() + COMMANDS[name][1:] + ".",
            epilog=module.EPILOG,
        )
        options = importlib.import_module("diffviz.cli.options")
        options.add_options(parser, module.Options)
        given = parser.parse_args(rest)
        try:
            command_line = shlex.join(["python", "-m", "diffviz", *words])
            module.run(options.read_options(module.Options, given, command_line))
        except (ValueError, OSError) as error:
            parser.error(str(error))
    except SystemExit as end:
        if isinstance(end.code, str):  # a setting of the environment that will not do
            print(end.code, file=sys.stderr)
            return 2
        return end.code or 0
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
