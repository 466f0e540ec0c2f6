"""A picture restored or completed: sampling from p(x0 | what was measured of it)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from diffviz.autoencoders import Autoencoder, autoencoder_of
from diffviz.checkpoints import Checkpoint
from diffviz.denoisers.base import Denoiser
from diffviz.device import send
from diffviz.forward import SeededNoise, add_noise
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.guidance.measurement import Measurement
from diffviz.guidance.methods import condition_on
from diffviz.guidance.operators import Mask
from diffviz.runs.conditions import conditions
from diffviz.runs.posing import Posed
from diffviz.runs.restoration import RestoreSettings
from diffviz.runs.schema import MAX_RATIO
from diffviz.samplers import Step, sample
from diffviz.schedules import NoiseSchedule


def restore(
    settings: RestoreSettings,
    posed: Posed,
    checkpoint: Checkpoint,
    denoiser: Denoiser | None = None,
) -> Iterator[Step]:
    """The run's Steps, (count, C, H, W), on the checkpoint's device; each result has a seed of its
    own. What was kept of the picture is the picture's to the last bit in the last one. nfe: of the
    network, a gradient counted for two.

    Of a denoiser of latents the steps are the pictures of its own, x̂0 and the result decoded and
    the others as the preview has them (blended latent diffusion, Avrahami et al. 2023, section 4.1,
    with any of the methods).

    denoiser: in place of the checkpoint's own; it is evaluated elsewhere, perhaps. Raises
    ValueError at once, before the first, for conditions that the checkpoint does not know.
    """
    info, sides = checkpoint.card.data, settings.evaluations
    if not info.autoencoder:
        return (_told(step, posed, sides) for step in _steps(settings, posed, checkpoint, denoiser))
    coder = autoencoder_of(info)
    steps = _steps(settings, in_latents(posed, coder), checkpoint, denoiser)
    return (_told(coder.seen(step), posed, sides) for step in steps)


def _steps(
    settings: RestoreSettings, posed: Posed, checkpoint: Checkpoint, denoiser: Denoiser | None
) -> Iterator[Step]:
    """Of the denoiser's own samples, in which the picture is posed; nfe counts guidance's sides."""
    info, device, y = checkpoint.card.data, checkpoint.device, posed.measurement.y
    schedule = settings.noise_schedule()
    condition = conditions(info, settings.condition, settings.count)
    negative = conditions(info, settings.negative, 1)
    denoiser = denoiser or checkpoint.denoiser()
    sides = 1
    if condition.any():
        sides = 1 if settings.guidance == 1 else 2
        interval = settings.guidance_interval
        denoiser = GuidedDenoiser(denoiser, settings.guidance, negative, interval)
    noise, x = SeededNoise(settings.seeds, posed.shape, device), None
    if settings.entry.on_path:
        grid, x = beginning(settings, schedule, y, posed.measurement.noise)
        x = send(x.expand(settings.count, -1, -1, -1), device)
    else:
        level = settings.beginning(checkpoint.card)
        grid = grid_from(settings, schedule, min(level, checkpoint.card.ratio_range[1]))
        if level < MAX_RATIO:
            x = add_noise(send(posed.cheap, device), noise(), schedule, grid[0])
        denoiser = condition_on(
            denoiser, posed.measurement, settings.method, **settings.method_parameters
        )
    steps = sample(
        denoiser,
        schedule,
        grid,
        noise,
        settings.sampler,
        send(condition, device),
        settings.clip_x0,
        x,
        **settings.sampler_parameters,
    )
    return (step._replace(nfe=step.nfe * sides) for step in steps)


def in_latents(posed: Posed, coder: Autoencoder) -> Posed:
    """A hole in a picture as one in its latent, which is kept where all of its pixels are. Raises
    ValueError where that is nowhere."""
    assert posed.kept is not None  # for nothing but holes
    factor = coder.card.network.factor
    kept = -torch.nn.functional.max_pool2d(-posed.kept[None, None], factor)[0, 0]
    if not kept.any():
        raise ValueError(
            f"of this picture no square of {factor} × {factor} pixels is whole, and a latent begins"
            " with that; paint over less"
        )
    with torch.no_grad():  # the hole filled smoothly: an encoder has never seen one
        z = coder.encode(posed.cheap)
    measurement = Measurement(Mask(kept), z * kept, 0.0, coder.card.latents.sigma_data)
    return replace(posed, measurement=measurement, degraded=z * kept, cheap=z, kept=None)


def grid_from(settings: RestoreSettings, schedule: NoiseSchedule, most: float) -> list[int]:
    """The grid from the last t whose σ/α is at most that: no more than the denoiser knows, for
    methods move x̂0 by σ²/α times a gradient, which beyond it is worth nothing.

    To begin with a guess, noised to where it cannot be told from the truth, is shorter and nearer
    than from noise alone (Chung et al. 2022b, "Come-closer-diffuse-faster", theorem 1).
    """
    ratio = schedule.sigma / schedule.alpha
    last = int(torch.searchsorted(ratio, most, right=True)) - 1
    start = min(max(1, last), schedule.T)
    return schedule.grid(min(settings.steps, start), settings.spacing, start=start)


def beginning(
    settings: RestoreSettings, schedule: NoiseSchedule, y: Tensor, std: float
) -> tuple[list[int], Tensor]:
    """A noisy picture is α_t·y = x_t for the t with σ_t/α_t = std: the grid from there, and that
    x_t. Sampling from it is sampling p(x0 | y), with nothing to guide."""
    ratio = schedule.sigma / schedule.alpha
    t = min(max(1, int(torch.searchsorted(ratio, std))), schedule.T)
    return schedule.grid(min(settings.steps, t), settings.spacing, start=t), float(
        schedule.alpha[t]
    ) * y


def _told(step: Step, posed: Posed, evaluations: int) -> Step:
    told = step._replace(nfe=step.nfe * evaluations)
    if posed.kept is None or step.t > 0:
        return told
    x = torch.where(posed.kept.to(step.x) > 0, posed.measurement.y.to(step.x), step.x)
    return told._replace(x=x, x0=x)
