"""Translation without pairs: the CycleGAN's losses, bridges against the exact solution."""

from __future__ import annotations

import pytest
import torch
from torch import Generator, Tensor, nn

from diffviz.denoisers.exact import GaussianDenoiser
from diffviz.rivals.contest import ROUNDS
from diffviz.rivals.courses import course_named
from diffviz.rivals.settings import TranslationSettings
from diffviz.rivals.translation import (
    SHOWN,
    CycleGAN,
    Translation,
    bridge,
)
from diffviz.runs.editing import rms_distance
from diffviz.schedules import make_schedule

SMALL = TranslationSettings(updates=20, weights=40_000, batch=32, steps=8)


def gaussians(count: int) -> Tensor:
    x: Tensor = 0.5 + 0.3 * torch.randn(count, 2, generator=Generator().manual_seed(0))
    return x.double()


def test_a_bridge_between_gaussians_is_the_map_that_is_known() -> None:
    """The ODE of N(m, s²) is linear: it keeps (x − m)/s, so both together map x to its like."""
    x = gaussians(300)
    there, back = GaussianDenoiser(0.5, 0.3), GaussianDenoiser(-1.0, 0.8)
    expected = -1.0 + 0.8 * (x - 0.5) / 0.3
    schedule, errors, cycles = make_schedule("linear"), [], []
    for steps in (50, 100, 200):
        noise, arrived = bridge(there, back, schedule, steps, x)
        errors.append(rms_distance(arrived, expected))
        _, again = bridge(back, there, schedule, steps, arrived)
        cycles.append(rms_distance(again, x))
        assert abs(float(noise.std()) - 1) < 0.1
    assert errors[-1] < 0.05
    for error in (errors, cycles):  # of the steps alone, and of the first order in them
        assert error[0] > 1.5 * error[1] > 1.5**2 * error[2]


def test_both_have_the_same_number_of_weights() -> None:
    for weights in (40_000, 100_000):
        counts = [lane.weights for lane in Translation(SMALL.but(weights=weights)).lanes]
        assert max(counts) <= 1.05 * min(counts)


def test_the_cycle_gan_s_losses_are_the_paper_s() -> None:
    gan = CycleGAN(course_named("moons"), course_named("rings"), SMALL)
    net = gan.cycle
    net.there, net.back = nn.Sequential(), nn.Sequential()  # the identity both ways
    for critic in (net.source, net.target):
        with torch.no_grad():
            for weight in critic.parameters():
                weight.zero_()
            critic[-1].bias.fill_(0.25)
    x, y = torch.randn(9, 2), torch.randn(9, 2)
    losses = gan.losses(x, y)
    assert losses.cycle.item() == 0
    assert losses.adversarial.item() == pytest.approx(2 * 0.75**2)
    net.back = nn.Sequential(nn.Linear(2, 2))
    with torch.no_grad():
        net.back[0].weight.copy_(torch.eye(2))
        net.back[0].bias.copy_(torch.tensor([0.5, -0.1]))
    assert gan.losses(x, y).cycle.item() == pytest.approx(2 * 0.3, abs=1e-6)


def test_a_translation_is_looked_at_after_each_round_and_goes_on_to_the_last_bit() -> None:
    one, other = Translation(SMALL), Translation(SMALL)
    rounds = [found for found in one.run() if found]
    assert [found.number for found in rounds] == list(range(ROUNDS + 1))
    last = rounds[-1]
    assert last.clouds.shape == (2, 2, SHOWN, 2)
    assert [arrival.updates for arrival in last.arrivals] == [20, 20]
    begin = course_named("moons").held_out[:SHOWN]
    gan = last.arrivals[0]
    assert rms_distance(one.translators[0].translate(begin), begin) == pytest.approx(
        gan.moved, rel=0.2
    )
    for seen in other.run():
        if seen and seen.number == 6:
            break
    third = Translation(SMALL)
    third.load_state(other.state())
    *_, resumed = (found for found in third.run() if found)
    assert torch.equal(resumed.clouds, last.clouds)
    assert resumed.arrivals[1].score == last.arrivals[1].score


def test_from_a_cloud_to_itself_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="choose two clouds that differ"):
        Translation(TranslationSettings(source="moons", target="moons"))
    with pytest.raises(ValueError, match="unknown target 'cube'; choose from moons"):
        TranslationSettings(target="cube")
