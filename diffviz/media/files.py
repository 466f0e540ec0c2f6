"""Samples and runs as files: PNG, a strip of steps, GIF and MP4, each with its note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from diffviz.media import captions
from diffviz.media.medium import Medium
from diffviz.media.notes import TAG, png_note
from diffviz.media.picture import PICTURE

if TYPE_CHECKING:
    from diffviz.samplers import Step

HOLD = 1.5  # seconds for which a film rests on its last picture
Made = TypeVar("Made")


def lanes_of(made: Made | Mapping[str, Made]) -> Mapping[str, Made]:
    """A race's lanes by their names; of a run by itself, which needs none, the only one."""
    return made if isinstance(made, Mapping) else {"": made}


def save_png(
    x: Tensor | Mapping[str, Tensor],
    path: str | Path,
    scale: int = 8,
    per_row: int | None = None,
    medium: Medium = PICTURE,
    note: str = "",
    headings: Sequence[str] = (),
) -> None:
    """Samples (B, …), pictures in −1..1, as one PNG; of a race each lane's, by its name. headings:
    of the columns, here and in the other files."""
    sheet = captions.sheet(lanes_of(x), medium, scale, per_row, headings)
    Image.fromarray(sheet).save(path, pnginfo=png_note(note))


def save_strip(
    steps: Sequence[Step] | Mapping[str, Sequence[Step]],
    path: str | Path,
    view: str = "x",
    most: int = 11,
    scale: int = 3,
    medium: Medium = PICTURE,
    note: str = "",
    headings: Sequence[str] = (),
) -> None:
    """A run, or a race's lanes by their names, as one PNG: a row for each picture, at most `most`
    steps from noise to result."""

    def views(steps: Sequence[Step]) -> Tensor:
        chosen = [steps[round(k)] for k in np.linspace(0, len(steps) - 1, min(most, len(steps)))]
        return torch.stack([medium.view(step, view) for step in chosen], dim=1)  # (B, steps, …)

    lanes = {name: views(made) for name, made in lanes_of(steps).items()}
    strip = captions.strip(lanes, medium, scale, headings)
    Image.fromarray(strip).save(path, pnginfo=png_note(note))


def save_gif(
    steps: Sequence[Step] | Mapping[str, Sequence[Step]],
    path: str | Path,
    view: str = "x",
    fps: float = 10,
    scale: int = 6,
    per_row: int | None = None,
    medium: Medium = PICTURE,
    note: str = "",
    headings: Sequence[str] = (),
) -> None:
    """A run, or a race's lanes by their names, as an animated GIF that loops, resting on the
    result."""
    sheets = sheets_of(lanes_of(steps), view, scale, per_row, medium, headings)
    film_gif(sheets, path, fps, note)


def sheets_of(
    lanes: Mapping[str, Sequence[Step]],
    view: str,
    scale: int,
    per_row: int | None,
    medium: Medium,
    headings: Sequence[str],
) -> list[np.ndarray]:
    """A picture (rows, columns, 3) uint8 for each step that all lanes have."""
    return [
        captions.sheet(
            {name: medium.view(step, view) for name, step in zip(lanes, at, strict=True)},
            medium,
            scale,
            per_row,
            headings,
        )
        for at in zip(*lanes.values(), strict=True)
    ]


def film_gif(
    sheets: Sequence[np.ndarray],
    path: str | Path,
    fps: float = 10,
    note: str = "",
    noisy: bool = False,
) -> None:
    """Pictures (rows, columns, 3) uint8 as an animated GIF that loops, resting on the last. noisy:
    choose their palettes by an octree, of pictures with as many colours as pixels a hundred times
    as fast as by their median."""
    frames = [Image.fromarray(sheet) for sheet in sheets]
    if all((sheet == sheet[..., :1]).all() for sheet in sheets):
        frames = [frame.convert("L") for frame in frames]  # all 256 greys, not a palette's guess
    elif noisy:
        frames = [frame.quantize(method=Image.Quantize.FASTOCTREE) for frame in frames]
    each = round(1000 / fps)
    durations = [each] * (len(frames) - 1) + [round(1000 * HOLD)]
    more: dict[str, Any] = {"comment": note.encode()} if note else {}
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=durations, loop=0, **more
    )


def save_mp4(
    steps: Sequence[Step] | Mapping[str, Sequence[Step]],
    path: str | Path,
    view: str = "x",
    fps: float = 10,
    scale: int = 8,
    per_row: int | None = None,
    medium: Medium = PICTURE,
    note: str = "",
    headings: Sequence[str] = (),
) -> None:
    """A run, or a race's lanes by their names, as an H.264 film that any browser plays."""
    sheets = sheets_of(lanes_of(steps), view, scale, per_row, medium, headings)
    film_mp4(sheets, path, fps, note)


def film_mp4(
    frames: Sequence[np.ndarray], path: str | Path, fps: float = 10, note: str = ""
) -> None:
    """Pictures (rows, columns, 3) uint8, all of one size, as an H.264 film."""
    import av  # 30 ms that only this format costs

    with av.open(str(path), "w") as container:
        if note:
            container.metadata[TAG] = note
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        stream.pix_fmt = "yuv420p"
        height, width = (side + side % 2 for side in frames[0].shape[:2])  # yuv420p wants even
        stream.height, stream.width = height, width
        for sheet in [*frames, *[frames[-1]] * round(HOLD * fps)]:
            even = np.pad(
                sheet,
                ((0, height - sheet.shape[0]), (0, width - sheet.shape[1]), (0, 0)),
                mode="edge",
            )
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())
