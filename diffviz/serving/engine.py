"""The engine: sampling steps of all visitors that wait at the same moment for the same network run
through it as one batch, whatever their timesteps and conditions.

A batch of sixteen costs five evaluations of one picture, so that many visitors share a small
machine well. Each worker is one thread that runs one batch at a time on one core: two of them are
faster together than one batch on two cores, and neither waits for the other.
"""

from __future__ import annotations

import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

import torch
from torch import Tensor

from diffviz.checkpoints import Checkpoint
from diffviz.denoisers.base import vjp
from diffviz.device import finish
from diffviz.serving.asked import Answer, AskedDenoiser
from diffviz.serving.fair import FairQueue
from diffviz.serving.ticket import StoppedError, Ticket

Made = TypeVar("Made")
MOST_ROWS = 64  # of a batch: throughput hardly rises beyond, and others wait while it runs
NICE = 1  # of runs: what answers a visitor's hand goes first; with more, runs begin later
ROW_SECONDS = 3e-3  # of a prediction, in a batch, by a network such as those that ship
FIRST_COST = 4  # of a piece of work of which nothing is known yet
PRODUCT_COST = 3  # of a prediction with a vector-Jacobian product, in predictions


class Engine(Protocol):
    """What runs networks for visitors: in this process, or on other machines."""

    def denoiser(self, name: str, checkpoint: Checkpoint, ticket: Ticket) -> AskedDenoiser:
        """The checkpoint's denoiser, evaluated by the engine on behalf of the ticket's visitor.

        It raises StoppedError or TooLateError as soon as its ticket does. name: what the page calls
        the checkpoint. Predictions do not depend on what else is in their batch, but for rounding:
        a batch's size decides in which order sums are made (below 1e-5 of a prediction).
        """
        ...

    def pieces(self, made: Iterator[Made], ticket: Ticket) -> Iterator[Made]:
        """What an iterator makes, each part by a worker of this process when it is the visitor's
        turn: for work that is no evaluation of a network, such as a training. A part should take
        a few hundredths of a second, for others wait meanwhile."""
        ...

    def close(self) -> None:
        """End all work; what still waits is StoppedError."""
        ...


@dataclass(eq=False)
class Piece:
    """A piece of work for a ticket. cost: as of a Request, whose company it never is."""

    call: Callable[[], object]
    ticket: Ticket
    cost: int
    seconds: float = 0.0
    result: Future[Any] = field(default_factory=Future)

    def alike(self, other: Piece | Request) -> bool:
        return False

    def run(self) -> None:
        started = time.perf_counter()
        try:
            made = self.call()
        except Exception as error:  # its own, and the worker lives on
            self.fail(error)
            return
        self.seconds = time.perf_counter() - started
        with suppress(InvalidStateError):
            self.result.set_result(made)

    def fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):
            self.result.set_exception(error)


@dataclass(eq=False)
class Request:
    """Rows for one network: x (B, C, H, W), alpha and sigma (B,), condition (B, slots).

    v: like x; with it the vector-Jacobian product vᵀ·∂x̂0/∂x is answered too.
    """

    checkpoint: Checkpoint
    x: Tensor
    alpha: Tensor
    sigma: Tensor
    condition: Tensor
    ticket: Ticket
    v: Tensor | None = None
    result: Future[Answer] = field(default_factory=Future)

    @property
    def cost(self) -> int:
        """Of how many predictions for samples of the size that the network is for."""
        larger = math.ceil(self.x[0].numel() / math.prod(self.checkpoint.card.data.shape))
        return len(self.x) * larger * (1 if self.v is None else PRODUCT_COST)

    def alike(self, other: Piece | Request) -> bool:
        """Whether both can be rows of one batch."""
        return (
            isinstance(other, Request)
            and self.checkpoint is other.checkpoint
            and self.x.dtype == other.x.dtype
            and self.x.shape[1:] == other.x.shape[1:]
            and (self.v is None) == (other.v is None)
        )

    def answer(self, answer: Answer) -> None:
        with suppress(InvalidStateError):  # failed meanwhile
            self.result.set_result(answer)

    def fail(self, error: BaseException) -> None:
        with suppress(InvalidStateError):  # answered meanwhile
            self.result.set_exception(error)


Observer = Callable[[int, int, float], object]


class Lane:
    """A queue, and worker threads that evaluate what is in it, batch by batch.

    Settings as of LocalEngine, which has two of these.
    """

    def __init__(
        self, name: str, workers: int, most_rows: int, observe: Observer, nice: int = 0
    ) -> None:
        self.workers = workers
        self.most_rows = most_rows
        self.nice = nice
        self.observe = observe
        self._queue: FairQueue[Request | Piece] = FairQueue()
        self._ready = threading.Condition()
        self._closed = False
        self._begun = 0  # cost of what the workers are at
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{i}", daemon=True)
            for i in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def __len__(self) -> int:
        return len(self._queue)

    def put(self, request: Request | Piece) -> None:
        with self._ready:
            if self._closed:
                raise StoppedError("the server is stopping")
            self._queue.put(request.ticket.visitor, request, request.cost)
            self._ready.notify()

    def drop(self, ticket: Ticket) -> None:
        with self._ready:
            removed = self._queue.remove(lambda request: request.ticket is ticket)
        _fail(removed)

    def close(self) -> None:
        with self._ready:
            self._closed = True
            left = self._queue.remove(lambda request: True)
            self._ready.notify_all()
        for request in left:
            request.fail(StoppedError("the server is stopping"))
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        if sys.platform == "linux":  # elsewhere a thread has no niceness of its own
            os.nice(self.nice)
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._closed or len(self._queue))
                if self._closed:
                    return
                unwanted = self._queue.remove(
                    lambda r: r.ticket.stopped or r.ticket.seconds_left() <= 0
                )
                batch = self._queue.take(self._room(), lambda one, other: one.alike(other))
                self._begun += (cost := sum(request.cost for request in batch))
            _fail(unwanted)
            if batch and isinstance(batch[0], Piece):
                batch[0].run()
            elif batch:
                self._run(cast(list[Request], batch))
            with self._ready:
                self._begun -= cost

    def _room(self) -> int:
        """For a batch: a worker's share of all that there is to do, or one would take what waits
        and the other be left with little, and most would wait for the larger batch."""
        return min(self.most_rows, math.ceil((self._queue.cost + self._begun) / self.workers))

    def _run(self, batch: list[Request]) -> None:
        started = time.perf_counter()
        rows = [len(request.x) for request in batch]
        try:
            parts = evaluate(batch)
        except Exception as error:  # whatever it is, it is this batch's, and the worker lives on
            for request in batch:
                request.fail(error)
            return
        finish(parts[0].device)  # or what comes meanwhile would not become one batch
        self.observe(len(batch), sum(rows), time.perf_counter() - started)
        answers = zip(*(torch.split(part, rows) for part in parts), strict=True)
        for request, answer in zip(batch, answers, strict=True):
            request.answer(Answer(*answer).to(request.x.device))


class LocalEngine:
    """An engine of threads in this process: workers for the runs, and one more for tickets that are
    quick, which would else wait for a large batch to end.

    workers: threads; torch must be set to one thread each. observe: called after each batch with
    its requests, its rows and its seconds.
    """

    def __init__(
        self,
        workers: int = 1,
        most_rows: int = MOST_ROWS,
        observe: Observer = lambda requests, rows, seconds: None,
    ) -> None:
        self._runs = Lane("engine", workers, most_rows, observe, NICE)
        self._quick = Lane("quick", 1, most_rows, observe)

    def denoiser(self, name: str, checkpoint: Checkpoint, ticket: Ticket) -> ServedDenoiser:
        return ServedDenoiser(self, checkpoint, ticket)

    @property
    def waiting(self) -> int:
        """Requests that no worker has begun."""
        return len(self._runs) + len(self._quick)

    def pieces(self, made: Iterator[Made], ticket: Ticket) -> Iterator[Made]:
        end, cost = object(), FIRST_COST
        while True:
            piece = Piece(lambda: next(made, end), ticket, cost)
            if (part := self.awaited(piece)) is end:
                return
            cost = max(1, round(piece.seconds / ROW_SECONDS))
            yield part

    def submit(self, request: Request | Piece) -> Future[Any]:
        """Put a request into its queue; its ticket's end ends it with that error."""
        request.ticket.check()
        self._lane(request.ticket).put(request)
        return request.result

    def awaited(self, request: Request | Piece) -> Any:
        """What comes of it; raises StoppedError or TooLateError as soon as its ticket does."""
        ticket, result = request.ticket, self.submit(request)
        forget = ticket.when_stopped(lambda: self.drop(ticket))
        try:
            with ticket.waiting():
                return result.result(max(0.0, ticket.seconds_left()))
        except TimeoutError:
            self.drop(ticket)
            ticket.check()
            raise
        finally:
            forget()

    def drop(self, ticket: Ticket) -> None:
        """Take out what waits for a ticket."""
        self._lane(ticket).drop(ticket)

    def close(self) -> None:
        for lane in (self._runs, self._quick):
            lane.close()

    def _lane(self, ticket: Ticket) -> Lane:
        return self._quick if ticket.quick else self._runs


def evaluate(batch: list[Request]) -> tuple[Tensor, ...]:
    """One pass for all their rows, on their network's device: x̂0, ε̂ and, of requests with a v,
    their products."""
    checkpoint = batch[0].checkpoint
    denoiser, device = checkpoint.denoiser(), checkpoint.device
    x = together([request.x.to(device) for request in batch])
    alpha = together([request.alpha for request in batch])
    sigma = together([request.sigma for request in batch])
    condition = together([request.condition.to(device) for request in batch])
    vectors = [request.v.to(device) for request in batch if request.v is not None]
    if vectors:
        prediction, product = vjp(denoiser, x, alpha, sigma, condition, together(vectors))
        return *prediction, product
    with torch.no_grad():
        return denoiser(x, alpha, sigma, condition)


def together(rows: list[Tensor]) -> Tensor:
    return rows[0] if len(rows) == 1 else torch.cat(rows)


def _fail(requests: Iterable[Request | Piece]) -> None:
    """Tell those whose tickets are over why."""
    for request in requests:
        try:
            request.ticket.check()
        except ValueError as error:
            request.fail(error)


class ServedDenoiser(AskedDenoiser):
    """A checkpoint's denoiser that a LocalEngine evaluates."""

    def __init__(self, engine: LocalEngine, checkpoint: Checkpoint, ticket: Ticket) -> None:
        super().__init__(checkpoint.card.data.columns)
        self.engine = engine
        self.checkpoint = checkpoint
        self.ticket = ticket

    def ask(
        self, x: Tensor, alpha: Tensor, sigma: Tensor, condition: Tensor, v: Tensor | None = None
    ) -> Answer:
        request = Request(self.checkpoint, x, alpha, sigma, condition, self.ticket, v)
        answer: Answer = self.engine.awaited(request)
        return answer
