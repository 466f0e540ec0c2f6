"""What keeps a CUDA device busy, where Python and the CPU would let it wait: batches that other
processes prepare ahead, and a computation that is recorded once and then replayed."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Generator, Tensor
from torch.utils.data import DataLoader, Dataset

from diffviz.cpu.cores import cores

AHEAD = 4  # batches that each process has ready
WARM_UP = 3  # runs before one is recorded, in which libraries choose their kernels


class Seeded(Dataset[Sequence[Tensor]]):
    """Of each number the batch that is made of it as a seed, whoever makes it."""

    def __init__(self, make: Callable[[Generator], Sequence[Tensor]]) -> None:
        self.make = make

    def __getitem__(self, seed: int) -> Sequence[Tensor]:
        return self.make(Generator().manual_seed(seed))


class Seeds:
    """Numbers without end, of a generator."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        while True:
            yield int(torch.randint(2**62, (), generator=self.generator))


def prepared_ahead(
    make: Callable[[Generator], Sequence[Tensor]],
    generator: Generator,
    processes: int | None = None,
) -> Iterator[Sequence[Tensor]]:
    """Batches without end, in pinned memory where there is a CUDA device; which they are depends
    on the generator alone.

    make: is called in forked processes, and must keep to the CPU. processes: how many, for None one
    a core, but for two; for 0, and on a system that cannot fork, this one makes each when asked.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        processes = 0
    elif processes is None:
        processes = max(1, cores() - 2)
    return iter(
        DataLoader(
            Seeded(make),
            batch_size=None,
            sampler=Seeds(generator),
            num_workers=processes,
            prefetch_factor=AHEAD if processes else None,
            pin_memory=torch.cuda.is_available(),
            multiprocessing_context="fork" if processes else None,
        )
    )


class Recorded:
    """A function of tensors on a CUDA device as one graph of kernels, which starts them all at once
    (CUDA graphs); of networks as small as these, to start them one by one takes longer than they.

    Each call overwrites what the last one returned. function: depends on nothing on the CPU, and
    always takes tensors shaped as `inputs`.
    """

    def __init__(
        self, function: Callable[..., tuple[Tensor, ...]], inputs: Sequence[Tensor]
    ) -> None:
        self.inputs = [tensor.clone() for tensor in inputs]
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARM_UP):
                function(*self.inputs)
        torch.cuda.current_stream().wait_stream(beside)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.outputs = function(*self.inputs)

    def __call__(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        for own, new in zip(self.inputs, inputs, strict=True):
            own.copy_(new, non_blocking=True)
        self.graph.replay()
        return self.outputs
