"""What each process does in tests/test_parallel.py: `torchrun … -m tests.parallel_work FOLDER`."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from diffviz.training import parallel
from diffviz.training.loop import Trainer
from tests.oracles.networks import random_unet
from tests.test_training import CONFIG, NETWORK, Halves

LONG = replace(CONFIG, images=4800)  # 300 steps


def exact_trainer() -> Trainer:
    """One whose gradients are not rounded to bfloat16, and are nowhere zero."""
    return Trainer(Halves(), NETWORK, CONFIG, random_unet(NETWORK).state_dict(), torch.float32)


def gradients(trainer: Trainer) -> dict[str, Tensor]:
    return {
        name: parameter.grad.contiguous()
        for name, parameter in trainer.network.named_parameters()
        if parameter.grad is not None
    }


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    with parallel.joined():
        exact = exact_trainer()
        with ThreadPoolExecutor() as pool:
            exact.backward(exact.lesson(*Halves().batch(exact.share, exact.generator)), pool)
        save_file(gradients(exact), folder / f"gradients-{parallel.rank()}.safetensors")

        trainer = Trainer(Halves(), NETWORK, LONG)
        for _ in trainer.steps():
            pass
        state = {name: value.contiguous() for name, value in trainer.state().items()}
        save_file(state, folder / f"trained-{parallel.rank()}.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
