"""Any device: what runs on one stays on it, and is the same there as on the CPU.

Where there is no accelerator, tests/oracles/accelerator.py is one.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file
from torch import Generator, Tensor

from diffviz import device
from diffviz.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from diffviz.data import DataChoice
from diffviz.denoisers.base import Denoiser, vjp
from diffviz.denoisers.clipped import ClippedDenoiser
from diffviz.denoisers.exact import GaussianDenoiser, MixtureDenoiser
from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.jobs.kinds.training import Curve
from diffviz.media.levels import fingerprint
from diffviz.media.picture import tile
from diffviz.media.registry import medium_of
from diffviz.networks.unet import NormSiLU, UNetConfig
from diffviz.parametrization import PARAMETRIZATIONS
from diffviz.runs.editing import run_edit
from diffviz.runs.sampling import run
from diffviz.runs.schema import EACH, MODES, EditSettings, RunSettings
from diffviz.samplers import SAMPLERS, Step
from diffviz.schedules import make_schedule
from diffviz.serving.engine import Lane, Request
from diffviz.serving.frames import frame
from diffviz.serving.ticket import Ticket
from diffviz.training import distributed as parallel
from diffviz.training.files import Order, save_training
from diffviz.training.learner import STEPS_UNREAD
from diffviz.training.trainer import Trainer
from tests.oracles.accelerator import DEVICE, Accelerator
from tests.oracles.networks import random_denoiser, random_unet
from tests.test_training import CONFIG, INFO, NETWORK, Halves

CONDITION = torch.tensor([[1], [3]])
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed))


# Which one


@pytest.mark.parametrize(
    ("here", "auto"),
    [(("cuda", "mps"), "cuda"), (("cuda",), "cuda"), (("mps",), "mps"), ((), "cpu")],
)
def test_auto_is_the_fastest_that_is_here(
    here: tuple[str, ...], auto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: "cuda" in here)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: "mps" in here)
    assert device.choose("auto").type == auto
    assert device.choose("cpu").type == "cpu"
    for name in {"cuda", "mps"} - set(here):
        with pytest.raises(ValueError, match=f"no {name} device here; choose from auto, .*cpu"):
            device.choose(name)


def test_an_unknown_device_names_the_choices() -> None:
    with pytest.raises(ValueError, match="unknown device 'tpu'; choose from auto, cpu, cuda, mps"):
        device.choose("tpu")


# The fake one is worth something


def test_the_accelerator_lets_nobody_mix_devices_or_reach_its_memory() -> None:
    with Accelerator() as accelerator:
        there = torch.ones(3).to(DEVICE)
        with pytest.raises(RuntimeError, match="on the same device"):
            there + torch.ones(3)
        with pytest.raises(RuntimeError, match="on the same device"):
            torch.ones(3).lerp_(there, 0.5)
        with pytest.raises(AssertionError, match="address"):
            there.data_ptr()
        with pytest.raises(TypeError, match="numpy"):
            there.numpy()
        assert accelerator.waits == 0
        assert (there * 2).cpu().tolist() == [2, 2, 2]
        assert there.sum().item() == 3
        assert accelerator.waits == 2
    with pytest.raises(AssertionError, match="while its accelerator was off"):
        there * 2


# Denoisers


def on_device(denoiser: Denoiser) -> Denoiser:
    """The same denoiser with its network, if it has one, on the accelerator."""
    denoiser = copy.deepcopy(denoiser)
    inner = getattr(denoiser, "denoiser", denoiser)
    if isinstance(inner, LearnedDenoiser):
        inner.network.to(DEVICE)
    return denoiser


MIXTURE = MixtureDenoiser(randn(3, 1, 8, 8), 0.1, classes=torch.tensor([1, 2, 3]))
DENOISERS: dict[str, Callable[[], Denoiser]] = {
    "gaussian": lambda: GaussianDenoiser(torch.full((1, 8, 8), 0.3), 0.5),
    "mixture": lambda: MIXTURE,
    "clipped": lambda: ClippedDenoiser(random_denoiser("v")),
    "guided": lambda: GuidedDenoiser(random_denoiser("v"), torch.tensor([2.0, 3.0])),
    "guided away": lambda: GuidedDenoiser(MIXTURE, 3.0, torch.tensor([[2]])),
    **{name: lambda name=name: random_denoiser(name) for name in PARAMETRIZATIONS},
}
LEVEL_KINDS: dict[str, Callable[[float, torch.device], float | Tensor]] = {
    "one for all": lambda value, where: value,
    "on the CPU": lambda value, where: torch.tensor([value, value / 2]),
    "on the device": lambda value, where: torch.tensor([value, value / 2]).to(where),
}


@pytest.mark.parametrize("levels", LEVEL_KINDS)
@pytest.mark.parametrize("name", DENOISERS)
def test_a_denoiser_is_the_same_on_an_accelerator(name: str, levels: str) -> None:
    x, v, kind = randn(2, 1, 8, 8), randn(2, 1, 8, 8, seed=1), LEVEL_KINDS[levels]

    def results(denoiser: Denoiser, where: torch.device) -> list[Tensor]:
        x_there = x.to(where).requires_grad_()
        alpha, sigma = kind(0.8, where), kind(0.6, where)
        x0, eps = denoiser(x_there, alpha, sigma, CONDITION)
        assert x0.device == eps.device == where
        (gradient,) = torch.autograd.grad((x0 + eps) * v.to(where), x_there, v.to(where))
        return [x0.detach(), eps.detach(), gradient]

    expected = results(DENOISERS[name](), device.CPU)
    with Accelerator() as accelerator:
        there = results(on_device(DENOISERS[name]()), DEVICE)
        asked = 2 * (levels == "on the device")  # who puts α and σ there has them fetched
        assert accelerator.waits <= 2 * asked
        assert accelerator.operations > 0
        for mine, right in zip(there, expected, strict=True):
            torch.testing.assert_close(mine.cpu(), right, rtol=0, atol=1e-6)


# Code for CPUs alone


def test_a_network_elsewhere_is_not_given_to_compiled_code() -> None:
    """As in training on a GPU: bfloat16, on another device, with a gradient."""
    norm = NormSiLU(16)
    x = randn(2, 16, 4, 4).bfloat16()
    with Accelerator():
        out = norm.bfloat16().to(DEVICE)(x.to(DEVICE).requires_grad_())
        assert out.device == DEVICE
        assert out.cpu().isfinite().all()


def test_compiled_code_refuses_what_it_cannot_reach() -> None:
    from diffviz.cpu.compiled import pointers

    with Accelerator(), pytest.raises(ValueError, match="cannot reach a tensor on meta"):
        pointers(torch.ones(3), torch.ones(3).to(DEVICE))


@needs_cuda
def test_a_network_trains_in_bfloat16_on_cuda() -> None:
    network = random_unet(UNetConfig(image_size=(8, 8), channels=(16, 32), slots=(3,))).cuda()
    inputs = randn(4, 1, 8, 8).cuda(), torch.zeros(4).cuda(), torch.ones(4, 1).long().cuda()
    with torch.autocast("cuda", torch.bfloat16):
        loss = network(*inputs).square().mean()
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    assert all(gradient.isfinite().all() for gradient in gradients)


# Sampling


@pytest.fixture(scope="module")
def fashion() -> Checkpoint:
    return load_checkpoint("fashion")


def pictures(checkpoint: Checkpoint, settings: RunSettings) -> list[Step]:
    return list(run(settings, checkpoint))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_run_stays_on_the_accelerator_and_gives_the_same_pictures(sampler: str) -> None:
    settings = RunSettings(
        condition={"shade": EACH}, count=2, steps=4, sampler=sampler, guidance=2, clip_x0=True
    )
    trainer = Trainer(Halves(), NETWORK, CONFIG, random_unet(NETWORK).state_dict())
    checkpoint = trainer.checkpoint("halves", "")
    expected = pictures(checkpoint, settings)
    with Accelerator() as accelerator:
        there = pictures(checkpoint.to(DEVICE), settings)
        assert all(part.device == DEVICE for step in there for part in (step.x, step.x0, step.eps))
        assert accelerator.waits == 0
        for mine, right in zip(there, expected, strict=True):
            torch.testing.assert_close(mine.x.cpu(), right.x, rtol=0, atol=1e-5)
        assert fingerprint(there[0].x) == fingerprint(expected[0].x)  # the seed's noise, to the bit
        assert tile(there[-1].x0).shape == tile(expected[-1].x0).shape
        shown, right = (frame(medium_of(INFO), 0, steps[-1], 1, 0.0) for steps in (there, expected))
        assert shown == right


def test_an_edit_stays_on_the_accelerator(fashion: Checkpoint) -> None:
    x0, schedule = randn(1, 1, 28, 28).clamp(-1, 1), make_schedule("cosine")
    condition = torch.tensor([[2]])
    for mode in MODES:
        settings = EditSettings(t=300, steps=3, mode=mode)
        *_, expected = run_edit(settings, fashion.denoiser(), schedule, x0, condition)
        with Accelerator():
            moved = copy.deepcopy(fashion).to(DEVICE)
            there = list(run_edit(settings, moved.denoiser(), schedule, x0.to(DEVICE), condition))
            assert all(stage.step.x.device == DEVICE for stage in there)
            result = there[-1].step.x.cpu()
        torch.testing.assert_close(result, expected.step.x, rtol=0, atol=1e-4)


def test_the_engine_takes_and_answers_where_the_visitor_is(fashion: Checkpoint) -> None:
    """The network is on the accelerator, visitors' tensors on the CPU or there."""
    x, v = randn(2, 1, 28, 28), randn(2, 1, 28, 28, seed=1)
    expected, product = vjp(fashion.denoiser(), x, 0.8, 0.6, torch.zeros(2, 1).long(), v)
    levels = torch.tensor([0.8, 0.8]).double(), torch.tensor([0.6, 0.6]).double()
    with Accelerator():
        moved = copy.deepcopy(fashion).to(DEVICE)
        for asked_for in (None, v):
            batch = [
                Request(
                    moved,
                    x[i : i + 1].to(place),
                    *(level[i : i + 1] for level in levels),
                    torch.zeros(1, 1, dtype=torch.int64),
                    Ticket("me", 60),
                    None if asked_for is None else v[i : i + 1].to(place),
                )
                for i, place in enumerate((device.CPU, DEVICE))
            ]
            lane = Lane("test", 0, 64, lambda requests, rows, seconds: None)
            lane._run(batch)
            for i, (request, place) in enumerate(zip(batch, (device.CPU, DEVICE), strict=True)):
                answer = request.result.result(0)
                one = slice(i, i + 1)
                pairs = [(answer.x0, expected.x0[one]), (answer.eps, expected.eps[one])]
                if asked_for is not None:
                    assert answer.product is not None
                    pairs.append((answer.product, product[one]))
                for mine, right in pairs:
                    assert mine.device == place
                    torch.testing.assert_close(mine.cpu(), right, rtol=0, atol=1e-4)


# Training


def trained(where: torch.device, steps: int, state: dict[str, Tensor] | None = None) -> Trainer:
    trainer = Trainer(
        Halves(), NETWORK, CONFIG, random_unet(NETWORK).state_dict(), torch.float32, device=where
    )
    if state:
        trainer.load_state(state)
    for _ in islice(trainer.steps(threads=2), steps):
        pass
    return trainer


def assert_same_state(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        if "hours" not in name:
            assert value.device == other[name].device == device.CPU
            torch.testing.assert_close(value, other[name], rtol=1e-3, atol=1e-4)


def test_training_on_an_accelerator_is_training(tmp_path: Path) -> None:
    """The same to rounding; begun there it goes on here, and the other way round."""
    expected = trained(device.CPU, 6).state()
    half = trained(device.CPU, 3).state()
    with Accelerator() as accelerator:
        accelerator.waits = 0
        there = trained(DEVICE, 6)
        assert accelerator.waits == 0, "a step need not wait for the one before"
        assert all(p.device == DEVICE for p in there.network.parameters())
        assert_same_state(there.state(), expected)
        assert_same_state(trained(DEVICE, 3, half).state(), expected)
        half_there = trained(DEVICE, 3).state()
        checkpoint = there.checkpoint("halves", "")
        save_checkpoint(checkpoint, tmp_path)
        order = Order("halves", DataChoice("halves"), "", CONFIG, NETWORK)
        save_training(order, there, tmp_path / "unfinished")
    assert_same_state(trained(device.CPU, 3, half_there).state(), expected)
    assert load_checkpoint("halves", tmp_path).device == device.CPU
    kept = load_file(tmp_path / "halves.safetensors").values()
    assert {value.dtype for value in kept} == {torch.float16}


def test_an_accelerator_is_asked_rarely_how_it_went_and_keeps_its_weights_meanwhile() -> None:
    with Accelerator() as accelerator:
        trainer = trained(DEVICE, 2)
        before = trainer.state()
        waits = accelerator.waits

        def no_pictures(size: int, generator: Generator) -> tuple[Tensor, Tensor]:
            x0, condition = Halves().batch(size, generator)
            return x0 * math.nan, condition

        trainer.data = SimpleNamespace(info=Halves.info, batch=no_pictures)
        with pytest.raises(ValueError, match="lower the learning rate"):
            for _ in islice(trainer.steps(), STEPS_UNREAD):
                pass
        assert accelerator.waits <= waits + 2
        after = trainer.state()
        for name in before:
            if name.startswith(("network.", "optimizer.", "ema.")):
                torch.testing.assert_close(after[name], before[name], rtol=0, atol=1e-6)


def test_progress_can_be_read_there() -> None:
    with Accelerator():
        trainer = trained(DEVICE, 0)
        curve = Curve()
        for progress in islice(trainer.steps(), 3):
            curve.add(progress)
            assert math.isfinite(progress.loss)
            assert len(progress.losses) == 8
        point, _ = curve.point()
        assert len(point.losses) == 8


def test_processes_have_a_gpu_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
    chosen: list[int] = []
    monkeypatch.setattr("torch.cuda.set_device", chosen.append)
    for place in "01":
        monkeypatch.setenv("LOCAL_RANK", place)
        assert parallel.own(torch.device("cuda")) == torch.device("cuda", int(place))
        assert parallel.own(device.CPU) == device.CPU
    assert chosen == [0, 1]
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(ValueError, match=r"there are 2 here: start fewer, or .*--device cpu"):
        parallel.own(torch.device("cuda"))
    with pytest.raises(ValueError, match="a CUDA device of its own"):
        parallel.own(torch.device("mps"))


# On a true one


@needs_cuda
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_cuda_gives_the_cpus_pictures(sampler: str, fashion: Checkpoint) -> None:
    settings = RunSettings(condition={"class": EACH}, count=4, steps=20, sampler=sampler)
    expected = pictures(fashion, settings)[-1].x
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    there = pictures(copy.deepcopy(fashion).to(torch.device("cuda")), settings)[-1].x
    assert there.is_cuda
    assert (there.cpu() - expected).abs().max() < 1e-3


@needs_cuda
def test_cuda_trains_what_the_cpu_goes_on_with() -> None:
    cuda = torch.device("cuda")
    trainer = Trainer(Halves(), NETWORK, CONFIG, device=cuda)
    assert trainer.dtype == torch.bfloat16
    losses = [progress.loss for progress in trainer.steps()]
    assert sum(losses[-8:]) < sum(losses[:8])
    assert_same_state(trained(device.CPU, 0, trainer.state()).state(), trainer.state())
