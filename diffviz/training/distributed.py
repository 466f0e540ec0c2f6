"""One training in several processes, as torchrun starts them: each takes an equal share of every
batch, and their gradients are averaged. A process on its own is a group of one.

What differs between them is their random numbers and who writes files and prints: the first one,
rank 0. All else is the same to the bit, because all that decides (a loss, a time, a wish to stop)
is averaged over them first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.distributed as dist
from torch import Generator, Tensor

from diffviz.device import CPU


@contextmanager
def joined(device: torch.device = CPU) -> Iterator[torch.device]:
    """Train together with the other processes that torchrun started, if it did, on the device that
    is given: of CUDA's, each process on a machine has its own.

    Raises ValueError where there are not as many, and where a process has ended too soon.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield device
        return
    device = own(device)
    # Each by what can reach its memory: weights and losses by NCCL, times and wishes by Gloo.
    dist.init_process_group("gloo" if device.type == "cpu" else "cpu:gloo,cuda:nccl")
    try:
        yield device
    except RuntimeError as error:
        if "peer" not in str(error):  # of a closed connection; gloo has no error class of its own
            raise
        raise ValueError("another process of this training has ended") from error
    finally:
        dist.destroy_process_group()


def own(device: torch.device) -> torch.device:
    """The one for this process alone; CPUs are shared. Raises ValueError where there is none."""
    if device.type == "cpu":
        return device
    place, here = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if device.type != "cuda" or place >= here:
        raise ValueError(
            f"each process of a training needs a CUDA device of its own, and there are {here} "
            "here: start fewer, or train with --device cpu"
        )
    torch.cuda.set_device(place)
    return torch.device("cuda", place)


def size() -> int:
    """The number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Which of the processes this is; 0 writes and prints."""
    return dist.get_rank() if dist.is_initialized() else 0


def share(batch: int) -> int:
    """How many pictures of a batch are for this process. Raises ValueError where they cannot be
    the same for all, as averaged gradients would then weigh pictures differently."""
    if batch % size():
        raise ValueError(f"a batch of {batch} cannot be shared by {size()} processes alike")
    return batch // size()


def wait_for_all() -> None:
    """Go on when every process has come this far."""
    if size() > 1:
        dist.barrier()


def mean(values: Tensor) -> Tensor:
    """The mean over all processes, the same to the bit in each."""
    if size() == 1:
        return values
    total = values.clone()
    dist.all_reduce(total)
    return total / size()


def average(values: Tensor) -> None:
    """Give the tensor its mean over all processes, in place."""
    if size() > 1:
        dist.all_reduce(values)
        values /= size()


def any_of(*flags: bool) -> list[bool]:
    """Which of the flags are up in any process."""
    ups: list[bool] = (mean(torch.tensor(flags, dtype=torch.float64)) > 0).tolist()
    return ups


def first_does(task: Callable[[], object]) -> None:
    """Let the first process do it while the others wait. Raises in all of them what it raised."""
    failure: list[Exception | None] = [None]
    if rank() == 0:
        try:
            task()
        except (ValueError, OSError) as error:
            failure = [error]
    if size() > 1:
        dist.broadcast_object_list(failure)
    if failure[0]:
        raise failure[0]


def generator(seed: int, images: int = 0) -> Generator:
    """This process's random numbers for a training that goes on from `images` pictures. The first
    process draws what a single one does."""
    if rank() > 0:
        mixed = np.random.SeedSequence((seed, rank(), images)).generate_state(1, np.uint64)
        seed = int(mixed[0])
    return Generator().manual_seed(seed)
