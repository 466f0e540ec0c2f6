"""How the C library keeps memory for tensors."""

from __future__ import annotations

import ctypes
import sys

# The parameters of mallopt(3), in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory(mebibytes: int = 64) -> None:
    """Have glibc keep up to so much freed memory a thread for the next tensors.

    It would give large blocks back to the system at once, in all threads but the first, and clear
    the same pages again for the next tensor: thousands of page faults a training step. Nothing
    happens where there is no glibc.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        mallopt(M_MMAP_THRESHOLD, 32 << 20)  # the highest that it takes
        mallopt(M_TRIM_THRESHOLD, mebibytes << 20)
