"""`python -m diffviz evaluate`: how good a denoiser's pictures are."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

from diffviz.cli.parser import add_device, add_threads, note, use_threads, whole
from diffviz.cli.run_options import add_run_options, run_settings
from diffviz.data import DATA_SETS, DEFAULT

EPILOG = """\
Prints JSON: the Fréchet distance of the samples to true pictures (in the features of a judge, a
classifier), that of as many other true pictures (the floor), their ratio, the share of samples in
which the judge sees what was asked for, network evaluations an image, and speed.

  python -m diffviz evaluate --bfloat16
  python -m diffviz evaluate --samples 1000 --steps 10 --sampler unipc --guidance 1.5 --bfloat16"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_options(parser)
    # Of all that takes 40 evaluations, what brings the bundled model closest to real pictures.
    best = DATA_SETS[DEFAULT]
    parser.set_defaults(sampler=best.sampler, guidance=best.guidance)
    parser.add_argument(
        "--samples",
        type=whole(10, 50_000),
        default=5000,
        metavar="N",
        help="pictures to make (default: %(default)s)",
    )
    parser.add_argument(
        "--bfloat16", action="store_true", help="run the network in bfloat16, often faster"
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="also write the figures, and this command, into the model's card",
    )
    add_device(parser)
    add_threads(parser)


def run(options: argparse.Namespace) -> None:
    from diffviz.checkpoints import load_checkpoint, save_card
    from diffviz.data import source_of
    from diffviz.device import choose
    from diffviz.measure.evaluation import evaluate
    from diffviz.measure.judge import load_judge

    use_threads(options.threads)
    settings = run_settings(options)
    checkpoint = load_checkpoint(settings.model).to(choose(options.device))
    data = source_of(checkpoint.card.data)
    if data.judge is None or data.reference is None:
        judged = " and ".join(source.name for source in DATA_SETS.values() if source.judge)
        raise ValueError(f"there is a judge of {judged} only, not of {data.name}")
    judge, reference = load_judge(data.judge()), data.reference(options.samples)

    reported = 0

    def report(done: int) -> None:
        nonlocal reported
        if done // 500 > reported:
            reported = done // 500
            note(f"{done:,} pictures")

    quality = evaluate(checkpoint, settings, judge, reference, options.bfloat16, report)
    if options.record:
        recorded = {**quality, "command": options.command_line}
        save_card(replace(checkpoint.card, quality=recorded))
    print(json.dumps(quality, indent=2))
