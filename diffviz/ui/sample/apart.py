"""Latent diffusion taken apart, for the Sample tab's panel and for programs."""

from __future__ import annotations

import base64
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import gradio as gr
import numpy as np
import torch
from torch import Tensor

from diffviz.media.kinds import KINDS
from diffviz.media.latent import halves, maps
from diffviz.media.levels import grey_levels
from diffviz.runs.latents import ApartSettings, Encoded, MixSettings
from diffviz.runs.schema import MAX_COUNT
from diffviz.serving.backend import Backend
from diffviz.serving.decoders import PICTURES
from diffviz.serving.latents import Latents, latent_denoisers
from diffviz.settings import Settings, offered
from diffviz.ui.controls import as_sent, control, endpoint
from diffviz.ui.forward.api import RENAMED, facts_of, png
from diffviz.ui.messages import answer, told_in_the_page
from diffviz.web.names import whole_number


def encode_picture(backend: Backend, request: Any) -> dict[str, Any]:
    """{"denoiser", "owner", and "number", of a picture that no training saw, or "levels", bytes of
    one's own in base64} → "latent" as float16 and its "shape", "picture" and "decoded" as bytes,
    "credit", what must be said of the picture, "psnr" of the decoded one in dB, and "milliseconds"
    of the encoder and the decoder."""
    return answer(partial(_encode_picture, backend), request)


def _encode_picture(backend: Backend, request: Any) -> dict[str, Any]:
    latents = _of(backend, request)
    if "levels" in request:
        shape = latents.autoencoder.card.data.shape
        levels = _numbers(request["levels"], np.uint8, shape, 1)[0]
        picture = levels.float() / 127.5 - 1
    else:
        picture = latents.picture(int(request["number"]))
    seen = latents.encode(picture)
    return {
        "latent": _base64(halves(seen.z)),
        "shape": seen.z.shape,
        "picture": _base64(grey_levels(seen.picture)),
        "credit": latents.autoencoder.card.data.credit if "number" in request else "",
        "decoded": _base64(grey_levels(seen.decoded)),
        "psnr": _rounded(seen.psnr),
        "milliseconds": _spent(seen.milliseconds),
    }


def take_latent_apart(backend: Backend, request: Any) -> dict[str, Any]:
    """{"id", "denoiser", "owner", "latent", and "t", "seed", "what"} → the same id, x_t and x̂0 as
    float16, the pictures "noisy" and "decoded" of them as bytes, "distance" of x̂0 from the
    latent, "milliseconds" of each
    arrow, and the numbers that belong to t."""
    return answer(partial(_take_latent_apart, backend), request)


def _take_latent_apart(backend: Backend, request: Any) -> dict[str, Any]:
    latents = _of(backend, request)
    asked = ApartSettings(**{name: request[name] for name in ("t", "seed", "what")})
    seen = latents.apart(asked, _latents(latents, request["latent"], 1)[0])
    return {
        "id": request["id"],
        "xt": _base64(halves(seen.x_t)),
        "x0": _base64(halves(seen.x0)),
        "noisy": _base64(grey_levels(seen.noisy)),
        "decoded": _base64(grey_levels(seen.decoded)),
        "distance": _rounded(seen.distance),
        "milliseconds": _spent(seen.milliseconds),
        **facts_of(asked.noise_schedule(), asked.t),
    }


def mix_latents(backend: Backend, request: Any) -> dict[str, Any]:
    """{"id", "denoiser", "owner", "one", "other", and "share", "way"} → the same id, what lies
    between the two latents as float16, its "picture" as bytes, and the decoder's milliseconds."""
    return answer(partial(_mix_latents, backend), request)


def _mix_latents(backend: Backend, request: Any) -> dict[str, Any]:
    latents = _of(backend, request)
    asked = MixSettings(**{name: request[name] for name in ("share", "way")})
    one, other = (_latents(latents, request[name], 1)[0] for name in ("one", "other"))
    between, picture, spent = latents.mix(asked, one, other)
    return {
        "id": request["id"],
        "latent": _base64(halves(between)),
        "picture": _base64(grey_levels(picture)),
        "milliseconds": _rounded(spent),
    }


def decode_latents(backend: Backend, request: Any) -> dict[str, Any]:
    """{"denoiser", "owner", "latents": 1 to 16 of them, float16 in base64} → their "pictures" as
    bytes, one after the other."""
    return answer(partial(_decode_latents, backend), request)


def _decode_latents(backend: Backend, request: Any) -> dict[str, Any]:
    latents = _of(backend, request)
    pictures, _ = latents.decode(_latents(latents, request["latents"], MAX_COUNT))
    return {"pictures": _base64(grey_levels(pictures))}


def latent_costs(backend: Backend, request: Any) -> dict[str, Any]:
    """{"denoiser", "owner"} → "costs" of a step in pixels and in latents, as measured here."""
    return answer(partial(_latent_costs, backend), request)


def _latent_costs(backend: Backend, request: Any) -> dict[str, Any]:
    return {"costs": costs_told(_of(backend, request))}


FUNCTIONS: tuple[Callable[[Backend, Any], dict[str, Any]], ...] = (
    encode_picture,
    take_latent_apart,
    mix_latents,
    decode_latents,
    latent_costs,
)


def apart_endpoints(backend: Backend) -> None:
    """Register /apart and /mix inside the current gr.Blocks; their controls are for programs, never
    seen."""
    with gr.Group(visible=False):
        shown = [
            gr.Image(type="filepath", format="png", label=label)
            for label in ("The latent's channels, ±3 as black and white", "x_t, decoded", "x̂0")
        ]
        facts = gr.JSON(label="Shapes, milliseconds and errors")
        handlers: list[tuple[str, Callable[..., Any], type[Settings], int]] = [
            ("apart", take_apart, ApartSettings, 3),
            ("mix", mix, MixSettings, 1),
        ]
        for name, handler, model, pictures in handlers:
            named = {
                **{known: control(setting) for known, setting in offered(model).items()},
                "denoiser": gr.Textbox("", label="A denoiser of latents"),
                "owner": gr.Textbox("", label="Owner"),
            }
            for which in ("", "other_")[: 1 if model is ApartSettings else 2]:
                named[f"{which}picture"] = gr.File(label=f"A {KINDS} file; or none, for a number")
                named[f"{which}number"] = gr.Number(0, label="Of a picture that no training saw")
            as_sent(named.values())
            call = endpoint(handler, renamed=RENAMED)
            order = [*inspect.signature(call).parameters][1:]
            inputs = {RENAMED.get(known, known): made for known, made in named.items()}
            gr.Button(name).click(
                backend.handler(call),
                [inputs[known] for known in order],
                [*shown[:pictures], facts],
                api_name=name,
                **PICTURES,
            )


def take_apart(
    backend: Backend,
    asked: ApartSettings,
    picture: str | None = None,
    number: int = 0,
    denoiser: str = "",
    owner: str = "",
) -> tuple[str, str, str, dict[str, Any]]:
    """A picture, or one of those that no training saw, through a denoiser of latents: encoded,
    noised to step t, denoised once, and decoded. Three PNGs: the channels of its latent, what the
    decoder makes of x_t, and of x̂0. The facts: shapes, "psnr" of the autoencoder's own copy of the
    picture, "distance" of x̂0 from its latent, and the milliseconds of each arrow."""
    with told_in_the_page():
        latents = _chosen(backend, denoiser, owner)
        encoded = _encoded(backend, latents, picture, number)
        seen = latents.apart(asked, encoded.z)
        facts = {
            **facts_of(asked.noise_schedule(), asked.t),
            "picture": list(encoded.picture.shape),
            "latent": list(encoded.z.shape),
            "range": [_rounded(float(encoded.z.min())), _rounded(float(encoded.z.max()))],
            "psnr": _rounded(encoded.psnr),
            "distance": _rounded(seen.distance),
            "milliseconds": _spent({**encoded.milliseconds, **seen.milliseconds}),
        }
        return (
            png(backend, maps(encoded.z), "latent.png"),
            png(backend, seen.noisy, "x_t.png"),
            png(backend, seen.decoded, "x0.png"),
            facts,
        )


def mix(
    backend: Backend,
    asked: MixSettings,
    picture: str | None = None,
    number: int = 0,
    other_picture: str | None = None,
    other_number: int = 1,
    denoiser: str = "",
    owner: str = "",
) -> tuple[str, dict[str, Any]]:
    """What the decoder makes of a latent between those of two pictures, as a PNG, and the standard
    deviation of that latent beside those of the two."""
    with told_in_the_page():
        latents = _chosen(backend, denoiser, owner)
        one = _encoded(backend, latents, picture, number).z
        other = _encoded(backend, latents, other_picture, other_number).z
        between, seen, spent = latents.mix(asked, one, other)
        deviations = [_rounded(float(z.std())) for z in (one, between, other)]
        facts = {"deviations": deviations, "milliseconds": {"decoder": _rounded(spent)}}
        return png(backend, seen, "mixed.png"), facts


def costs_told(latents: Latents) -> list[dict[str, Any]]:
    """As JSON has them."""
    return [
        {**asdict(cost), "numbers": cost.numbers, "milliseconds": _rounded(cost.milliseconds)}
        for cost in latents.costs()
    ]


def _of(backend: Backend, request: Any) -> Latents:
    """Of a page's request."""
    name, owner = str(request["denoiser"]), str(request.get("owner") or "")
    return Latents.of(backend.models, name, owner)


def _chosen(backend: Backend, denoiser: str, owner: str) -> Latents:
    """Of a program's; the first that there is where it names none."""
    known = latent_denoisers()
    if not (name := denoiser or next(iter(known), "")):
        raise ValueError("there is no denoiser of latents here")
    return Latents.of(backend.models, name, owner)


def _encoded(backend: Backend, latents: Latents, path: str | None, number: int) -> Encoded:
    return latents.encode(
        backend.decoders.picture(path) if path else latents.picture(whole_number("number", number))
    )


def _latents(latents: Latents, text: Any, most: int) -> Tensor:
    """(B, C, H, W) of those sent; raises ValueError where they are none, or no numbers."""
    z = _numbers(text, np.float16, latents.shape, most).float()
    if not z.isfinite().all():
        raise ValueError("latents are finite numbers")
    return z


def _numbers(text: Any, kind: type[np.generic], shape: Sequence[int], most: int) -> Tensor:
    """(B, *shape) of base64; raises ValueError for anything but 1 to `most` of them."""
    each = math.prod(shape) * np.dtype(kind).itemsize
    many = "one sample" if most == 1 else f"1 to {most} samples"
    told = f"{many} of {' × '.join(map(str, shape))} numbers must be sent"
    if not isinstance(text, str) or len(text) > -(-most * each // 3) * 4:
        raise ValueError(told)
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError:
        content = b""
    if not content or len(content) % each:
        raise ValueError(told)
    return torch.from_numpy(np.frombuffer(content, kind).reshape(-1, *shape).copy())


def _base64(values: Tensor) -> str:
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode()


def _spent(milliseconds: Mapping[str, float]) -> dict[str, float]:
    return {name: _rounded(value) for name, value in milliseconds.items()}


def _rounded(value: float) -> float:
    return round(value, 3)
