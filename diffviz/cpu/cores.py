"""How many cores a process may use."""

from __future__ import annotations

import os


def cores() -> int:
    """Can be fewer than the machine has, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
