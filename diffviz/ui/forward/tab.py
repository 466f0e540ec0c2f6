"""The Forward tab: a picture drowns in noise, in the browser; what it needs of the server."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, ClassVar

import numpy as np
from PIL import Image
from torch import Tensor

from diffviz.autoencoders import pictures_shape
from diffviz.data import words_of
from diffviz.data.examples import example, example_credit, example_path, shown_names
from diffviz.forward import noise
from diffviz.media.levels import grey_levels
from diffviz.media.raster import MAX_BYTES, SIZE
from diffviz.runs.asking import ANYTHING
from diffviz.runs.link import schema
from diffviz.runs.schema import DRAWN, MAX_SEED, SEED, EditSettings, NoiseSettings
from diffviz.schedules import MAX_STEPS, MIN_STEPS, SCHEDULES
from diffviz.serving.backend import Backend
from diffviz.serving.figures import taken_home
from diffviz.serving.guessing import (
    DENOISERS,
    card_of,
    coder_of,
    eps_seen,
    ratio_range,
    sees,
    shape_seen,
    what_it_sees,
)
from diffviz.serving.noising import ending, write_noising
from diffviz.serving.pictures import seen_by, uploaded
from diffviz.serving.sampling import SPEAKING
from diffviz.settings import Setting, declared
from diffviz.ui.component import live_view
from diffviz.ui.forward.api import OfTheTab, forward_endpoints
from diffviz.ui.forward.bringing_back import Edited, edit_endpoint, hear, let_bring_back
from diffviz.ui.forward.keeping import let_keep
from diffviz.ui.messages import answer

THUMBNAIL = 56


class OnPage(Edited):
    """What the tab's controls say, and its links; t begins where the opening film ends."""

    without: ClassVar[frozenset[str]] = frozenset({"mode"})  # each is a button

    example_name: Annotated[
        str, Setting(label="Example", help="The picture", choices=shown_names)
    ] = shown_names()[0]
    denoiser: OfTheTab = next(iter(DENOISERS))
    t: Annotated[int, declared(Edited)["t"]] = 420
    what: Annotated[str, declared(Edited)["what"]] = ANYTHING
    words: Annotated[
        str, Setting(label="In your words", help="For a denoiser that knows words")
    ] = next((words.of_a_picture for words in SPEAKING.values()), "")
    rivals: Annotated[
        tuple[str, ...], Setting(label="Schedules to compare", help="Up to two, by name")
    ] = ()
    as_is: Annotated[
        bool, Setting(label="Show x_t as it is", help="Not at the brightness of the picture")
    ] = False


SCHEDULE = declared(NoiseSettings)["schedule"]
SEEN = tuple(dict.fromkeys(map(sees, DENOISERS)))  # by whom pictures are seen in different ways


def forward_tab(backend: Backend) -> None:
    """Build the tab inside the current gr.Blocks."""
    view = live_view(
        "forward/view",
        "forward-view",
        "Adding noise to a picture",
        events=("back", "halt", "keep"),
        server_functions=[
            *map(backend.handler, (load, see, denoise, take_noising)),
            other_noise,
            hear,
        ],
        facts=_facts(),
    )
    let_bring_back(backend, view)
    let_keep(backend, view)
    forward_endpoints(backend)
    edit_endpoint(backend)


def _facts() -> dict[str, Any]:
    """What the page's code must know; the schedules' parameters exist in Python alone."""
    return {
        "kinds": [
            {
                "name": kind.name,
                "label": kind.label,
                "source": kind.source,
                "preserving": kind.variance_preserving,
                "parameters": [parameter.facts() for parameter in kind.parameters],
            }
            for kind in SCHEDULES.values()
        ],
        "T": {"minimum": MIN_STEPS, "maximum": MAX_STEPS},
        "maxSeed": MAX_SEED,
        "maxBytes": MAX_BYTES,
        "side": SIZE,
        "examples": examples_shown(),
        "denoisers": [_denoiser_facts(name) for name in DENOISERS],
        "guidance": declared(EditSettings)["guidance"].facts(),
        "samplers": declared(EditSettings)["sampler"].labelled(),
        "settings": schema(OnPage),
    }


def _denoiser_facts(name: str) -> dict[str, Any]:
    """any: whether it takes pictures of any size, at their own. sees: whose pictures it sees, the
    key of `load`'s "small"; things: the classes that it can be asked for, or none where it
    `speaks`, that is, takes words; knows, says, exact: of Offered."""
    info, offered = card_of(name).data, DENOISERS[name]
    words = words_of(info)
    low, high = ratio_range(name)
    return {
        "name": name,
        "label": offered.label,
        "knows": offered.knows,
        "says": offered.says,
        "exact": offered.exact,
        "sees": offered.model,
        "shape": pictures_shape(info),
        "any": card_of(name).network.any_size,
        "range": [low, high] if math.isfinite(high) else None,
        "speaks": words is not None,
        "example": words.of_a_picture if words else "",
        "things": info.slots[0].values if info.slots and not words else [],
    }


def examples_shown() -> list[dict[str, str]]:
    """The examples, with a thumbnail and what must be said of them."""
    return [
        {"name": name, "thumbnail": _thumbnail(name), "credit": example_credit(name)}
        for name in shown_names()
    ]


def _thumbnail(name: str) -> str:
    """A small WebP as a data: address."""
    with Image.open(example_path(name)) as image:
        image.thumbnail((THUMBNAIL * 2, THUMBNAIL * 2))
        file = io.BytesIO()
        image.save(file, "WEBP", lossless=min(image.size) < THUMBNAIL, quality=80)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


def load(backend: Backend, request: Any) -> dict[str, Any]:
    """{"example": name} or {"path": of an upload}, "seed" and "denoiser" → the picture x0 as bytes
    and its ε as float16, both planar; and "small": of what each denoiser sees of it the shape, and
    whether it is the very picture with its very noise. What the request's denoiser sees comes
    along; that of others is asked for with `see`."""
    return answer(partial(_load, backend), request)


def _load(backend: Backend, request: Any) -> dict[str, Any]:
    seed, chosen = SEED.check(request["seed"]), sees(str(request["denoiser"]))
    if "example" in request:
        picture = example(str(request["example"]))
    else:
        picture = uploaded(backend, request["path"])
    channels, height, width = picture.shape
    small = {name: _small(picture.shape, name) for name in SEEN}
    if not small[chosen]["same"]:
        small[chosen] |= _contents(what_it_sees(picture, chosen), chosen, seed)
    return {
        "seed": seed,
        "channels": channels,
        "height": height,
        "width": width,
        "x0": _base64(grey_levels(picture).numpy()),
        "eps": _half(noise(seed, picture.shape)),
        "small": small,
    }


def _small(shape: Sequence[int], name: str) -> dict[str, Any]:
    seen = shape_seen(shape, name)
    return {"shape": seen, "same": seen == tuple(shape) and not coder_of(name)}


def _contents(seen: Tensor, name: str, seed: int) -> dict[str, str]:
    return {
        "x0": _base64(grey_levels(seen).numpy()),
        "eps": _half(eps_seen(name, seed, tuple(seen.shape))),
    }


def see(backend: Backend, request: Any) -> dict[str, Any]:
    """{what `seen_by` takes, "seed", "denoiser"} → what that denoiser sees of the picture, "x0" as
    bytes, and its noise "eps" as float16, both planar."""
    return answer(partial(_see, backend), request)


def _see(backend: Backend, request: Any) -> dict[str, Any]:
    name = sees(str(request["denoiser"]))
    return _contents(seen_by(backend, request, name), name, SEED.check(request["seed"]))


def other_noise(request: Any) -> dict[str, Any]:
    """{"seed", "shape", "denoiser"} → the ε of that seed for a picture of that shape, and
    "small_eps", that in what the denoiser sees of one."""
    return answer(_other_noise, request)


def _other_noise(request: Any) -> dict[str, Any]:
    seed, name = SEED.check(request["seed"]), str(request["denoiser"])
    channels, height, width = (int(side) for side in request["shape"])
    if channels not in (1, 3) or not (0 < height <= SIZE and 0 < width <= SIZE):
        raise ValueError("no picture here has that shape")
    shape = channels, height, width
    return {
        "seed": seed,
        "eps": _half(noise(seed, shape)),
        "small_eps": _half(eps_seen(name, seed, shape_seen(shape, name))),
    }


def denoise(backend: Backend, request: Any) -> dict[str, Any]:
    """{"id", what `seen_by` takes, "seed", "alpha", "sigma", "denoiser"} → the same id,
    x_t, x̂0 and ε̂ as float16, and their root mean square errors."""
    return answer(partial(_denoise, backend), request)


def _denoise(backend: Backend, request: Any) -> dict[str, Any]:
    name = str(request["denoiser"])
    seen = backend.guessing.guess(
        name,
        seen_by(backend, request, name),
        int(request["seed"]),
        float(request["alpha"]),
        float(request["sigma"]),
    )
    return {
        "id": request["id"],
        "xt": _half(seen.x_t),
        "x0": _half(seen.x0),
        "eps": _half(seen.eps),
        "x0Error": seen.x0_error,
        "epsError": seen.eps_error,
    }


def take_noising(backend: Backend, request: Any) -> dict[str, Any]:
    """{"picture": {"example"} or {"upload"}, "settings", "rivals", "format", "theme"} → a file of
    the noising, as `taken_home` sends it."""
    return answer(partial(_take_noising, backend), request)


def _take_noising(backend: Backend, request: Any) -> dict[str, Any]:
    settings = NoiseSettings(**dict(request["settings"]))
    source, kind = request["picture"], str(request["format"])
    if "example" in source:
        x0 = example(str(source["example"]))
    else:
        x0 = uploaded(backend, source["upload"], keep=True)
    rivals = [SCHEDULE.check(name) for name in request["rivals"] if name != DRAWN]
    name = f"diffviz-noised-{settings.schedule}-seed-{settings.seed}{ending(kind)}"
    return taken_home(
        name,
        lambda path: write_noising(x0, settings, rivals, kind, str(request["theme"]), path),
    )


def _half(values: Tensor) -> str:
    return _base64(values.half().numpy())


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
