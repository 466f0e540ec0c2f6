"""The named endpoints /inpaint, /upscale and /restore: what the Edit tab does, for programs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import gradio as gr
from torch import Tensor

from diffviz.data import GENERAL
from diffviz.media.files import save_png
from diffviz.media.kinds import KINDS
from diffviz.runs.notes import note_of
from diffviz.runs.restoration import Restoration
from diffviz.runs.schema import Model
from diffviz.serving.backend import Backend
from diffviz.serving.restoring import Prepared, finished, prepare
from diffviz.settings import Setting, offered
from diffviz.ui.controls import as_sent, control, endpoint, in_order
from diffviz.ui.forward.api import Example, picture_of
from diffviz.ui.messages import told_in_the_page
from diffviz.ui.sample.tab import NETWORK, visitor

FIRST = ("picture", "mask", "example_name", "task", "factor", "method", "denoiser")
TASKS_OWN = frozenset({"factor", "blur", "length", "angle", "noise", "degrade", "grow", "sides"})


class Asked(Restoration):
    """What the Edit tab and the endpoint /restore ask for."""

    example_name: Example = "coffee"
    denoiser: Model = GENERAL
    what: Annotated[
        str,
        Setting(label="What to make", help="A class, or words for a denoiser that knows them"),
    ] = ""
    negative: Annotated[
        str, Setting(label="But not", help="Guidance steers away from it", hint=True)
    ] = ""


class Inpainted(Asked):
    """What /inpaint asks for."""

    without: ClassVar[frozenset[str]] = TASKS_OWN | {"task"}


class Upscaled(Asked):
    """What /upscale asks for."""

    without: ClassVar[frozenset[str]] = (TASKS_OWN - {"factor", "noise", "degrade"}) | {"task"}

    task: Annotated[str, Setting(label="Task", help="It has one")] = "upscale"


def restore_endpoints(backend: Backend) -> None:
    """Register all three inside the current gr.Blocks; their controls are for programs, never
    seen."""
    handlers: list[tuple[str, Callable[..., Any], type[Asked], bool]] = [
        ("inpaint", inpaint, Inpainted, True),
        ("upscale", upscale, Upscaled, False),
        ("restore", restore_picture, Asked, True),
    ]
    with gr.Group(visible=False):
        result = gr.Image(type="filepath", format="png", label="The results in a grid")
        degraded = gr.Image(type="filepath", format="png", label="What was measured")
        cheap = gr.Image(type="filepath", format="png", label="The cheap answer")
        facts = gr.JSON(label="Evaluations, PSNR, SSIM and more")
        for name, handler, model, masked in handlers:
            controls = {known: control(setting) for known, setting in offered(model).items()}
            as_sent(controls.values())
            files = {"picture": gr.File(label=f"A {KINDS} file; or none")}
            if masked:
                files["mask"] = gr.File(label="A picture of its size, white where it is to change")
            named = {**files, **controls, "owner": gr.Textbox("", label="Owner")}
            order = tuple(one for one in FIRST if one in named)
            gr.Button(name).click(
                backend.handler(endpoint(handler, order)),
                [named[one] for one in in_order(named, order)],
                [result, degraded, cheap, facts],
                api_name=name,
                **NETWORK,
            )


Answer = tuple[str, str, str, dict[str, Any]]


async def inpaint(
    backend: Backend,
    request: gr.Request,
    asked: Inpainted,
    picture: str | None = None,
    mask: str | None = None,
    owner: str = "",
) -> Answer:
    """Make a part of a picture anew, by posterior sampling: where the mask, a picture of its size,
    is white. The rest stays as it is, to the last bit. Returns PNGs of the results, of what was
    measured and of the smoothest filling, and facts."""
    return await _made(backend, request, asked, picture, mask, owner)


async def upscale(
    backend: Backend,
    request: gr.Request,
    asked: Upscaled,
    picture: str | None = None,
    owner: str = "",
) -> Answer:
    """Make a picture `factor` times as wide and high, by posterior sampling; with `degrade` it is
    first made smaller by as much, and the result compared with it. Returns PNGs of the results, of
    what was measured and of bicubic interpolation, and facts."""
    return await _made(backend, request, asked, picture, None, owner)


async def restore_picture(
    backend: Backend,
    request: gr.Request,
    asked: Asked,
    picture: str | None = None,
    mask: str | None = None,
    owner: str = "",
) -> Answer:
    """Any task of the Edit tab, by posterior sampling. Returns PNGs of the results, of what was
    measured and of a cheap answer, and facts."""
    return await _made(backend, request, asked, picture, mask, owner)


async def _made(
    backend: Backend,
    request: gr.Request,
    asked: Asked,
    picture: str | None,
    mask: str | None,
    owner: str,
) -> Answer:
    with told_in_the_page():
        prepared = await asyncio.to_thread(_prepared, backend, asked, picture, mask, owner)
        x, facts = await backend.admission.at_once(
            visitor(request), lambda ticket: finished(prepared, backend.models, ticket)
        )
        pictures = (x, prepared.posed.degraded, prepared.posed.cheap)
        names = ("restored.png", "measured.png", "cheap.png")
        note = note_of(prepared.settings)
        result, degraded, cheap = (
            png(backend, one, name, note) for one, name in zip(pictures, names, strict=True)
        )
        return result, degraded, cheap, facts


def _prepared(
    backend: Backend, asked: Asked, picture: str | None, mask: str | None, owner: str
) -> Prepared:
    seen = picture_of(backend, picture, asked.example_name)
    painted = backend.decoders.picture(mask) if mask else None
    words = (asked.what, asked.negative)
    return prepare(backend.models, asked, asked.denoiser, words, seen, painted, owner)


def png(backend: Backend, x: Tensor, name: str, note: str) -> str:
    """The path of a new PNG of pictures (B, C, H, W), pixel for pixel, in a grid."""
    with backend.files.new(name) as path:
        save_png(x, path, scale=1, note=note)
    return str(path)
