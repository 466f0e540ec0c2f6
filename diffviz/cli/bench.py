"""`python -m diffviz bench`: how fast networks, samplers and training run here."""

from __future__ import annotations

import json
from typing import Annotated

from diffviz.cli.options import Device
from diffviz.data import DEFAULT
from diffviz.runs.schema import Model
from diffviz.settings import Setting, Settings

EPILOG = """\
Prints JSON: milliseconds of a network evaluation at several batches, threads, number types and
memory layouts; for each sampler what a run costs beyond bare evaluations, as a share of them; and
pictures a second in training, ours (in the numbers that are fastest here, channels_last) beside
plain float32 PyTorch.
It takes about two minutes. Other work on the machine shows in the figures.

  python -m diffviz bench --repeats 20"""


class Options(Settings):
    """What to measure, and how often."""

    model: Model = DEFAULT
    repeats: Annotated[
        int,
        Setting(
            help="Evaluations or training steps of which the median is taken",
            minimum=1,
            maximum=1000,
        ),
    ] = 15
    device: Device


def run(options: Options) -> None:
    from diffviz.checkpoints import load_checkpoint
    from diffviz.cpu.allocator import keep_freed_memory
    from diffviz.device import choose
    from diffviz.measure.bench import (
        THREADS,
        evaluation_times,
        sampler_overheads,
        threads,
        training_speeds,
    )

    keep_freed_memory()
    checkpoint = load_checkpoint(options.model).to(choose(options.device))
    # An accelerator leaves nothing to threads.
    counts = THREADS if checkpoint.device.type == "cpu" else (1,)
    with threads(1):
        overheads = sampler_overheads(checkpoint)
    figures = {
        "model": options.model,
        "device": checkpoint.device.type,
        "sampler_overhead": overheads,
        "network_evaluation": evaluation_times(
            checkpoint, thread_counts=counts, repeats=options.repeats
        ),
        "training": training_speeds(checkpoint, counts, options.repeats),
    }
    print(json.dumps(figures, indent=2))
