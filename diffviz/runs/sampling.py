"""A sampling run from its settings: what the page, the command line and the endpoints all start."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from diffviz.checkpoints import Checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.device import send
from diffviz.forward import SeededNoise, StreamedNoise
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.guidance.mixed import MixedDenoiser
from diffviz.media.registry import medium_of
from diffviz.runs.conditions import conditions, rows
from diffviz.runs.schema import RunSettings
from diffviz.samplers import Step, sample


def run(
    settings: RunSettings,
    checkpoint: Checkpoint,
    condition: Tensor | None = None,
    denoiser: Denoiser | None = None,
    noise: Callable[[], Tensor] | None = None,
    to: tuple[Tensor, Tensor] | None = None,
) -> Iterator[Step]:
    """The run's Steps, on the checkpoint's device; nfe counts both sides of guidance, which a
    distilled denoiser has in it and is not given again.

    Raises ValueError at once, before the first, for conditions that the checkpoint does not know.

    condition: (count, slots) in place of the settings' own. denoiser: in place of the checkpoint's
    own; it is evaluated elsewhere, perhaps. noise: (count, …) at each call, in place of the seeds'.
    to: other conditions, (count, slots), and how far each picture is on the way there, (count,).
    """
    info = checkpoint.card.data
    schedule = settings.noise_schedule()
    if condition is None:
        condition = rows(settings, info)
    denoiser = denoiser or checkpoint.denoiser()
    guided: GuidedDenoiser | None = None
    negative = conditions(info, settings.negative, 1)  # which says so where it is not known
    said = bool(condition.any()) or (to is not None and bool(to[0].any()))
    if said and not checkpoint.card.distilled:
        scale = torch.tensor(settings.scale, dtype=torch.float64)
        denoiser = guided = GuidedDenoiser(denoiser, scale, negative, settings.guidance_interval)
    if to is not None:
        denoiser = MixedDenoiser(denoiser, *to)
    device = checkpoint.device
    if noise is None and medium_of(info).together:
        seed, count, columns = settings.seed, settings.count, settings.columns
        noise = StreamedNoise(seed, count, info.shape, columns, device)
    steps = sample(
        denoiser,
        schedule,
        settings.grid(schedule),
        noise or SeededNoise(settings.seeds, info.shape, device),
        settings.sampler,
        send(condition, device),
        settings.clip_x0,
        None,
        **settings.sampler_parameters,
    )
    if guided is None:
        return steps
    return (step._replace(nfe=guided.evaluations) for step in steps)
