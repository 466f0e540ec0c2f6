"""The named endpoints /noise and /denoise: what the Forward tab shows, for programs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Any

import gradio as gr
from gradio.components import Component
from torch import Tensor

from diffviz.data import DEFAULT
from diffviz.data.examples import example, example_names
from diffviz.forward import add_noise, noise
from diffviz.media.files import save_png
from diffviz.media.kinds import KINDS
from diffviz.runs.schema import NoiseSettings
from diffviz.schedules import NoiseSchedule
from diffviz.serving.backend import Backend
from diffviz.serving.decoders import PICTURES
from diffviz.serving.guessing import DENOISERS, what_it_sees
from diffviz.settings import Setting, Settings, declared, offered
from diffviz.ui.controls import as_sent, control, endpoint, in_order
from diffviz.ui.messages import told_in_the_page

Example = Annotated[
    str,
    Setting(label="Example", help="A picture to take where none is given", choices=example_names),
]
OfTheTab = Annotated[
    str, Setting(label="Denoiser", help="A denoiser in checkpoints/", choices=tuple(DENOISERS))
]
# As programs that pass them by place know them; what is declared later comes after these.
ORDER = (
    "picture",
    "example_name",
    "schedule",
    "T",
    "t",
    "seed",
    "zero_terminal_snr",
    "parameters",
    "handles",
)
RENAMED = {"schedule_parameters": "parameters"}


class Noised(NoiseSettings):
    """What /noise asks for."""

    example_name: Example = "sunset"
    as_is: Annotated[
        bool,
        Setting(
            label="Do not divide by √(α² + σ²) for display",
            help="Show x_t as it is, not at the brightness of the picture",
        ),
    ] = False


class Guessed(NoiseSettings):
    """What /denoise asks for."""

    example_name: Example = "boot"
    t: Annotated[int, replace(declared(NoiseSettings)["t"], label="t, from 1 to T", minimum=1)] = (
        500
    )
    denoiser: OfTheTab = DEFAULT


def forward_endpoints(backend: Backend) -> None:
    """Register both inside the current gr.Blocks; their controls are for programs, never seen."""
    with gr.Group(visible=False):
        noisy = gr.Image(type="filepath", format="png", label="x_t")
        x0 = gr.Image(type="filepath", format="png", label="x̂0")
        eps = gr.Image(type="filepath", format="png", label="ε̂")
        facts = gr.JSON(label="t, α, σ, ᾱ and more")
        gr.Button("Noise").click(
            backend.handler(endpoint(noise_endpoint, ORDER, RENAMED)),
            program_inputs(Noised, ORDER),
            [noisy, facts],
            api_name="noise",
            **PICTURES,
        )
        gr.Button("Denoise").click(
            backend.handler(endpoint(denoise_endpoint, ORDER, RENAMED)),
            program_inputs(Guessed, ORDER),
            [noisy, x0, eps, facts],
            api_name="denoise",
            **PICTURES,
        )


def program_inputs(model: type[Settings], order: tuple[str, ...]) -> list[Component]:
    """A control for each parameter of an endpoint that takes a picture and these settings."""
    picture = gr.File(label=f"A {KINDS} file; or none, for an example")
    named = {RENAMED.get(name, name): control(known) for name, known in offered(model).items()}
    as_sent(named.values())
    named = {"picture": picture, **named}
    return [named[name] for name in in_order(named, order)]


def noise_endpoint(
    backend: Backend, asked: Noised, picture: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Noise a picture straight to step t: x_t as a PNG, and the numbers that belong to it."""
    with told_in_the_page():
        x0 = picture_of(backend, picture, asked.example_name)
        path = asked.noise_schedule()
        x_t = add_noise(x0, noise(asked.seed, x0.shape), path, asked.t)
        divided_by = 1.0 if asked.as_is else norm(path, asked.t)
        facts = facts_of(path, asked.t) | {"shown_divided_by": divided_by}
        return png(backend, x_t / divided_by, "x_t.png"), facts


def denoise_endpoint(
    backend: Backend, asked: Guessed, picture: str | None = None
) -> tuple[str, str, str, dict[str, Any]]:
    """Noise a picture, brought to the denoiser's size, to step t, and ask it for the picture (x̂0)
    and the noise (ε̂) in it: three PNGs, and the root mean square errors of both guesses."""
    with told_in_the_page():
        x0 = what_it_sees(picture_of(backend, picture, asked.example_name), asked.denoiser)
        path = asked.noise_schedule()
        alpha, sigma = float(path.alpha[asked.t]), float(path.sigma[asked.t])
        seen = backend.guessing.guess(asked.denoiser, x0, asked.seed, alpha, sigma)
        facts = facts_of(path, asked.t) | {"x0_error": seen.x0_error, "eps_error": seen.eps_error}
        return (
            png(backend, seen.x_t / norm(path, asked.t), "x_t.png"),
            png(backend, seen.x0, "x0.png"),
            png(backend, seen.eps, "eps.png"),
            facts,
        )


def picture_of(backend: Backend, path: str | None, name: str) -> Tensor:
    """The picture of a file, or else the example of that name; raises ValueError."""
    return backend.decoders.picture(path) if path else example(name)


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


def png(backend: Backend, picture: Tensor, name: str, note: str = "") -> str:
    """The path of a new PNG of a picture (C, H, W), pixel for pixel."""
    with backend.files.new(name) as path:
        save_png(picture[None], path, scale=1, note=note)
    return str(path)
