"""The engine on Ray Serve: replicas of the denoisers, on this machine or others, whose client the
app is. Needs `pip install -r requirements-ray.txt`.

An evaluation depends on nothing but its inputs, so that one whose replica has died is simply asked
of another: no run is lost. Each replica batches what reaches it with the same engine that the app
has for itself, so that visitors are served as fairly there.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # they go to an outside host

import ray
import torch
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException
from torch import Tensor

from diffviz.checkpoints import FOLDER, Checkpoint, checkpoint_names, load_checkpoint
from diffviz.denoisers.base import Denoiser, Level, Prediction, level
from diffviz.serving.engine import LocalEngine, Request
from diffviz.serving.ticket import Ticket

APPLICATION = "diffviz"
AGAIN_SECONDS = 0.2  # after a replica's death; Ray Serve starts another by itself


@serve.deployment(max_ongoing_requests=256)
class Replica:
    """One process that evaluates the bundled denoisers."""

    def __init__(self, workers: int, folder: str) -> None:
        torch.set_num_threads(1)
        self.checkpoints = {n: load_checkpoint(n, Path(folder)) for n in checkpoint_names()}
        self.engine = LocalEngine(workers)

    async def __call__(
        self,
        name: str,
        x: Tensor,
        alpha: Tensor,
        sigma: Tensor,
        condition: Tensor,
        visitor: str,
        seconds: float,
        quick: bool,
    ) -> Prediction:
        ticket = Ticket(visitor, seconds, quick)
        request = Request(self.checkpoints[name], x, alpha, sigma, condition, ticket)
        return await asyncio.wrap_future(self.engine.submit(request))


class RayEngine:
    """An Engine that lets replicas work; trained denoisers, which only this machine has, it leaves
    to `local`.

    address: of a Ray cluster, as ray.init takes it; "local" starts one on this machine. replicas:
    how many processes, each with `workers` threads. Raises ValueError where no cluster answers.
    """

    def __init__(self, address: str, replicas: int, workers: int, local: LocalEngine) -> None:
        self.local = local
        try:
            ray.init(
                address=address,
                log_to_driver=False,
                include_dashboard=False,
                configure_logging=False,
            )
        except (RayError, ConnectionError, ValueError, RuntimeError) as error:
            raise ValueError(f"no Ray cluster at {address!r}: {error}") from error
        serve.start(proxy_location="Disabled")
        deployment: Any = Replica  # the decorator made it one
        cores = {"num_cpus": workers}
        bound = deployment.options(num_replicas=replicas, ray_actor_options=cores).bind(
            workers, str(FOLDER)
        )
        self.handle: Any = serve.run(bound, name=APPLICATION, route_prefix=None)
        self.bundled = frozenset(checkpoint_names())

    def denoiser(self, name: str, checkpoint: Checkpoint, ticket: Ticket) -> Denoiser:
        if name not in self.bundled:
            return self.local.denoiser(name, checkpoint, ticket)
        return RemoteDenoiser(self.handle, name, len(checkpoint.card.data.slots), ticket)

    def close(self) -> None:
        """Leave the cluster; one that was started here ends with it."""
        self.local.close()
        ray.shutdown()


class RemoteDenoiser:
    """A denoiser that some replica evaluates."""

    def __init__(self, handle: Any, name: str, slots: int, ticket: Ticket) -> None:
        self.handle = handle
        self.name = name
        self.slots = slots
        self.ticket = ticket

    def __call__(
        self, x: Tensor, alpha: Level, sigma: Level, condition: Tensor | None = None
    ) -> Prediction:
        if condition is None:
            condition = torch.zeros(len(x), self.slots, dtype=torch.int64)
        rows = x, level(alpha, x).clone(), level(sigma, x).clone(), condition
        while True:
            self.ticket.check()
            seconds = self.ticket.seconds_left()
            whose = self.ticket.visitor, seconds, self.ticket.quick
            answer = self.handle.remote(self.name, *rows, *whose)
            forget = self.ticket.when_stopped(answer.cancel)
            try:
                with self.ticket.waiting():
                    prediction: Prediction = answer.result(timeout_s=seconds)
                return prediction
            except (RayError, RayServeException, TimeoutError, asyncio.CancelledError):
                # Ours is over, or the replica is: then another one has the same answer.
                self.ticket.check()
                with self.ticket.waiting():
                    time.sleep(AGAIN_SECONDS)
            finally:
                forget()
