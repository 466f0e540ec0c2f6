"""Pictures and runs as files: PNG, a strip of steps, GIF and MP4."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from diffviz.media.picture import tile, view_of
from diffviz.samplers import Step

HOLD = 1.5  # seconds for which a film rests on its last picture


def save_png(x: Tensor, path: str | Path, scale: int = 8, per_row: int | None = None) -> None:
    """Pictures (B, C, H, W) in −1..1 as one PNG."""
    Image.fromarray(tile(x, scale, per_row)).save(path)


def save_strip(
    steps: Sequence[Step], path: str | Path, view: str = "x", most: int = 11, scale: int = 3
) -> None:
    """A run as one PNG: a row for each picture, at most `most` steps from noise to result."""
    chosen = [steps[round(k)] for k in np.linspace(0, len(steps) - 1, min(most, len(steps)))]
    frames = torch.stack([view_of(step, view) for step in chosen], dim=1)  # (B, steps, C, H, W)
    Image.fromarray(tile(frames.flatten(0, 1), scale, per_row=len(chosen))).save(path)


def save_gif(
    steps: Sequence[Step],
    path: str | Path,
    view: str = "x",
    fps: float = 10,
    scale: int = 6,
    per_row: int | None = None,
) -> None:
    """A run as an animated GIF that loops, resting on the result."""
    frames = [Image.fromarray(tile(view_of(step, view), scale, per_row)) for step in steps]
    if steps[0].x.shape[1] == 1:
        frames = [frame.convert("L") for frame in frames]  # all 256 greys, not a palette's guess
    each = round(1000 / fps)
    durations = [each] * (len(frames) - 1) + [round(1000 * HOLD)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0)


def save_mp4(
    steps: Sequence[Step],
    path: str | Path,
    view: str = "x",
    fps: float = 10,
    scale: int = 8,
    per_row: int | None = None,
) -> None:
    """A run as an H.264 film that any browser plays."""
    import av  # 30 ms that only this format costs

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        stream.pix_fmt = "yuv420p"
        frames = [tile(view_of(step, view), scale, per_row) for step in steps]
        height, width = (side + side % 2 for side in frames[0].shape[:2])  # yuv420p wants even
        stream.height, stream.width = height, width
        for sheet in frames + [frames[-1]] * round(HOLD * fps):
            even = np.pad(
                sheet,
                ((0, height - sheet.shape[0]), (0, width - sheet.shape[1]), (0, 0)),
                mode="edge",
            )
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())
