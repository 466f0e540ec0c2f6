"""Loops over numbers that Numba compiles, where PyTorch has no operation for what they do.

Training alone imports this: a page need not wait for a compiler.

Such loops are best short and many: the compiler lets one work on many numbers at once only where a
few comparisons show that what it writes is not what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numba
import numpy as np
from numba import void
from torch import Tensor

from diffviz.device import is_cpu

# fastmath: sums may be taken in any order.
OPTIONS = {"fastmath": True, "boundscheck": False, "error_model": "numpy"}
HALF_OF_WORD = np.uint32(16)


def compiled(*types: Any) -> Callable[[Any], Any]:
    """Compile at once, and keep it for the next process where there is a place for it.

    Called, it lets other threads go on. Where it takes a pointer it is called with an address.
    """

    def decorate(function: Any) -> Any:
        try:
            code = numba.cfunc(void(*types), cache=True, **OPTIONS)(function)
        except (RuntimeError, OSError):  # no folder to write in, or no room
            code = numba.cfunc(void(*types), **OPTIONS)(function)
        call = code.ctypes
        call.code = code  # lives as long
        return call

    return decorate


def inlined(function: Any) -> Any:
    """What compiled functions may call."""
    return numba.njit(**OPTIONS)(function)


def pointers(*tensors: Tensor) -> Iterator[int]:
    """Their addresses, at which compiled code reads and writes; raises ValueError where a tensor's
    numbers are not in this process's memory."""
    if elsewhere := [tensor.device for tensor in tensors if not is_cpu(tensor)]:
        raise ValueError(f"compiled code cannot reach a tensor on {elsewhere[0]}")
    return (tensor.data_ptr() for tensor in tensors)


@inlined
def widened(half: Any) -> Any:
    """float32 from the bits of bfloat16, which are its upper half; NumPy has no such type."""
    return np.uint32(np.uint32(half) << HALF_OF_WORD).view(np.float32)


@inlined
def rounded(x: Any) -> Any:
    """The bits of the nearest bfloat16."""
    return np.uint16((np.float32(x).view(np.uint32) + np.uint32(0x8000)) >> HALF_OF_WORD)
