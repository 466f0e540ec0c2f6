"""The engine on Ray Serve, with two replicas on this machine."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor

from diffviz.checkpoints import Checkpoint, load_checkpoint
from diffviz.denoisers.base import Prediction
from diffviz.runs.sampling import run
from diffviz.runs.schema import EACH, RunSettings
from diffviz.serving.engine import LocalEngine, Request
from diffviz.serving.ticket import StoppedError, Ticket, TooLateError
from tests.waiting import PATIENCE, eventually

if TYPE_CHECKING:
    from diffviz.serving.replicas import RayEngine

# Ray's own, when it is imported; there is nothing that we could do about them.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
REPLICAS = 2


@pytest.fixture(scope="module")
def engine() -> Iterator[RayEngine]:
    pytest.importorskip("ray")
    from diffviz.serving.replicas import RayEngine

    engine = RayEngine("local", REPLICAS, 1, LocalEngine(1))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def fashion() -> Checkpoint:
    return load_checkpoint("fashion")


def replicas() -> list[int]:
    """The process ids of the replicas that run here."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"ray::ServeReplica:diffviz" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def alone(settings: RunSettings, checkpoint: Checkpoint) -> Tensor:
    *_, last = run(settings, checkpoint)
    return last.x


def test_nothing_goes_to_an_outside_host(engine: RayEngine) -> None:
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_the_same_pictures(engine: RayEngine, fashion: Checkpoint) -> None:
    torch.set_num_threads(1)
    settings = RunSettings(condition={"class": EACH}, count=4, steps=8)
    denoiser = engine.denoiser("fashion", fashion, Ticket("me", PATIENCE))
    *_, last = run(settings, fashion, denoiser=denoiser)
    assert torch.equal(last.x, alone(settings, fashion))


def test_a_killed_replica_loses_no_run(engine: RayEngine, fashion: Checkpoint) -> None:
    """Six visitors in the middle of their runs; one of two replicas is killed; all get their
    pictures, the same ones, and there are two replicas again."""
    asked = [
        RunSettings(condition={"class": "bag"}, count=2, seed=seed, steps=12) for seed in range(6)
    ]
    made: dict[int, Tensor] = {}
    midway = threading.Barrier(len(asked) + 1)

    def visit(settings: RunSettings) -> None:
        ticket = Ticket(f"visitor {settings.seed}", PATIENCE)
        denoiser = engine.denoiser("fashion", fashion, ticket)
        for step in run(settings, fashion, denoiser=denoiser):
            if step.index == 3:
                midway.wait(PATIENCE)
            made[settings.seed] = step.x

    visitors = [threading.Thread(target=visit, args=(settings,)) for settings in asked]
    for visitor in visitors:
        visitor.start()
    before = replicas()
    assert len(before) == REPLICAS
    midway.wait(PATIENCE)
    os.kill(before[0], signal.SIGKILL)
    for visitor in visitors:
        visitor.join(PATIENCE)
    for settings in asked:
        assert (made[settings.seed] - alone(settings, fashion)).abs().max() < 1e-3

    def mended() -> bool:
        now = replicas()
        return len(now) == REPLICAS and before[0] not in now

    eventually(mended, "a new replica")


def test_who_stops_or_is_late_is_told(engine: RayEngine, fashion: Checkpoint) -> None:
    stopped, late = Ticket("one", PATIENCE), Ticket("other", 0.0)
    stopped.stop()
    for ticket, error in ((stopped, StoppedError), (late, TooLateError)):
        with pytest.raises(error):
            engine.denoiser("fashion", fashion, ticket)(torch.zeros(1, 1, 28, 28), 0.5, 0.5)


def test_what_was_trained_here_runs_here(
    engine: RayEngine, fashion: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    submit = engine.local.submit

    def noted(request: Request) -> Future[Prediction]:
        batches.append(len(request.x))
        return submit(request)

    monkeypatch.setattr(engine.local, "submit", noted)
    denoiser = engine.denoiser("training:0123456789abcdef", fashion, Ticket("me", PATIENCE))
    assert denoiser(torch.zeros(3, 1, 28, 28), 0.5, 0.5).x0.isfinite().all()
    assert batches == [3]
