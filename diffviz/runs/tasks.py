"""What can be asked of a picture: for which linear measurement it is taken, and a cheap answer that
needs no denoiser. A new task is an entry of TASKS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from diffviz.guidance.mmps import conjugate_gradients
from diffviz.guidance.operators import (
    BlockMean,
    Blur,
    Grey,
    Identity,
    LinearOperator,
    Mask,
    gaussian_kernel,
    motion_kernel,
)

if TYPE_CHECKING:
    from diffviz.runs.restoration import Restoration

LAPLACE_ITERATIONS = 400
LEAST_RIDGE = 1e-3  # of Wiener's filter: what rounding to grey levels leaves


@dataclass(frozen=True)
class Task:
    """operator: of settings and, for tasks with a hole, what is kept. cheap: of the operator, y and
    the standard deviation of its noise, (1, …) → (1, C, H, W), for comparison.

    enlarges: how many times higher and wider the result is than the picture measured. needs_mask:
    whether what is kept is told by a mask. holes: whether a part of the picture is missing, and the
    rest is to stay as it is. coloured: whether it makes colours. on_path: whether what was measured
    is an x_t, so that sampling can begin there. degrades: whether a whole picture can be degraded
    first, so that the original is known. parameters: names of its own settings.
    """

    name: str
    label: str
    says: str
    operator: Callable[[Restoration, Tensor | None], LinearOperator]
    cheap: Callable[[LinearOperator, Tensor, float], Tensor]
    cheap_label: str
    enlarges: Callable[[Restoration], tuple[float, float]] = lambda _: (1, 1)
    needs_mask: bool = False
    holes: bool = False
    coloured: bool = False
    on_path: bool = False
    degrades: bool = False
    parameters: tuple[str, ...] = ()


def _mask(settings: Restoration, kept: Tensor | None) -> LinearOperator:
    if kept is None:
        raise ValueError("a mask is missing: it says which part is to be made anew")
    return Mask(kept)


def harmonic(operator: LinearOperator, y: Tensor, noise: float = 0.0) -> Tensor:
    """The smoothest filling: in the hole the discrete Laplacian is 0, outside it is y.

    Solved for what is missing by conjugate gradients, (1, C, H, W).
    """
    assert isinstance(operator, Mask)
    hole = 1 - operator.kept.to(y).expand_as(y[:, :1])
    start = y + hole * (y.sum((2, 3), keepdim=True) / operator.kept.sum().clamp(min=1))

    def laplacian(x: Tensor) -> Tensor:
        around = F.pad(x, (1, 1, 1, 1), mode="replicate")
        near = around[..., :-2, 1:-1] + around[..., 2:, 1:-1]
        return 4 * x - near - around[..., 1:-1, :-2] - around[..., 1:-1, 2:]

    change = conjugate_gradients(
        lambda u: hole * laplacian(hole * u), -hole * laplacian(start), LAPLACE_ITERATIONS
    )
    return start + hole * change


def bicubic(operator: LinearOperator, y: Tensor, noise: float = 0.0) -> Tensor:
    assert isinstance(operator, BlockMean)
    larger: Tensor = F.interpolate(y, scale_factor=operator.factor, mode="bicubic")
    return larger.clamp(-1, 1)


def wiener(operator: LinearOperator, y: Tensor, noise: float = 0.0) -> Tensor:
    """Wiener's filter (1949) for a picture of the same power at all frequencies."""
    return operator.adjoint(operator.solve(y, noise**2 + LEAST_RIDGE)).clamp(-1, 1)


def smoothed(operator: LinearOperator, y: Tensor, noise: float = 0.0) -> Tensor:
    return Blur(gaussian_kernel(1.0))(y)


def grey(operator: LinearOperator, y: Tensor, noise: float = 0.0) -> Tensor:
    return y.expand(-1, 3, -1, -1)


def growth(settings: Restoration) -> tuple[float, float]:
    """Of a frame that grows at its sides."""
    up_and_down, left_and_right = margins(settings.sides)
    return 1 + settings.grow * sum(up_and_down), 1 + settings.grow * sum(left_and_right)


def margins(sides: str) -> tuple[tuple[bool, bool], tuple[bool, bool]]:
    """Whether there is one at the top and the bottom, and at the left and the right."""
    top, bottom, left, right = (
        sides == "all" or side in sides for side in ("top", "bottom", "left", "right")
    )
    return (top, bottom), (left, right)


TASKS = {
    task.name: task
    for task in (
        Task(
            "inpaint",
            "Fill what is painted over",
            "Paint over what is to be made anew; the rest stays as it is, to the last bit.",
            _mask,
            harmonic,
            "smoothest filling",
            needs_mask=True,
            holes=True,
        ),
        Task(
            "outpaint",
            "Grow the frame",
            "The picture is continued beyond its edges.",
            _mask,
            harmonic,
            "smoothest filling",
            enlarges=growth,
            holes=True,
            parameters=("grow", "sides"),
        ),
        Task(
            "upscale",
            "More pixels",
            "Each pixel is the mean of factor × factor that are to be found.",
            lambda settings, _: BlockMean(settings.factor),
            bicubic,
            "bicubic",
            enlarges=lambda settings: (settings.factor, settings.factor),
            degrades=True,
            parameters=("factor", "noise"),
        ),
        Task(
            "deblur",
            "Sharpen what is out of focus",
            "A Gaussian blur is undone.",
            lambda settings, _: Blur(gaussian_kernel(settings.blur)),
            wiener,
            "Wiener filter",
            degrades=True,
            parameters=("blur", "noise"),
        ),
        Task(
            "motion",
            "Sharpen what moved",
            "A blur along a straight line is undone.",
            lambda settings, _: Blur(motion_kernel(settings.length, settings.angle)),
            wiener,
            "Wiener filter",
            degrades=True,
            parameters=("length", "angle", "noise"),
        ),
        Task(
            "colour",
            "Colour a grey picture",
            "Its brightness is known, its colours are not.",
            lambda settings, _: Grey(),
            grey,
            "grey",
            coloured=True,
        ),
        Task(
            "denoise",
            "Remove noise",
            "The noise is Gaussian; how much of it there is, is found.",
            lambda settings, _: Identity(),
            smoothed,
            "smoothed",
            on_path=True,
            degrades=True,
            parameters=("noise",),
        ),
    )
}


def noise_in(y: Tensor) -> float:
    """The standard deviation of the noise in a picture (1, C, H, W), from the median of what a
    second difference both ways leaves of it (Immerkær 1996, with Donoho & Johnstone's median)."""
    kernel = torch.tensor([[1.0, -2, 1], [-2, 4, -2], [1, -2, 1]], device=y.device)
    left = F.conv2d(y.float().flatten(0, 1)[:, None], kernel[None, None])
    return float(left.abs().median() / 0.6745 / kernel.square().sum().sqrt())
