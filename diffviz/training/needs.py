"""What a training takes of memory and disk, told from its plan before it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from diffviz.checkpoints import FOLDER, read_card
from diffviz.data import DATA_SETS
from diffviz.data.base import DataInfo, Slot
from diffviz.networks import network_for
from diffviz.networks.base import NetworkConfig
from diffviz.training.plan import Plan

# Measured by peaks of resident memory, of trainings from 0.5 to 18.5 million weights and batches of
# 32 to 512, which come to 65 to 100 % of what is told here.
PROCESS_BYTES = 260e6  # Python, PyTorch, a data set
WEIGHT_BYTES = 60  # of each: itself, its average, moments, gradient and twin; and a state, to save
KEPT, SAMPLE_BYTES = 1.4, 100e3  # for each sample: times what is kept for gradients, in float32
# Of each weight on the disk: a state and the one before it, in float32 the weights, their average
# and two moments; a checkpoint and the one before it, in float16.
STATE_BYTES, CHECKPOINT_BYTES = 32, 4
FILLING = ("uniform_", "normal_", "kaiming_uniform_", "zero_", "zeros_", "fill_", "ones_")
SHEETS, SHEET_SAMPLES = 120, 2 * 13 * 10  # kept, and samples on each, a byte for each number


@dataclass(frozen=True)
class Needs:
    """memory, disk: at most, in MB. finished: what stays on the disk after it, in MB."""

    memory: float
    disk: float
    finished: float


def needs_of(plan: Plan) -> Needs:
    """Of a plan that was checked. Raises ValueError as `read_card` does."""
    source = DATA_SETS[plan.data.name]
    slot = Slot("any", tuple(map(str, range(10))))
    count = source.slots if source.slots is not None else 1
    info = DataInfo(source.name, source.shape, 0.5, (slot,) * count, "", "", source.medium)
    usual = network_for(info)
    network = usual.changed(plan.shape(usual.kind))
    if plan.start:
        network = read_card(FOLDER / f"{plan.start}.json").network.adapted_to(info)
    return needs(network, source.shape, plan.settings().batch)


def needs(network: NetworkConfig, shape: tuple[int, ...], batch: int) -> Needs:
    """Of a network that is trained on samples of a shape."""
    weights, kept = _sizes(network, shape)
    numbers = math.prod(shape)
    memory = PROCESS_BYTES + WEIGHT_BYTES * weights + batch * (KEPT * kept + SAMPLE_BYTES)
    finished = CHECKPOINT_BYTES * weights + SHEETS * SHEET_SAMPLES * numbers
    return Needs(memory / 1e6, (STATE_BYTES * weights + finished) / 1e6, finished / 1e6)


class _NoNumbers(TorchFunctionMode):
    """Leaves weights as they are made. For numbers on the meta device PyTorch would load another
    eight hundred modules."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.logspace:
            return torch.empty(args[2])
        if getattr(func, "__name__", "") in FILLING:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


@lru_cache(64)
def _sizes(network: NetworkConfig, shape: tuple[int, ...]) -> tuple[int, float]:
    """How many weights, and the bytes that are kept of each sample until its gradient; from a run
    on torch's meta device, which computes shapes alone."""
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[id(tensor.untyped_storage())] = tensor
        return tensor

    def give_back(tensor: Any) -> Any:
        return tensor

    batch = 2
    with torch.device("meta"):
        with _NoNumbers():
            built = network.build()
        own = {id(weight.untyped_storage()) for weight in built.parameters()}
        condition = torch.zeros(batch, len(network.slots), dtype=torch.int64)
        with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, give_back):
            built(torch.empty(batch, *shape), torch.empty(batch), condition)
    length = sum(t.untyped_storage().nbytes() for key, t in kept.items() if key not in own)
    return sum(weight.numel() for weight in built.parameters()), length / batch
