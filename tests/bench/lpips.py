"""How alike two pictures are to the eye: LPIPS (Zhang et al. 2018), learned from people's answers,
in the variant that a shift of a pixel does not upset (Ghildyal & Liu 2022), whose weights, unlike
those of LPIPS' own networks, come in a wheel, `stlpips-pytorch`. Of that the weights alone are
used: its modules import packages that it does not name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)  # of pictures in −1..1
EDGES = torch.tensor([1.0, 2.0, 1.0])
CONVOLUTIONS = ("slice1.0", "slice2.5", "slice3.9", "slice4.11", "slice5.13")  # AlexNet's


@cache
def weights() -> Mapping[str, Tensor]:
    package = find_spec("stlpips_pytorch")
    assert package is not None, "pip install -r tests/requirements.txt"
    assert package.origin is not None
    file = Path(package.origin).parent / "weights/vST0.0/alex_shift_tolerant.pth"
    loaded: Mapping[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return loaded


def convolved(x: Tensor, number: int, padding: int) -> Tensor:
    name = f"net.{CONVOLUTIONS[number]}"
    return F.conv2d(x, weights()[f"{name}.weight"], weights()[f"{name}.bias"], padding=padding)


def halved(x: Tensor) -> Tensor:
    """Blurred by (1, 2, 1)/4 each way before every second pixel is dropped (Zhang 2019)."""
    kernel = (EDGES[:, None] * EDGES / 16).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), kernel, stride=2, groups=x.shape[1])


def stages(x: Tensor) -> Iterator[Tensor]:
    """(B, 3, H, W) in −1..1 → the features of AlexNet's five convolutions."""
    shift, scale = (torch.tensor(value)[:, None, None] for value in (SHIFT, SCALE))
    h = F.relu(halved(convolved((x.clamp(-1, 1) - shift) / scale, 0, 2)))
    yield h
    h = F.relu(convolved(halved(F.max_pool2d(h, 3, 1)), 1, 2))
    yield h
    h = halved(F.max_pool2d(h, 3, 1))
    for number in (2, 3, 4):
        h = F.relu(convolved(h, number, 1))
        yield h


@torch.no_grad()
def lpips(one: Tensor, other: Tensor) -> float:
    """Of two pictures (1, 3, H, W) in −1..1: eq. 1 of Zhang et al., 0 where they are the same."""
    total = 0.0
    for number, pair in enumerate(zip(stages(one), stages(other), strict=True)):
        a, b = (F.normalize(features, dim=1) for features in pair)
        learned = weights()[f"lin{number}.model.1.weight"]
        total += float(F.conv2d((a - b).square(), learned).mean())
    return total
