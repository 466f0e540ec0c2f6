"""`python -m diffviz make`: what the project ships, made from the whole of Fashion-MNIST."""

from __future__ import annotations

import argparse

from diffviz.cli.parser import add_threads, note, use_threads

WHAT = ("judge", "fashion-subset")
EPILOG = """\
judge            the classifier that `evaluate` measures with (checkpoints/judge), about 10 minutes
fashion-subset   the 8,000 pictures that ship with diffviz (diffviz/data/files), seconds

Both read the whole of Fashion-MNIST: `apt-get install dataset-fashion-mnist`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=WHAT, help="what to make")
    add_threads(parser)


def run(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    if options.what == "judge":
        from diffviz.data.fashion import load_fashion
        from diffviz.judge import make_judge

        share = make_judge(load_fashion("train"), load_fashion("test"), note)
        print(f"the judge is right on {share:.2%} of the test pictures")
    else:
        from diffviz.data.fashion import SUBSET, make_fashion_subset

        print(f"{SUBSET.name}: {make_fashion_subset():,} bytes")
