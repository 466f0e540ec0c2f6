"""What keeps a CUDA device busy; where there is none, as much of it as the CPU can show."""

from __future__ import annotations

from itertools import islice

import pytest
import torch
from torch import Generator, Tensor

from diffviz.cpu.cores import cores
from diffviz.cpu.threads import Threads
from diffviz.training.cuda import prepared_ahead
from diffviz.training.trainer import Trainer
from tests.test_device import needs_cuda
from tests.test_training import CONFIG, NETWORK, Halves


def make(generator: Generator) -> tuple[Tensor, Tensor]:
    return torch.randn(3, generator=generator), torch.randint(9, (2,), generator=generator)


@pytest.mark.parametrize("processes", range(min(2, cores()) + 1))
def test_batches_prepared_ahead_depend_on_the_generator_alone(processes: int) -> None:
    found = list(islice(prepared_ahead(make, Generator().manual_seed(5), processes), 6))
    seeds = Generator().manual_seed(5)
    for batch in found:
        seed = int(torch.randint(2**62, (), generator=seeds))
        for part, expected in zip(batch, make(Generator().manual_seed(seed)), strict=True):
            assert torch.equal(part, expected)
    assert len({tuple(batch[0].tolist()) for batch in found}) == 6


def test_a_system_that_cannot_fork_prepares_batches_too(monkeypatch: pytest.MonkeyPatch) -> None:
    forked = next(prepared_ahead(make, Generator().manual_seed(5), 1))
    monkeypatch.setattr("multiprocessing.get_all_start_methods", lambda: ["spawn"])
    monkeypatch.delattr("os.sched_getaffinity")
    for one, other in zip(
        next(prepared_ahead(make, Generator().manual_seed(5))), forked, strict=True
    ):
        assert torch.equal(one, other)


def test_a_network_is_compiled_for_cuda_alone() -> None:
    with pytest.raises(ValueError, match="--compile is for --device cuda alone"):
        Trainer(Halves(), NETWORK, CONFIG).compile()


@needs_cuda
@pytest.mark.parametrize("compiled", [False, True])
def test_a_recorded_step_is_the_step(compiled: bool) -> None:
    cuda = torch.device("cuda")
    plain, recorded = (
        Trainer(Halves(), NETWORK, CONFIG, device=cuda, dtype=torch.float32) for _ in "ab"
    )
    if compiled:
        recorded.compile()
    for _ in range(3):  # the second and third are replayed
        batch = plain.noised(*plain.data.batch(plain.share, plain.generator), plain.generator).to(
            cuda
        )
        losses, gradient = plain.learn_from(*batch)
        again, vector = recorded.backward(batch, Threads(1))
        torch.testing.assert_close(again, losses, rtol=1e-2, atol=1e-3)
        torch.testing.assert_close(vector, gradient, rtol=1e-2, atol=1e-3)
