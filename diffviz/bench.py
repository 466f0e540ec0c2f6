"""How fast networks and samplers run on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

from diffviz.checkpoints import Checkpoint
from diffviz.forward import SeededNoise
from diffviz.samplers import SAMPLERS, sample
from diffviz.schedules import make_schedule

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


def seconds(call: Callable[[], object], repeats: int) -> float:
    """The median time of a call; the median, because other work disturbs some of them."""
    call()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times)


@torch.no_grad()
def evaluation_times(
    checkpoint: Checkpoint,
    batches: Sequence[int] = BATCHES,
    thread_counts: Sequence[int] = THREADS,
    repeats: int = 15,
) -> list[dict[str, Any]]:
    """Milliseconds of one network evaluation for each batch, dtype, memory format and number of
    threads. bfloat16 is autocast: weights stay float32."""
    network, info = checkpoint.network, checkpoint.card.data
    rows = []
    for layout, memory_format in FORMATS.items():
        network.to(memory_format=memory_format)  # type: ignore[call-overload]
        for count in thread_counts:
            for name, dtype in DTYPES.items():
                for batch in batches:
                    x = torch.zeros(batch, *info.shape)
                    level = torch.zeros(batch)
                    condition = torch.zeros(batch, len(info.slots), dtype=torch.int64)
                    with (
                        threads(count),
                        torch.autocast("cpu", torch.bfloat16, enabled=dtype != torch.float32),
                    ):
                        elapsed = seconds(lambda: network(x, level, condition), repeats)  # noqa: B023
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
    condition = torch.zeros(batch, len(info.slots), dtype=torch.int64)
    rows = []
    for name in SAMPLERS:
        shares = []
        for _ in range(repeats):
            denoiser = checkpoint.denoiser()
            watch = Stopwatch(checkpoint.network)
            denoiser.network = watch
            started = time.perf_counter()
            for _ in sample(
                denoiser, schedule, grid, SeededNoise(range(batch), info.shape), name, condition
            ):
                pass
            total = time.perf_counter() - started
            shares.append((total - watch.seconds) / watch.seconds)
        rows.append({"sampler": name, "steps": steps, "overhead": round(median(shares), 4)})
    return rows
