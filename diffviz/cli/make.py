"""`python -m diffviz make`: what the project ships, made from the data sets themselves."""

from __future__ import annotations

import argparse

from diffviz.cli.parser import add_threads, note, use_threads

WHAT = ("judge", "fashion-subset", "digits", "recording")
EPILOG = """\
judge            the classifier that `evaluate` measures with (checkpoints/judge), about 10 minutes
fashion-subset   the 8,000 pictures that ship with diffviz (diffviz/data/files), seconds
digits           the 1,797 pictures that ship with diffviz, seconds
recording        the recorded training that the Train tab begins with, 4 minutes

The first two read the whole of Fashion-MNIST: `apt-get install dataset-fashion-mnist`; digits reads
scikit-learn's copy: `pip install scikit-learn`."""


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
    elif options.what == "digits":
        from diffviz.data import digits

        print(f"{digits.FILE.name}: {digits.make_digits():,} bytes")
    elif options.what == "recording":
        from diffviz.ui.recording import FILE, make_recording

        print(f"{FILE.name}: {make_recording(note):,} bytes")
    else:
        from diffviz.data.fashion import SUBSET, make_fashion_subset

        print(f"{SUBSET.name}: {make_fashion_subset():,} bytes")
