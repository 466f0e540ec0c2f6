"""Which device computes, and where the kinds of device differ.

Only the beginning of a run or a training asks `choose`. From there on a tensor's device is its own:
networks and noise are moved once, and what meets them follows them. Coefficients (α, σ and what is
made of them) are float64 on the CPU until they meet a tensor (`parametrization.per_image`), so that
they are the same numbers everywhere and a decision made by them waits for no accelerator.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import get_args

import torch
from torch import Tensor

from diffviz.config import DeviceName

NAMES: tuple[str, ...] = get_args(DeviceName)
CPU = torch.device("cpu")


def available() -> list[str]:
    """The kinds of device that are here, the fastest first."""
    accelerators = (("cuda", torch.cuda.is_available), ("mps", torch.backends.mps.is_available))
    return [name for name, is_here in accelerators if is_here()] + ["cpu"]


def choose(name: str = "auto") -> torch.device:
    """The device of that name; auto is the fastest that is here.

    Raises ValueError for an unknown one, and for one that is not here, naming the choices.
    """
    here = available()
    if name not in NAMES:
        raise ValueError(f"unknown device {name!r}; choose from {', '.join(NAMES)}")
    if name not in ("auto", *here):
        raise ValueError(f"there is no {name} device here; choose from auto, {', '.join(here)}")
    return torch.device(here[0] if name == "auto" else name)


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor there; a CUDA device is not waited for."""
    return tensor.to(device, non_blocking=device.type == "cuda")


def is_cpu(tensor: Tensor) -> bool:
    """Whether what diffviz/cpu has for CPUs alone may be used on it."""
    return tensor.device.type == "cpu"


def widest_dtype(device: torch.device) -> torch.dtype:
    """For sums that need it: float64, but float32 on mps, which has no wider one."""
    return torch.float32 if device.type == "mps" else torch.float64


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Networks compute in that type meanwhile; in float32, as they are."""
    return nullcontext() if dtype == torch.float32 else torch.autocast(device.type, dtype)


def autocast_dtype(device: torch.device) -> torch.dtype:
    """What networks train in on an accelerator; of CPUs, each is measured (cpu/precision.py)."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def finish(device: torch.device) -> None:
    """Wait for all that a device was given to do: it works on while Python goes ahead."""
    if device.type in ("cuda", "mps"):
        getattr(torch, device.type).synchronize()
