"""The average of the weights: its weights are a power of time."""

import pytest
import torch
from torch import nn

from diffviz.cpu.threads import Threads
from diffviz.training.ema import PowerEMA, gamma_of


def fill(network: nn.Linear, value: float) -> None:
    with torch.no_grad():
        network.weight.fill_(value)


@pytest.mark.parametrize("length", [0.02, 0.05, 0.1, 0.2])
def test_gamma_gives_the_width_that_was_asked_for(length: float) -> None:
    gamma = gamma_of(length)
    assert (gamma + 1) / ((gamma + 2) ** 2 * (gamma + 3)) == pytest.approx(length**2, rel=1e-9)


def test_gamma_is_the_paper_s_for_its_two_widths() -> None:
    assert gamma_of(0.05) == pytest.approx(16.97, abs=0.005)  # EDM2, section 3.2
    assert gamma_of(0.10) == pytest.approx(6.94, abs=0.005)


@pytest.mark.parametrize("length", [0.05, 0.1, 0.2])
def test_the_average_is_its_recursion_and_near_its_integral(length: float) -> None:
    network = nn.Linear(1, 1, bias=False).double()
    ema, gamma = PowerEMA(network, length), gamma_of(length)
    average, n, threads = 0.0, 400, Threads()
    for step in range(1, n + 1):
        fill(network, step / n)
        ema.update(network.weight.detach().flatten(), threads)
        beta = (1 - 1 / step) ** (gamma + 1)
        average = beta * average + (1 - beta) * step / n
    assert ema.updates == n
    assert ema.network.weight.item() == pytest.approx(average, rel=1e-12)
    # Karras et al. 2024, eq. 2: ∫ (γ + 1) τ^γ · τ dτ
    assert ema.network.weight.item() == pytest.approx((gamma + 1) / (gamma + 2), abs=0.01)


def test_the_first_update_takes_the_weights_whole_and_apart() -> None:
    network = nn.Linear(1, 1, bias=False)
    ema = PowerEMA(network)
    fill(network, 3.0)
    ema.update(network.weight.detach().flatten(), Threads())
    fill(network, 5.0)
    assert ema.network.weight.item() == 3
    assert not ema.network.weight.requires_grad
    assert network.weight.requires_grad
    assert not ema.network.training
