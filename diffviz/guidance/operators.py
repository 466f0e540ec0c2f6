"""What is measured of a picture: linear operators A, each with its adjoint and pseudo-inverse.

y = A·x0 + σ_y·z is what restoration starts from: a hole (Mask), fewer pixels (BlockMean), a blur
(Blur), no colours (Grey), or noise alone (Identity). `solve` is what posterior sampling needs of
each, in closed form, so that no method has to know which operator it has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from diffviz.parametrization import per_image

LUMA = (0.299, 0.587, 0.114)  # ITU-R 601
# A blur that leaves less than this of a frequency is taken to remove it: what rounding to grey
# levels left of it could not be told from nothing.
LEAST_GAIN = 0.01

Ridge = float | Tensor  # one for all pictures, or one each, (B,)


class LinearOperator(Protocol):
    """x: (B, C, H, W); y: whatever shape the operator gives it."""

    def __call__(self, x: Tensor) -> Tensor:
        """A·x."""
        ...

    def adjoint(self, y: Tensor) -> Tensor:
        """Aᵀ·y, so that ⟨A·x, y⟩ = ⟨x, Aᵀ·y⟩."""
        ...

    def solve(self, y: Tensor, ridge: Ridge = 0.0) -> Tensor:
        """(A·Aᵀ + ridge·1)⁻¹·y for a y in the range of A; for ridge 0 the pseudo-inverse of
        A·Aᵀ."""
        ...

    def measured(self, y: Tensor) -> float | Tensor:
        """How many numbers of each picture are measured; one for all, or (B,)."""
        ...


def pseudo_inverse(operator: LinearOperator, y: Tensor) -> Tensor:
    """A⁺·y = Aᵀ·(A·Aᵀ)⁺·y: of all x with A·x = y the one of least norm."""
    return operator.adjoint(operator.solve(y))


def like(ridge: Ridge, y: Tensor) -> Tensor | float:
    return per_image(ridge, y) if isinstance(ridge, Tensor) else ridge


class Identity:
    """Everything is seen, perhaps through noise."""

    def __call__(self, x: Tensor) -> Tensor:
        return x

    def adjoint(self, y: Tensor) -> Tensor:
        return y

    def solve(self, y: Tensor, ridge: Ridge = 0.0) -> Tensor:
        return y / (1 + like(ridge, y))

    def measured(self, y: Tensor) -> float | Tensor:
        return y[0].numel()


@dataclass(frozen=True)
class Mask:
    """kept: (H, W) or (B, 1, H, W), 1 where the picture is known and 0 in the hole, where y is
    0."""

    kept: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return x * self.kept.to(x)

    def adjoint(self, y: Tensor) -> Tensor:
        return y * self.kept.to(y)

    def solve(self, y: Tensor, ridge: Ridge = 0.0) -> Tensor:
        return self(y) / (1 + like(ridge, y))

    def measured(self, y: Tensor) -> float | Tensor:
        return self.kept.to(y).expand_as(y).flatten(1).sum(1)


@dataclass(frozen=True)
class BlockMean:
    """Each pixel of y is the mean of factor × factor pixels of x. A·Aᵀ = 1/factor²."""

    factor: int

    def __call__(self, x: Tensor) -> Tensor:
        """Raises ValueError where the factor does not divide a side."""
        height, width = x.shape[-2:]
        if height % self.factor or width % self.factor:
            raise ValueError(
                f"{width} × {height} pixels are not blocks of {self.factor} × {self.factor}"
            )
        return torch.nn.functional.avg_pool2d(x, self.factor)

    def adjoint(self, y: Tensor) -> Tensor:
        wide = y.repeat_interleave(self.factor, -1).repeat_interleave(self.factor, -2)
        return wide / self.factor**2

    def solve(self, y: Tensor, ridge: Ridge = 0.0) -> Tensor:
        return y / (self.factor**-2 + like(ridge, y))

    def measured(self, y: Tensor) -> float | Tensor:
        return y[0].numel()


@dataclass(frozen=True)
class Grey:
    """The luma of three colours, (B, 3, H, W) → (B, 1, H, W). A·Aᵀ = |weights|²."""

    weights: tuple[float, float, float] = LUMA

    def _weights(self, like: Tensor) -> Tensor:
        return torch.tensor(self.weights, dtype=like.dtype, device=like.device)[:, None, None]

    def __call__(self, x: Tensor) -> Tensor:
        return (x * self._weights(x)).sum(1, keepdim=True)

    def adjoint(self, y: Tensor) -> Tensor:
        return y * self._weights(y)

    def solve(self, y: Tensor, ridge: Ridge = 0.0) -> Tensor:
        return y / (sum(w**2 for w in self.weights) + like(ridge, y))

    def measured(self, y: Tensor) -> float | Tensor:
        return y[0].numel()


class Blur:
    """A convolution around the edges, as if the picture were a tile among its own copies: diagonal
    in Fourier's basis. kernel: (h, w) of odd sides, whose middle is where a pixel stays."""

    def __init__(self, kernel: Tensor) -> None:
        if kernel.dim() != 2 or not (kernel.shape[0] % 2 and kernel.shape[1] % 2):
            raise ValueError(f"a kernel has odd sides, not {tuple(kernel.shape)}")
        self.kernel = kernel.double()
        self._gains: dict[tuple[int, int], Tensor] = {}

    def gain(self, height: int, width: int) -> Tensor:
        """What is left of each frequency, (H, W/2 + 1) complex; 0 where that is below LEAST_GAIN.

        Raises ValueError where the kernel is larger than the picture.
        """
        if (height, width) not in self._gains:
            rows, columns = self.kernel.shape
            if rows > height or columns > width:
                raise ValueError(f"a blur of {columns} × {rows} pixels is larger than the picture")
            tile = torch.zeros(height, width, dtype=torch.float64)
            tile[:rows, :columns] = self.kernel
            tile = tile.roll((-(rows // 2), -(columns // 2)), (0, 1))
            gain = torch.fft.rfft2(tile)
            self._gains[height, width] = torch.where(gain.abs() < LEAST_GAIN, 0, gain)
        return self._gains[height, width]

    def _filter(self, x: Tensor, response: Tensor) -> Tensor:
        spectrum = torch.fft.rfft2(x.double()) * response.to(x.device)
        filtered: Tensor = torch.fft.irfft2(spectrum, s=x.shape[-2:])
        return filtered.to(x.dtype)

    def __call__(self, x: Tensor) -> Tensor:
        return self._filter(x, self.gain(*x.shape[-2:]))

    def adjoint(self, y: Tensor) -> Tensor:
        return self._filter(y, self.gain(*y.shape[-2:]).conj())

    def solve(self, y: Tensor, ridge: Ridge = 0.0) -> Tensor:
        power = self.gain(*y.shape[-2:]).abs().square()
        total = power + like(ridge.double() if isinstance(ridge, Tensor) else ridge, y.double())
        return self._filter(y, torch.where(power > 0, 1 / total, 0))

    def measured(self, y: Tensor) -> float | Tensor:
        return y[0].numel()


def gaussian_kernel(std: float) -> Tensor:
    """(n, n) float64 with sum 1, cut off at three standard deviations (in pixels)."""
    reach = max(1, math.ceil(3 * std))
    line = torch.exp(-torch.arange(-reach, reach + 1, dtype=torch.float64).square() / (2 * std**2))
    kernel = torch.outer(line, line)
    return kernel / kernel.sum()


def motion_kernel(length: float, degrees: float) -> Tensor:
    """A straight line of that length in pixels, as of a camera that moved: (n, n) float64, sum
    1."""
    reach = max(1, math.ceil(length / 2))
    size, samples = 2 * reach + 1, 8 * math.ceil(length) + 1
    along = torch.linspace(-length / 2, length / 2, samples, dtype=torch.float64)
    angle = math.radians(degrees)
    kernel = torch.zeros(size, size, dtype=torch.float64)
    for x, y in zip(
        (along * math.cos(angle)).tolist(), (-along * math.sin(angle)).tolist(), strict=True
    ):
        left, top = math.floor(x), math.floor(y)
        for column, across in ((left, left + 1 - x), (left + 1, x - left)):
            for row, down in ((top, top + 1 - y), (top + 1, y - top)):
                if across * down > 0:
                    kernel[row + reach, column + reach] += across * down
    return kernel / kernel.sum()
