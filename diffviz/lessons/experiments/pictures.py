"""The Fréchet distance on pictures: one jump back from noise against many steps."""

from __future__ import annotations

from typing import Annotated, Any

import torch
from torch import Generator, Tensor

from diffviz.data import DATA_SETS, DEFAULT
from diffviz.lessons.experiments.experiment import Experiment, Messages, Served, sent
from diffviz.lessons.experiments.plane import compared
from diffviz.measure.evaluation import frechet_distance
from diffviz.measure.judge import load_judge, verdict
from diffviz.media.levels import grey_levels
from diffviz.runs.sampling import run
from diffviz.runs.schema import MAX_COUNT, RunSettings, Seed
from diffviz.settings import Setting, Settings

SHOWN = 8
LABELS = {
    "data": "Real pictures",
    "jump": "One jump from noise",
    "steps": "Many steps from the same noise",
}
TRUE = 2000  # pictures of the data that both are held against


class PicturesSettings(Settings):
    """samples: of each; fewer than a judge has features leave the distance a rough one."""

    samples: Annotated[
        int, Setting(label="Pictures", help="Of each", minimum=MAX_COUNT, maximum=256)
    ] = 96
    steps: Annotated[int, Setting(label="Steps", help="Updates", minimum=2, maximum=50)] = 10
    seed: Seed = 0


def pictures(settings: PicturesSettings, served: Served) -> Messages:
    """Of the same noises, in one jump and in many steps: the Fréchet distance of a judge's features
    to those of real pictures, and what as many real pictures get."""
    checkpoint, denoiser = served(DEFAULT)
    source = DATA_SETS[DEFAULT]
    assert source.judge
    judge = load_judge(source.judge())
    real = real_pictures(TRUE + settings.samples)
    true = verdict(judge, real[:TRUE]).features

    def lane(name: str, made: Tensor) -> dict[str, Any]:
        seen = verdict(judge, grey_levels(made).float() / 127.5 - 1)
        return {
            "lane": {
                "name": name,
                "label": LABELS[name],
                "shape": list(made.shape[1:]),
                "pictures": [sent(one) for one in made[:SHOWN]],
                "distance": frechet_distance(seen.features, true),
            }
        }

    fresh = lane("data", real[TRUE:])
    yield fresh
    batches = torch.split(torch.arange(settings.samples), MAX_COUNT)
    condition = torch.arange(settings.samples)[:, None] % len(source.classes()) + 1
    told = {}
    for name, steps in (("jump", 1), ("steps", settings.steps)):
        made = []
        for number, rows in enumerate(batches):
            asked = RunSettings(
                steps=steps,
                guidance=1.0,
                count=len(rows),
                seed=settings.seed + int(rows[0]),
            )
            *_, last = run(asked, checkpoint, condition[rows], denoiser)
            made.append(last.x)
            share = (number + 1) / len(batches)
            yield {"fraction": share, "of": LABELS[name]}
        told[name] = lane(name, torch.cat(made))
        yield told[name]
    found = compared(
        told["jump"]["lane"]["distance"], told["steps"]["lane"]["distance"], settings.steps
    )
    found["measured"] |= {"samples": settings.samples, "real": fresh["lane"]["distance"]}
    yield found


def real_pictures(count: int) -> Tensor:
    """So many of the data's own (count, 1, S, S) in −1..1, always the same."""
    optimum = DATA_SETS[DEFAULT].optimum
    assert optimum
    x0, _ = optimum.load()
    return x0[torch.randperm(len(x0), generator=Generator().manual_seed(0))[:count]]


PICTURES = Experiment(
    "pictures",
    PicturesSettings,
    ("many", "one", "alike"),
    ("jump", "many", "steps", "samples", "real"),
    pictures,
)
