"""The named endpoints /noise and /denoise: what the Forward tab shows, for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from torch import Tensor

from diffviz.data import DEFAULT
from diffviz.data.examples import example, example_names
from diffviz.forward import add_noise, noise
from diffviz.media.files import save_png
from diffviz.runs.schema import DRAWN, MAX_SEED, SEED, ScheduleSettings
from diffviz.schedules import (
    MAX_STEPS,
    MIN_STEPS,
    SCHEDULES,
    NoiseSchedule,
)
from diffviz.serving.backend import Backend
from diffviz.serving.decoders import PICTURES
from diffviz.serving.guessing import DENOISERS, what_it_sees
from diffviz.settings import check_bounds
from diffviz.ui.messages import told_in_the_page


def forward_endpoints(backend: Backend) -> None:
    """Register both inside the current gr.Blocks; their controls are for programs, never seen."""
    with gr.Group(visible=False):
        picture = gr.File(label="A PNG, JPEG, WebP or GIF file; or none, for an example")
        name = gr.Dropdown(example_names(), value="sunset", label="Example")
        schedule = gr.Dropdown([*SCHEDULES, DRAWN], value="cosine", label="Noise schedule")
        T = gr.Slider(MIN_STEPS, MAX_STEPS, 1000, step=1, label="T")
        t = gr.Slider(0, MAX_STEPS, 500, step=1, label="t, from 0 to T")
        seed = gr.Slider(0, MAX_SEED, 0, step=1, label="Seed of the noise")
        zero_terminal_snr = gr.Checkbox(False, label="Zero terminal SNR")
        parameters = gr.JSON({}, label="The schedule's own parameters, by name")
        handles = gr.JSON([], label="For a drawn schedule: values of ᾱ from 1 to above 0")
        as_is = gr.Checkbox(False, label="Do not divide by √(α² + σ²) for display")
        denoiser = gr.Dropdown(list(DENOISERS), value=DEFAULT, label="Denoiser")
        controls = [picture, name, schedule, T, t, seed, zero_terminal_snr, parameters, handles]
        noisy = gr.Image(type="filepath", format="png", label="x_t")
        x0 = gr.Image(type="filepath", format="png", label="x̂0")
        eps = gr.Image(type="filepath", format="png", label="ε̂")
        facts = gr.JSON(label="t, α, σ, ᾱ and more")
        gr.Button("Noise").click(
            backend.handler(noise_endpoint),
            [*controls, as_is],
            [noisy, facts],
            api_name="noise",
            **PICTURES,
        )
        gr.Button("Denoise").click(
            backend.handler(denoise_endpoint),
            [*controls, denoiser],
            [noisy, x0, eps, facts],
            api_name="denoise",
            **PICTURES,
        )


def noise_endpoint(
    backend: Backend,
    picture: str | None = None,
    example_name: str = "sunset",
    schedule: str = "cosine",
    T: float = 1000,
    t: float = 500,
    seed: float = 0,
    zero_terminal_snr: bool = False,
    parameters: dict[str, float] | None = None,
    handles: list[float] | None = None,
    as_is: bool = False,
) -> tuple[str, dict[str, Any]]:
    """Noise a picture straight to step t: x_t as a PNG, and the numbers that belong to it."""
    with told_in_the_page():
        x0 = picture_of(backend, picture, example_name)
        path = schedule_of(schedule, T, zero_terminal_snr, parameters, handles)
        step = step_of(t, 0, path)
        eps = noise(SEED.check(seed), x0.shape)
        x_t = add_noise(x0, eps, path, step)
        facts = facts_of(path, step) | {"shown_divided_by": 1.0 if as_is else norm(path, step)}
        return png(backend, x_t / facts["shown_divided_by"], "x_t.png"), facts


def denoise_endpoint(
    backend: Backend,
    picture: str | None = None,
    example_name: str = "boot",
    schedule: str = "cosine",
    T: float = 1000,
    t: float = 500,
    seed: float = 0,
    zero_terminal_snr: bool = False,
    parameters: dict[str, float] | None = None,
    handles: list[float] | None = None,
    denoiser: str = DEFAULT,
) -> tuple[str, str, str, dict[str, Any]]:
    """Noise a picture, brought to the denoiser's size, to step t, and ask it for the picture (x̂0)
    and the noise (ε̂) in it: three PNGs, and the root mean square errors of both guesses."""
    with told_in_the_page():
        x0 = what_it_sees(picture_of(backend, picture, example_name), denoiser)
        path = schedule_of(schedule, T, zero_terminal_snr, parameters, handles)
        step = step_of(t, 1, path)
        alpha, sigma = float(path.alpha[step]), float(path.sigma[step])
        seen = backend.guessing.guess(denoiser, x0, SEED.check(seed), alpha, sigma)
        facts = facts_of(path, step) | {"x0_error": seen.x0_error, "eps_error": seen.eps_error}
        return (
            png(backend, seen.x_t / norm(path, step), "x_t.png"),
            png(backend, seen.x0, "x0.png"),
            png(backend, seen.eps, "eps.png"),
            facts,
        )


def picture_of(backend: Backend, path: str | None, name: str) -> Tensor:
    """The picture of a file, or else the example of that name; raises ValueError."""
    return backend.decoders.picture(path) if path else example(name)


def schedule_of(
    name: str,
    T: float,
    zero_terminal_snr: bool,
    parameters: Mapping[str, float] | None,
    handles: Sequence[float] | None,
) -> NoiseSchedule:
    """Raises ValueError, in a sentence, for what is unknown or out of bounds."""
    return ScheduleSettings(
        schedule=name,
        T=T,
        zero_terminal_snr=zero_terminal_snr,
        schedule_parameters=parameters or {},
        handles=handles or None,
    ).noise_schedule()


def step_of(t: float, lowest: int, schedule: NoiseSchedule) -> int:
    """The step t; raises ValueError, in a sentence, unless it is one of the schedule's."""
    check_bounds("t", t, lowest, schedule.T, whole=True, of="T")
    return int(t)


def norm(schedule: NoiseSchedule, t: int) -> float:
    """What x_t is divided by for display: 1 on variance-preserving schedules."""
    return math.hypot(float(schedule.alpha[t]), float(schedule.sigma[t]))


def facts_of(schedule: NoiseSchedule, t: int) -> dict[str, Any]:
    """The numbers that belong to x_t."""
    log_snr = float(schedule.log_snr[t])
    return {
        "t": t,
        "T": schedule.T,
        "alpha": float(schedule.alpha[t]),
        "sigma": float(schedule.sigma[t]),
        "alpha_bar": float(schedule.alpha_bar[t]),
        "log_snr": log_snr if math.isfinite(log_snr) else None,  # JSON knows no ∞
    }


def png(backend: Backend, picture: Tensor, name: str) -> str:
    """The path of a new PNG of a picture (C, H, W), pixel for pixel."""
    path = backend.files.new(name)
    save_png(picture[None], path, scale=1)
    return str(path)
