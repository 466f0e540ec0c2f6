"""`python -m diffviz make`: what the project ships, made from the data sets themselves."""

from __future__ import annotations

import argparse

from diffviz.cli.parser import add_threads, note, use_threads

JUDGES = ("fashion-judge", "heroes-judge")
WHAT = (*JUDGES, "fashion-subset", "fashion-index", "digits", "recording")
EPILOG = """\
fashion-judge    the classifier that `evaluate` measures with (checkpoints/judge), about 10 minutes
heroes-judge     the same for heroes
fashion-subset   the 8,000 pictures that ship with diffviz (diffviz/data/files), seconds
fashion-index    all 60,000 training pictures, a little lossy, for the nearest of a sample, 5 min
digits           the 1,797 pictures that ship with diffviz, seconds
recording        the recorded training that the Train tab begins with, 4 minutes

Fashion's judge, subset and index are made from the whole of Fashion-MNIST (`apt-get install
dataset-fashion-mnist`), digits from scikit-learn's copy (`pip install scikit-learn`)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=WHAT, help="what to make")
    add_threads(parser)


def run(options: argparse.Namespace) -> None:
    use_threads(options.threads)
    if options.what in JUDGES:
        from diffviz.measure.judge import SUBJECTS, make_judge

        subject = SUBJECTS[options.what.removesuffix("-judge")]
        right = make_judge(subject, note, subject.path)
        print("the judge is right about")
        print("\n".join(f"  {slot:<18}{share:.2%}" for slot, share in right.items()))
    elif options.what == "fashion-index":
        from diffviz.measure.nearest import FILE as INDEX
        from diffviz.measure.nearest import make_index

        print(f"{INDEX.name}: {make_index(note):,} bytes")
    elif options.what == "digits":
        from diffviz.data import digits

        print(f"{digits.FILE.name}: {digits.make_digits():,} bytes")
    elif options.what == "recording":
        from diffviz.jobs.recording import FILE, make_recording

        print(f"{FILE.name}: {make_recording(note):,} bytes")
    else:
        from diffviz.data.fashion import SUBSET, make_fashion_subset

        print(f"{SUBSET.name}: {make_fashion_subset():,} bytes")
