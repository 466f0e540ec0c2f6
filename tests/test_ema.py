"""The average of the weights: its weights are a power of time."""

import pytest
import torch
from torch import nn

from diffviz.training.ema import PowerEMA


def fill(network: nn.Linear, value: float) -> None:
    with torch.no_grad():
        network.weight.fill_(value)


@pytest.mark.parametrize("gamma", [1.0, 6.94, 16.97])
def test_the_average_is_its_recursion_and_near_its_integral(gamma: float) -> None:
    network = nn.Linear(1, 1, bias=False).double()
    ema = PowerEMA(network, gamma)
    average, n = 0.0, 400
    for step in range(1, n + 1):
        fill(network, step / n)
        ema.update(network)
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
    ema.update(network)
    fill(network, 5.0)
    assert ema.network.weight.item() == 3
    assert not ema.network.weight.requires_grad
    assert network.weight.requires_grad
    assert not ema.network.training
