"""How fast networks, samplers and training run on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from typing import Any

import torch
from torch import Generator, Tensor, nn

from diffviz.checkpoints import Card, Checkpoint
from diffviz.cpu.precision import fastest_dtype
from diffviz.cpu.threads import Threads
from diffviz.data.base import DataInfo
from diffviz.device import CPU, autocast, autocast_dtype, finish
from diffviz.forward import SeededNoise
from diffviz.samplers import SAMPLERS, sample
from diffviz.schedules import make_schedule
from diffviz.training.config import TrainConfig
from diffviz.training.learner import prepare_threads
from diffviz.training.trainer import Trainer

BATCHES, THREADS = (1, 2, 16), (1, 2)
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def timed(call: Callable[[], object], device: torch.device = CPU) -> float:
    """The seconds that a call takes, with all that it gave the device to do."""
    started = time.perf_counter()
    call()
    finish(device)
    return time.perf_counter() - started


def seconds(call: Callable[[], object], repeats: int, device: torch.device = CPU) -> float:
    """The median time of a call; the median, because other work disturbs some of them."""
    timed(call, device)
    return median(timed(call, device) for _ in range(repeats))


@torch.no_grad()
def evaluation_times(
    checkpoint: Checkpoint,
    batches: Sequence[int] = BATCHES,
    thread_counts: Sequence[int] = THREADS,
    repeats: int = 15,
) -> list[dict[str, Any]]:
    """Milliseconds of one network evaluation for each batch, dtype, memory format and number of
    threads. bfloat16 is autocast: weights stay float32."""
    network, info, device = checkpoint.network, checkpoint.card.data, checkpoint.device
    rows = []
    for layout, memory_format in FORMATS.items():
        network.to(memory_format=memory_format)  # type: ignore[call-overload]
        for count in thread_counts:
            for name, dtype in DTYPES.items():
                for batch in batches:
                    x = torch.zeros(batch, *info.shape, device=device)
                    level = torch.zeros(batch, device=device)
                    condition = torch.zeros(batch, info.columns, dtype=torch.int64, device=device)
                    with threads(count), autocast(device, dtype):
                        elapsed = seconds(lambda: network(x, level, condition), repeats, device)  # noqa: B023
                    row = {"batch": batch, "dtype": name, "memory": layout, "threads": count}
                    rows.append({**row, "milliseconds": round(1e3 * elapsed, 3)})
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return rows


class Stopwatch(nn.Module):
    """A network that notes the time spent in it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.seconds = 0.0

    def forward(self, *arguments: Tensor) -> Tensor:
        started = time.perf_counter()
        output: Tensor = self.network(*arguments)
        finish(output.device)
        self.seconds += time.perf_counter() - started
        return output


def sampler_overheads(
    checkpoint: Checkpoint, batch: int = 1, steps: int = 20, repeats: int = 3
) -> list[dict[str, Any]]:
    """For each sampler, what a run costs beyond bare network evaluations, as a share of these:
    the update rule, the denoiser's scaling and the noise. Medians, at one thread."""
    info = checkpoint.card.data
    schedule = make_schedule("cosine")
    grid = schedule.grid(steps)
    condition = torch.zeros(batch, info.columns, dtype=torch.int64)
    rows = []
    for name in SAMPLERS:
        shares = []
        for _ in range(repeats):
            denoiser = checkpoint.denoiser()
            watch = Stopwatch(checkpoint.network)
            denoiser.network = watch
            started = time.perf_counter()
            noise = SeededNoise(range(batch), info.shape, checkpoint.device)
            for _ in sample(denoiser, schedule, grid, noise, name, condition):
                pass
            finish(checkpoint.device)
            total = time.perf_counter() - started
            shares.append((total - watch.seconds) / watch.seconds)
        rows.append({"sampler": name, "steps": steps, "overhead": round(median(shares), 4)})
    return rows


class Noise:
    """A data set that costs next to nothing: one batch of noise, over and over."""

    def __init__(self, info: DataInfo, size: int) -> None:
        self.info = info
        self.pictures = torch.randn(size, *info.shape).clamp(-1, 1)
        self.conditions = torch.ones(size, info.columns, dtype=torch.int64)

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        return self.pictures[:size], self.conditions[:size]


def plain_steps(trainer: Trainer) -> Iterator[None]:
    """Training as anybody would write it first."""
    optimizer = torch.optim.AdamW(trainer.network.parameters(), trainer.config.learning_rate)
    alone = Threads()
    while True:
        batch = trainer.noised(
            *trainer.data.batch(trainer.share, trainer.generator), trainer.generator
        )
        batch = batch.to(trainer.device)
        optimizer.zero_grad()
        trainer.loss(batch).mean().backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trainer.network.parameters(), 1.0)
        optimizer.step()
        trainer.ema.update(trainer.weights, alone)
        yield


def _serve_steps(
    orders: Connection, ours: bool, card: Card, config: TrainConfig, device: torch.device
) -> None:
    """Take a training step for each number of threads that comes, and tell its seconds."""
    data = Noise(card.data, config.batch)
    if ours:
        prepare_threads()
        trainer = Trainer(data, card.network, config, device=device)
    else:
        plainly = None, torch.float32, torch.contiguous_format
        trainer = Trainer(data, card.network, config, *plainly, device)
    steps: dict[int, Iterator[object]] = {}
    with suppress(EOFError):
        while True:
            count = orders.recv()
            if count not in steps:
                steps[count] = trainer.steps(count) if ours else plain_steps(trainer)
            with threads(1 if ours else count):  # our own threads share the batch
                orders.send(timed(steps[count].__next__, device))


def training_speeds(
    checkpoint: Checkpoint, thread_counts: Sequence[int] = THREADS, rounds: int = 15
) -> list[dict[str, Any]]:
    """Pictures a second of training that checkpoint's network anew, as we do it and in plain
    PyTorch: float32, eager, in the default memory format, with all settings as they come.

    Each has a process of its own, because how memory is kept is a process's setting. The two take
    turns, step by step, so that other work on the machine slows both alike. ratio is the median of
    the rounds' own ratios.
    """
    card, device = checkpoint.card, checkpoint.device
    config = TrainConfig(batch=card.training.get("batch", TrainConfig().batch))
    spawn = get_context("spawn")
    with ExitStack() as stack:
        pipes = []
        for ours in (True, False):
            pipe, orders = spawn.Pipe()
            process = spawn.Process(target=_serve_steps, args=(orders, ours, card, config, device))
            process.start()
            stack.callback(process.join)
            stack.enter_context(pipe)  # closed first, which ends the process
            orders.close()
            pipes.append(pipe)

        def step(pipe: Connection, count: int) -> float:
            pipe.send(count)
            elapsed: float = pipe.recv()
            return elapsed

        rows = []
        dtype = fastest_dtype() if device.type == "cpu" else autocast_dtype(device)
        for count in thread_counts:
            times = [[step(pipe, count) for pipe in pipes] for _ in range(rounds + 1)]
            del times[0]  # a first step allocates
            mine, theirs = (config.batch / median(column) for column in zip(*times, strict=True))
            rows.append(
                {
                    "batch": config.batch,
                    "threads": count,
                    "dtype": str(dtype).removeprefix("torch."),
                    "ours": round(mine, 1),
                    "plain_float32": round(theirs, 1),
                    "ratio": round(median(plain / fast for fast, plain in times), 2),
                }
            )
    return rows
