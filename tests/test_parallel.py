"""Two processes train one denoiser, as one process does, and as torchrun starts them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from diffviz.checkpoints import load_checkpoint
from diffviz.training import distributed as parallel
from diffviz.training.files import unfinished_names
from diffviz.training.trainer import Trainer
from tests.forks import FORKS
from tests.parallel_work import LONG, exact_trainer, train_as
from tests.running import free_port
from tests.test_training import CONFIG, NETWORK, Halves

ROOT = Path(__file__).parent.parent
SECONDS = 120  # in which any of it is over, on a busy machine too


def torchrun(*words: str, stderr: IO[str] | int | None = None) -> subprocess.Popen[str]:
    # Standalone: it finds a free port of its own.
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*command, "-m", *words], cwd=ROOT, env=environment, stderr=stderr, text=True
    )


def processes_of(folder: Path) -> dict[str, int]:
    """Those with the folder on their command line, by rank; torchrun itself has the rank ""."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_text().split("\0")
            variables = (path / "environ").read_text().split("\0")
        except OSError:  # ended meanwhile
            continue
        if str(folder) in words:
            ranks = [v.removeprefix("RANK=") for v in variables if v.startswith("RANK=")]
            found["".join(ranks)] = int(path.name)
    return found


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what both processes wrote."""
    folder, port = tmp_path_factory.mktemp("parallel"), free_port()
    both = [FORKS.Process(target=train_as, args=(rank, port, folder)) for rank in (0, 1)]
    for process in both:
        process.start()
    for process in both:
        process.join(SECONDS)
    assert [process.exitcode for process in both] == [0, 0]
    return folder


def both(left: Path, name: str) -> Iterator[dict[str, Tensor]]:
    return (load_file(left / f"{name}-{rank}.safetensors") for rank in (0, 1))


def test_the_gradient_is_that_of_the_whole_batch(
    left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, losses = exact_trainer(), []
    for rank in (0, 1):
        monkeypatch.setattr(parallel, "rank", lambda rank=rank: rank)
        whole.generator = parallel.generator(CONFIG.seed)
        half = Halves().batch(CONFIG.batch // 2, whole.generator)
        losses.append(whole.loss(whole.noised(*half, whole.generator)))
    names, parameters = zip(*whole.network.named_parameters(), strict=True)
    right = torch.autograd.grad(torch.cat(losses).mean(), parameters)
    expected = dict(zip(names, right, strict=True))
    assert max(gradient.abs().max().item() for gradient in expected.values()) > 0.01
    for found in both(left, "gradients"):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_all_agree_to_the_bit_but_on_random_numbers(left: Path) -> None:
    first, second = both(left, "trained")
    assert int(first["images"]) == LONG.images
    assert not torch.equal(first.pop("generator"), second.pop("generator"))
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


def test_two_learn_what_one_does(left: Path) -> None:
    def error(trainer: Trainer) -> float:
        """Of the averaged network, on pictures and noise that are the same for all."""
        trainer.denoiser.network = trainer.ema.network
        trainer.generator.manual_seed(99)
        with torch.no_grad():
            batch = trainer.noised(*Halves().batch(2000, trainer.generator), trainer.generator)
            return trainer.loss(batch).mean().item()

    alone = []
    for seed in (0, 1):
        trainer = Trainer(Halves(), NETWORK, LONG.but(seed=seed))
        for _ in trainer.steps():
            pass
        alone.append(error(trainer))
    together = Trainer(Halves(), NETWORK, LONG)
    before = error(together)
    together.load_state(next(both(left, "trained")))
    assert max(alone) < 0.3 * before
    assert 0.75 * min(alone) < error(together) < 1.25 * max(alone)


@pytest.mark.parametrize("stopped", ["1", ""], ids=["one of them", "torchrun"])
def test_a_stop_saves_and_ends_all(stopped: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    words = "--data digits --channels 16,16 --blocks 1,1 --batch 16 --hours 1 --name mine --folder"
    with (tmp_path / "errors").open("w+") as errors:
        run = torchrun("diffviz", "train", *words.split(), str(folder), stderr=errors)
        try:
            while "training mine" not in (tmp_path / "errors").read_text():
                with pytest.raises(subprocess.TimeoutExpired):
                    run.wait(0.2)
            os.kill(processes_of(folder)[stopped], signal.SIGTERM)
            assert run.wait(SECONDS) != 0
        finally:
            run.kill()
    assert processes_of(folder) == {}
    assert unfinished_names(folder / "unfinished") == ["mine"]
    images = load_checkpoint("mine", folder).card.images_seen
    assert images > 0
    assert images % 16 == 0
    assert "--resume --name mine" in (tmp_path / "errors").read_text()


def test_another_number_of_processes_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first goes on to the bit; another draws numbers that it has never drawn."""
    trainer = Trainer(Halves(), NETWORK, CONFIG)
    for _ in trainer.steps():
        pass
    state = trainer.state()
    draws = []
    for rank in (0, 1, 2):
        monkeypatch.setattr(parallel, "rank", lambda rank=rank: rank)
        draws.append(torch.rand(4, generator=parallel.generator(CONFIG.seed)))
        resumed = Trainer(Halves(), NETWORK, CONFIG)
        resumed.load_state(state)
        if rank == 0:
            assert torch.equal(resumed.generator.get_state(), state["generator"])
        draws.append(torch.rand(4, generator=resumed.generator))
    assert len({tuple(draw.tolist()) for draw in draws}) == 6


def test_a_batch_that_cannot_be_shared_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "size", lambda: 3)
    with pytest.raises(ValueError, match="a batch of 16 cannot be shared by 3 processes alike"):
        Trainer(Halves(), NETWORK, CONFIG)


def test_what_the_first_process_fails_at_is_told() -> None:
    def fail() -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        parallel.first_does(fail)
