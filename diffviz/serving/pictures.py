"""Pictures that the page's requests speak of: uploaded, an example, or sent as levels."""

from __future__ import annotations

import os
from typing import Any

from torch import Tensor

from diffviz.data.examples import example
from diffviz.media.raster import PictureError
from diffviz.serving.backend import Backend
from diffviz.serving.guessing import from_levels_sent, what_it_sees
from diffviz.web.uploads import is_within


def uploaded(backend: Backend, path: Any, keep: bool = False) -> Tensor:
    """The picture of a file that was uploaded; the file is then deleted, or in time."""
    if not is_within(path, backend.settings.uploads):
        raise ValueError("the path is none of an uploaded file")
    try:
        return backend.decoders.picture(path)
    except FileNotFoundError as error:
        raise PictureError("the upload is gone; please choose the file again") from error
    finally:
        if not keep and os.path.isfile(path):
            os.unlink(path)


def seen_by(backend: Backend, request: Any, name: str) -> Tensor:
    """What the denoiser of that name sees, (C, H, W), of a request's "small", levels as `load` told
    them, or where that would be much to send, its "picture": {"example"} or {"upload"}."""
    if "picture" not in request:
        return from_levels_sent(request["small"], name)
    source = request["picture"]
    if "example" in source:
        return what_it_sees(example(str(source["example"])), name)
    return what_it_sees(uploaded(backend, source["upload"], keep=True), name)
