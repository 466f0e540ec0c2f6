"""`python -m diffviz evaluate`: how good a denoiser's pictures are."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from diffviz.cli.options import Device, Recorded, Threads
from diffviz.cli.parser import note, use_threads
from diffviz.data import DATA_SETS, DEFAULT
from diffviz.runs.schema import Guidance, RunSettings, Sampler
from diffviz.settings import Setting

if TYPE_CHECKING:
    from torch import Tensor

    from diffviz.checkpoints import Checkpoint
    from diffviz.data.source import Reference, Subject

EPILOG = """\
Prints JSON: the Fréchet distance of the samples to true pictures (in the features of a judge, a
classifier), that of as many other true pictures (the floor), their ratio, the share of samples in
which the judge sees what was asked for, network evaluations an image, and speed.
Of photographs, where there is no judge: the PSNR of one look at pictures that no training saw, with
noise of 15, 25, 50 and 75 grey levels, beside BM3D's where PyPI's `bm3d` is installed.

  python -m diffviz evaluate --bfloat16
  python -m diffviz evaluate --samples 1000 --steps 10 --sampler unipc --guidance 1.5 --bfloat16
  python -m diffviz evaluate --model photos"""


class Options(RunSettings, Recorded):
    """How to sample, how many, and where the figures go."""

    without = frozenset({"condition", "negative", "vary", "count"})

    # What the page's runs begin with.
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

    use_threads(options.threads)
    checkpoint = load_checkpoint(options.model).to(choose(options.device))
    data = source_of(checkpoint.card.data)
    if data.judge is not None and data.reference is not None:
        quality = _judged(options, checkpoint, data.judge(), data.reference)
    elif data.held_out is not None:
        quality = _denoising(checkpoint, data.held_out())
    else:
        known = [source.name for source in DATA_SETS.values() if source.judge or source.held_out]
        raise ValueError(f"what {data.name} brings is not measured, but of {', '.join(known)}")
    if options.record:
        recorded = {**quality, "command": options.command_line}
        save_card(replace(checkpoint.card, quality=recorded))
    print(json.dumps(quality, indent=2))


def _judged(
    options: Options,
    checkpoint: Checkpoint,
    subject: Subject,
    reference: Callable[[int], Reference],
) -> dict[str, Any]:
    """Of its samples, by a judge."""
    from diffviz.autoencoders import autoencoder_of
    from diffviz.measure.evaluation import evaluate
    from diffviz.measure.judge import load_judge
    from diffviz.runs.suited import as_distilled

    reported = 0

    def report(done: int) -> None:
        nonlocal reported
        if done // 500 > reported:
            reported = done // 500
            note(f"{done:,} pictures")

    settings, judge = options.part(RunSettings), load_judge(subject).to(checkpoint.device)
    if checkpoint.card.data.autoencoder:
        autoencoder_of(checkpoint.card.data).network.to(checkpoint.device)
    settings = as_distilled(settings, options.model_fields_set, checkpoint.card)
    known = reference(options.samples)
    return evaluate(checkpoint, settings, judge, known, options.bfloat16, report)


def _denoising(checkpoint: Checkpoint, pictures: Sequence[Tensor]) -> dict[str, Any]:
    """Of one look."""
    from diffviz.measure.denoising import bm3d, denoising, one_look

    methods = {checkpoint.card.name: one_look(checkpoint.denoiser())}
    if other := bm3d():
        methods["bm3d"] = other
    else:
        note("BM3D is not beside it: `pip install bm3d scipy` (for non-commercial use)")
    figures = denoising(methods, pictures, report=lambda done: note(f"{done} pictures"))
    return {
        "model": checkpoint.card.name,
        "images_seen": checkpoint.card.images_seen,
        **figures,
    }
