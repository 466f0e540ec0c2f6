"""What each of two processes does in tests/test_parallel.py."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from diffviz.cpu.threads import Threads
from diffviz.training import distributed as parallel
from diffviz.training.trainer import Trainer
from tests.oracles.networks import random_unet
from tests.test_training import CONFIG, NETWORK, Halves

LONG = CONFIG.but(images=4000)  # 250 steps


def exact_trainer() -> Trainer:
    """One whose gradients are not rounded to bfloat16, and are nowhere zero."""
    return Trainer(Halves(), NETWORK, CONFIG, random_unet(NETWORK).state_dict(), torch.float32)


def on_disk(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """As safetensors takes them."""
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def train_as(rank: int, port: int, folder: Path) -> None:
    """As the process of that rank, which torchrun would tell the same."""
    told = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": 2, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in told.items()}, MASTER_ADDR="127.0.0.1")
    torch.set_num_threads(1)
    with parallel.joined():
        exact = exact_trainer()
        batch = exact.noised(*Halves().batch(exact.share, exact.generator), exact.generator)
        _, gradient = exact.backward(batch, Threads())
        gradients = on_disk(exact.by_name(gradient))
        save_file(gradients, folder / f"gradients-{parallel.rank()}.safetensors")

        trainer = Trainer(Halves(), NETWORK, LONG)
        for _ in trainer.steps():
            pass
        save_file(on_disk(trainer.state()), folder / f"trained-{parallel.rank()}.safetensors")
