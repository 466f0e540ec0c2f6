"""`python -m diffviz bench`: how fast networks and samplers run here."""

from __future__ import annotations

import argparse
import json

from diffviz.cli.parser import whole

EPILOG = """\
Prints JSON: milliseconds of a network evaluation at several batches, threads, number types and
memory layouts, and for each sampler what a run costs beyond bare evaluations, as a share of them.
It takes about a minute. Other work on the machine shows in the figures.

  python -m diffviz bench --model fashion"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        default="fashion",
        metavar="NAME",
        help="a denoiser in checkpoints/ (default: %(default)s)",
    )
    parser.add_argument(
        "--repeats",
        type=whole(1, 1000),
        default=15,
        metavar="N",
        help="evaluations of which the median is taken (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> None:
    from diffviz.bench import evaluation_times, sampler_overheads, threads
    from diffviz.checkpoints import load_checkpoint

    checkpoint = load_checkpoint(options.model)
    with threads(1):
        overheads = sampler_overheads(checkpoint)
    figures = {
        "model": options.model,
        "sampler_overhead": overheads,
        "network_evaluation": evaluation_times(checkpoint, repeats=options.repeats),
    }
    print(json.dumps(figures, indent=2))
