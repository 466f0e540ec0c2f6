"""`python -m diffviz evaluate`: how good a denoiser's pictures are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Annotated

from diffviz.cli.options import Device, Recorded, Threads
from diffviz.cli.parser import note, use_threads
from diffviz.data import DATA_SETS, DEFAULT
from diffviz.runs.schema import Guidance, RunSettings, Sampler
from diffviz.settings import Setting

EPILOG = """\
Prints JSON: the Fréchet distance of the samples to true pictures (in the features of a judge, a
classifier), that of as many other true pictures (the floor), their ratio, the share of samples in
which the judge sees what was asked for, network evaluations an image, and speed.

  python -m diffviz evaluate --bfloat16
  python -m diffviz evaluate --samples 1000 --steps 10 --sampler unipc --guidance 1.5 --bfloat16"""


class Options(RunSettings, Recorded):
    """How to sample, how many, and where the figures go."""

    without = frozenset({"condition", "negative", "vary", "count"})

    # Of all that takes 40 evaluations, what brings the bundled model closest to real pictures.
    sampler: Sampler = DATA_SETS[DEFAULT].sampler or "ddim"
    guidance: Guidance = DATA_SETS[DEFAULT].guidance or 1.0
    samples: Annotated[int, Setting(help="Pictures to make", minimum=10, maximum=50_000)] = 5000
    bfloat16: Annotated[bool, Setting(help="Run the network in bfloat16, often faster")] = False
    record: Annotated[
        bool, Setting(help="Also write the figures, and this command, into the model's card")
    ] = False
    threads: Threads
    device: Device


def run(options: Options) -> None:
    from diffviz.checkpoints import load_checkpoint, save_card
    from diffviz.data import source_of
    from diffviz.device import choose
    from diffviz.measure.evaluation import evaluate
    from diffviz.measure.judge import load_judge

    use_threads(options.threads)
    settings = options.part(RunSettings)
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
