"""The backend of one app: all that the page's handlers work with, made of the app's settings."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import MethodType
from typing import Concatenate, ParamSpec, TypeVar, cast

import torch

from diffviz.config import Config
from diffviz.cpu.allocator import keep_freed_memory
from diffviz.cpu.cores import cores
from diffviz.device import choose
from diffviz.jobs.job import STATES
from diffviz.jobs.trainings import Trainings, open_trainings
from diffviz.metrics import Metrics
from diffviz.serving.admission import Admission
from diffviz.serving.decoders import Decoders
from diffviz.serving.engine import Engine, LocalEngine
from diffviz.serving.guessing import Guessing
from diffviz.serving.made_files import MadeFiles
from diffviz.serving.models import Models
from diffviz.serving.turns import Turns
from diffviz.web.uploads import Room

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
Handler = Callable[Concatenate["Backend", Arguments], Answer]
# Between two of the hundred operations of a forward pass a worker needs Python's lock, for which it
# waits this long whenever another thread runs Python code. By default it is 5 ms, and visitors'
# frames being packed then took a third of the engine's throughput.
SWITCH_SECONDS = 1e-4
DESCRIPTORS = 4096  # files and connections at once, where the system allows so many
SEARCHES, SEARCH_SECONDS = 1, 5.0  # a search takes all of a core for a tenth of a second


@dataclass(frozen=True)
class Backend:
    """trainings: None where there are none. searches: of nearest pictures, whose turn it is."""

    settings: Config
    engine: Engine
    admission: Admission
    trainings: Trainings | None
    models: Models
    guessing: Guessing
    searches: Turns
    files: MadeFiles
    decoders: Decoders

    def handler(self, handler: Handler[Arguments, Answer]) -> Callable[Arguments, Answer]:
        """A handler, whose first argument is the backend, as Gradio takes it: a method of this one,
        with the rest of its signature."""
        return cast(Callable[Arguments, Answer], MethodType(handler, self))

    def start(self) -> None:
        """Let the trainings go on, and have ready what opens pictures."""
        self.decoders.start()
        if self.trainings:
            self.trainings.supervisor.start()

    def close(self) -> None:
        """End the runs; the trainings are saved."""
        self.admission.close()
        self.engine.close()
        self.decoders.close()
        if self.trainings:
            self.trainings.supervisor.close()


def make_backend(settings: Config, metrics: Metrics) -> Backend:
    """As the settings say. Exits with a sentence where they ask for what is not there."""
    admission = Admission(
        settings.places, settings.line, settings.run_seconds, settings.share_of_one
    )
    metrics.runs.set_function(lambda: admission.running)
    metrics.runs_waiting.set_function(lambda: admission.waiting)
    decoders = Decoders()
    trainings = open_trainings(settings, decoders.squares)
    if trainings:
        for state in STATES:
            count = partial(_count, trainings, state)
            metrics.trainings.labels(state).set_function(count)
    device = chosen_device(settings)
    engine = make_engine(settings, metrics)
    models = Models(engine, trainings, device)
    return Backend(
        settings,
        engine,
        admission,
        trainings,
        models,
        Guessing(models),
        Turns(SEARCHES, SEARCH_SECONDS),
        MadeFiles(Room(settings.uploads, settings.uploads_mb, settings.share_of_one)),
        decoders,
    )


def _count(trainings: Trainings, state: str) -> int:
    return len(trainings.store.in_state(state))


def make_engine(settings: Config, metrics: Metrics) -> Engine:
    """Exits with a sentence where Ray is not installed, or its cluster not there."""
    workers = settings.threads or min(2, cores())
    local = LocalEngine(workers, observe=metrics.count_batch)
    if settings.engine == "local":
        return local
    try:
        from diffviz.serving.replicas import RayEngine

        address, replicas = settings.ray_address, settings.ray_replicas
        return RayEngine(address, replicas, workers, local, settings.device)
    except ImportError as error:
        sys.exit(f"DIFFVIZ_ENGINE=ray needs `pip install -r requirements-ray.txt` ({error})")
    except ValueError as error:
        sys.exit(f"DIFFVIZ_RAY_ADDRESS={settings.ray_address!r} will not do: {error}")


def chosen_device(settings: Config) -> torch.device:
    """Where this process runs networks; exits with a sentence for a device that is not here."""
    try:
        return choose(settings.device)
    except ValueError as error:
        sys.exit(f"DIFFVIZ_DEVICE={settings.device} will not do: {error}")


def suit_process() -> None:
    """What is a process's and not an app's, as a server wants it."""
    torch.set_num_threads(1)  # a worker of the engine is a thread, and has a core for itself
    keep_freed_memory()
    sys.setswitchinterval(SWITCH_SECONDS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < DESCRIPTORS:  # less than 0 is no limit
        enough = min(DESCRIPTORS, hard) if hard >= 0 else DESCRIPTORS
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))
