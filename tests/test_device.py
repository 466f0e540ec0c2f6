"""Any device: what runs on one stays on it, and is the same there as on the CPU.

Where there is no accelerator, tests/oracles/accelerator.py is one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Generator, Tensor

from diffviz import device
from diffviz.denoisers.base import Denoiser
from diffviz.denoisers.clipped import ClippedDenoiser
from diffviz.denoisers.exact import GaussianDenoiser, MixtureDenoiser
from diffviz.denoisers.learned import LearnedDenoiser
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.networks.unet import NormSiLU, UNetConfig
from diffviz.parametrization import PARAMETRIZATIONS
from tests.oracles.accelerator import DEVICE, Accelerator
from tests.oracles.networks import random_denoiser, random_unet

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
    network = random_unet(UNetConfig(image_size=8, channels=(16, 32), slots=(3,))).cuda()
    inputs = randn(4, 1, 8, 8).cuda(), torch.zeros(4).cuda(), torch.ones(4, 1).long().cuda()
    with torch.autocast("cuda", torch.bfloat16):
        loss = network(*inputs).square().mean()
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    assert all(gradient.isfinite().all() for gradient in gradients)
