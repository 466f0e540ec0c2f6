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
from collections.abc import Iterator
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
from diffviz.device import choose
from diffviz.serving.asked import Answer, AskedDenoiser
from diffviz.serving.engine import LocalEngine, Made, Request
from diffviz.serving.ticket import Ticket

APPLICATION = "diffviz"
AGAIN_SECONDS = 0.2  # after a replica's death; Ray Serve starts another by itself


@serve.deployment(max_ongoing_requests=256)
class Replica:
    """One process that evaluates the bundled denoisers."""

    def __init__(self, workers: int, folder: str, device: str) -> None:
        torch.set_num_threads(1)
        place, where = choose(device), Path(folder)
        self.checkpoints = {n: load_checkpoint(n, where).to(place) for n in checkpoint_names()}
        self.engine = LocalEngine(workers)

    async def __call__(
        self,
        name: str,
        x: Tensor,
        alpha: Tensor,
        sigma: Tensor,
        condition: Tensor,
        v: Tensor | None,
        visitor: str,
        seconds: float,
        quick: bool,
    ) -> Answer:
        ticket = Ticket(visitor, seconds, quick)
        request = Request(self.checkpoints[name], x, alpha, sigma, condition, ticket, v)
        return await asyncio.wrap_future(self.engine.submit(request))


class RayEngine:
    """An Engine that lets replicas work; trained denoisers, which only this machine has, it leaves
    to `local`.

    address: of a Ray cluster, as ray.init takes it; "local" starts one on this machine. replicas:
    how many processes, each with `workers` threads. device: where each runs networks; for cuda the
    cluster is asked for a GPU each. Raises ValueError where no cluster answers.
    """

    def __init__(
        self, address: str, replicas: int, workers: int, local: LocalEngine, device: str = "auto"
    ) -> None:
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
        needs = {"num_cpus": workers, "num_gpus": int(device == "cuda")}
        bound = deployment.options(num_replicas=replicas, ray_actor_options=needs).bind(
            workers, str(FOLDER), device
        )
        self.handle: Any = serve.run(bound, name=APPLICATION, route_prefix=None)
        self.bundled = frozenset(checkpoint_names())

    def denoiser(self, name: str, checkpoint: Checkpoint, ticket: Ticket) -> AskedDenoiser:
        if name not in self.bundled:
            return self.local.denoiser(name, checkpoint, ticket)
        return RemoteDenoiser(self.handle, name, checkpoint.card.data.columns, ticket)

    def pieces(self, made: Iterator[Made], ticket: Ticket) -> Iterator[Made]:
        return self.local.pieces(made, ticket)

    def close(self) -> None:
        """Leave the cluster; one that was started here ends with it."""
        self.local.close()
        ray.shutdown()


class RemoteDenoiser(AskedDenoiser):
    """A denoiser that some replica evaluates."""

    def __init__(self, handle: Any, name: str, slots: int, ticket: Ticket) -> None:
        super().__init__(slots)
        self.handle = handle
        self.name = name
        self.ticket = ticket

    def ask(
        self, x: Tensor, alpha: Tensor, sigma: Tensor, condition: Tensor, v: Tensor | None = None
    ) -> Answer:
        # From memory that another machine can be sent: whole, and not an accelerator's.
        rows = x.cpu(), alpha.clone(), sigma.clone(), condition.cpu(), v if v is None else v.cpu()
        while True:
            self.ticket.check()
            seconds = self.ticket.seconds_left()
            whose = self.ticket.visitor, seconds, self.ticket.quick
            answer = self.handle.remote(self.name, *rows, *whose)
            forget = self.ticket.when_stopped(answer.cancel)
            try:
                with self.ticket.waiting():
                    parts: Answer = answer.result(timeout_s=seconds)
                return parts.to(x.device)
            except (RayError, RayServeException, TimeoutError, asyncio.CancelledError):
                # Ours is over, or the replica is: then another one has the same answer.
                self.ticket.check()
                with self.ticket.waiting():
                    time.sleep(AGAIN_SECONDS)
            finally:
                forget()
