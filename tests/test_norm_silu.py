"""Layer norm and SiLU in one pass, against PyTorch's own in float64."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from diffviz.cpu.norm_silu import norm_silu, normalise
from diffviz.networks.unet import NormSiLU, UNetConfig
from tests.oracles.networks import random_unet

EPS = 1e-5
ROUNDING = 2**-8  # bfloat16 keeps eight bits of a number: half of the last is off at most


def reference(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    norm = F.layer_norm(x.permute(0, 2, 3, 1), (x.shape[1],), eps=EPS).permute(0, 3, 1, 2)
    return F.silu(norm * scale[:, :, None, None] + shift[:, :, None, None])


def given(batch: int, channels: int, height: int, width: int, groups: int) -> tuple[Tensor, ...]:
    """x, scale, shift and the loss's gradient by the output."""
    generator = Generator().manual_seed(batch + channels)
    shape = batch, channels, height, width
    x = 3 * torch.randn(shape, generator=generator) + 1
    scale = 1 + torch.randn(groups, channels, generator=generator)
    shift = torch.randn(groups, channels, generator=generator)
    gradient = torch.randn(shape, generator=generator)
    return x.bfloat16(), scale, shift, gradient.bfloat16()


def assert_near(actual: Tensor, expected: Tensor, tolerance: float) -> None:
    """Each number to within that part of the largest."""
    assert (actual.double() - expected).abs().max() <= tolerance * expected.abs().max()


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize(
    ("shape", "groups"),
    [
        ((3, 64, 14, 14), 3),
        ((3, 64, 14, 14), 1),
        ((2, 37, 3, 5), 2),  # fits no vector of the processor, and no tile of ours
        ((2, 37, 3, 5), 1),
        ((4, 256, 1, 1), 4),
        ((1, 3, 1, 1), 1),
    ],
)
def test_it_is_silu_of_the_norm_and_so_are_its_gradients(
    shape: tuple[int, int, int, int], groups: int, layout: torch.memory_format
) -> None:
    *inputs, gradient = given(*shape, groups)
    exact = [tensor.double().requires_grad_() for tensor in inputs]
    expected = reference(*exact)
    right = torch.autograd.grad(expected, exact, gradient.double())

    inputs[0] = inputs[0].to(memory_format=layout)
    ours = [tensor.clone().requires_grad_() for tensor in inputs]
    out = norm_silu(*ours, EPS)
    assert out.dtype == torch.bfloat16
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert_near(out, expected, ROUNDING)
    of_ours = torch.autograd.grad(out, ours, gradient.to(memory_format=layout))
    for by_ours, by_exact, tensor in zip(of_ours, right, ours, strict=True):
        assert by_ours.dtype == tensor.dtype
        assert_near(by_ours, by_exact, 2 * ROUNDING)


def test_scale_and_shift_may_be_parts_of_one_tensor() -> None:
    x, scale, shift, gradient = given(3, 16, 4, 4, groups=3)
    both = torch.cat([scale, shift], dim=1).bfloat16().requires_grad_()
    (by_both,) = torch.autograd.grad(norm_silu(x, *both.chunk(2, dim=1), EPS), both, gradient)
    exact = both.detach().double().requires_grad_()
    out = reference(x.double(), *exact.chunk(2, dim=1))
    assert_near(by_both, torch.autograd.grad(out, exact, gradient.double())[0], 2 * ROUNDING)


def test_far_values_are_silu_s_limits() -> None:
    x = torch.tensor([-1.0, 1.0]).reshape(1, 2, 1, 1).bfloat16()
    for size in (1e2, 1e4, 1e30):
        scale = torch.full((1, 2), size)
        low, high = norm_silu(x, scale, torch.zeros(1, 2), 0.0).flatten().tolist()
        assert low == pytest.approx(0, abs=1e-30 * size)
        assert high == pytest.approx(size, rel=ROUNDING)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_stays_none(bad: float) -> None:
    """So that a training that diverges is noticed."""
    x = torch.zeros(1, 32, 2, 2, dtype=torch.bfloat16)
    x[0, 3, 0, 0] = bad
    out = norm_silu(x, torch.ones(1, 32), torch.zeros(1, 32), EPS)
    assert out[:, :, 0, 0].isnan().all()
    assert not out[:, :, 1, 1].isnan().any()


def test_networks_train_with_it_in_bfloat16_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(*arguments: object) -> None:
        calls.append(arguments)
        normalise(*arguments)

    monkeypatch.setattr("diffviz.cpu.norm_silu.normalise", counted)
    network = random_unet(UNetConfig(image_size=(8, 8), channels=(16, 32), slots=(3,)))
    x, level = torch.randn(4, 1, 8, 8, generator=Generator().manual_seed(0)), torch.zeros(4)
    condition = torch.ones(4, 1, dtype=torch.int64)

    exact = network(x, level, condition)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        eager = network(x, level, condition)
    assert calls == []
    with torch.autocast("cpu", torch.bfloat16):
        fused = network(x, level, condition)
    assert len(calls) == sum(isinstance(module, NormSiLU) for module in network.modules())

    def error(output: Tensor) -> float:
        return ((output - exact).norm() / exact.norm()).item()

    assert error(fused) < 1.2 * error(eager) < 0.1
