"""The app's one engine and one line of visitors, as its configuration says."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache

import torch

from diffviz.config import Config, config
from diffviz.cpu.allocator import keep_freed_memory
from diffviz.metrics import count_batch
from diffviz.serving.admission import Admission
from diffviz.serving.engine import Engine, LocalEngine

# Between two of the hundred operations of a forward pass a worker needs Python's lock, for which it
# waits this long whenever another thread runs Python code. By default it is 5 ms, and visitors'
# frames being packed then took a third of the engine's throughput.
SWITCH_SECONDS = 1e-4


@dataclass(frozen=True)
class Service:
    engine: Engine
    admission: Admission

    def close(self) -> None:
        self.admission.close()
        self.engine.close()


@cache
def service() -> Service:
    """Started at the first call."""
    settings = config()
    torch.set_num_threads(1)  # a worker is a thread, and has a core for itself
    keep_freed_memory()
    sys.setswitchinterval(SWITCH_SECONDS)
    workers = settings.threads or min(2, cores())
    admission = Admission(settings.places, settings.line, settings.run_seconds)
    local = LocalEngine(workers, observe=count_batch)
    engine = ray_engine(settings, workers, local) if settings.engine == "ray" else local
    return Service(engine, admission)


def cores() -> int:
    """How many this process may use, which can be fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ray_engine(settings: Config, workers: int, local: LocalEngine) -> Engine:
    """Exits with a sentence where Ray is not installed, or its cluster not there."""
    try:
        from diffviz.serving.replicas import RayEngine

        return RayEngine(settings.ray_address, settings.ray_replicas, workers, local)
    except ImportError as error:
        sys.exit(f"DIFFVIZ_ENGINE=ray needs `pip install -r requirements-ray.txt` ({error})")
    except ValueError as error:
        sys.exit(f"DIFFVIZ_RAY_ADDRESS={settings.ray_address!r} will not do: {error}")
