"""The forward process: straight to t, step by step, and the noise of both."""

import math
import time
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffviz.forward import (
    SeededNoise,
    StreamedNoise,
    add_noise,
    counter_noise,
    noise,
    noising_chain,
    transition,
)
from diffviz.schedules import NoiseSchedule, make_schedule
from tests.oracles.strategies import any_schedule

SHAPE = (3, 5, 4)
seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_noise_is_exact_in_float16_and_the_seeds_alone(seed: int) -> None:
    eps = noise(seed, SHAPE)
    assert eps.dtype == torch.float32
    assert torch.equal(eps, eps.half().float())
    torch.rand(3)  # the global generator has no part in it
    assert torch.equal(eps, noise(seed, SHAPE))


@given(st.lists(seeds, min_size=1, max_size=4), seeds)
def test_seeded_noise_starts_from_noise_and_knows_no_companions(
    others: list[int], seed: int
) -> None:
    alone, among = SeededNoise([seed], SHAPE), SeededNoise([*others, seed], SHAPE)
    first = alone()
    assert torch.equal(first[0], noise(seed, SHAPE))
    assert torch.equal(first[0], among()[-1])
    second = alone()
    assert torch.equal(second[0], among()[-1])
    assert not torch.equal(first, second)
    assert torch.equal(second, second.half().float())


def test_noise_is_standard_normal() -> None:
    eps = SeededNoise(range(100), (100, 100))()
    assert_standard_normal(eps.double().numpy())


def assert_standard_normal(z: np.ndarray) -> None:
    """Mean, variance, skewness and kurtosis within 5 standard errors, none of them 0."""
    n = z.size
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((z**power).mean() - mean) < 5 * math.sqrt(variance / n), power


@given(any_schedule, st.data())
def test_add_noise_is_the_closed_form(schedule: NoiseSchedule, data: st.DataObject) -> None:
    t = data.draw(st.integers(0, schedule.T))
    x0, eps = noise(1, SHAPE).double(), noise(2, SHAPE).double()
    expected = schedule.alpha[t] * x0 + schedule.sigma[t] * eps
    assert torch.equal(add_noise(x0, eps, schedule, t), expected)
    assert torch.equal(add_noise(x0, eps, schedule, 0), x0)


@given(any_schedule, st.data())
def test_transitions_compose_to_the_marginal(schedule: NoiseSchedule, data: st.DataObject) -> None:
    s = data.draw(st.integers(0, schedule.T - 1))
    t = data.draw(st.integers(s + 1, schedule.T))
    ratio, std = transition(schedule, s, t)
    assert ratio * float(schedule.alpha[s]) == pytest.approx(float(schedule.alpha[t]), abs=1e-15)
    variance = (ratio * schedule.sigma[s]) ** 2 + std**2
    torch.testing.assert_close(variance, schedule.sigma[t] ** 2, rtol=1e-12, atol=0)
    assert transition(schedule, 0, t) == (float(schedule.alpha[t]), float(schedule.sigma[t]))


@given(any_schedule, seeds, st.data())
def test_a_chain_ends_exactly_where_add_noise_lands(
    schedule: NoiseSchedule, seed: int, data: st.DataObject
) -> None:
    indices = sorted(data.draw(st.sets(st.integers(0, schedule.T), min_size=1, max_size=9)))
    x0, eps = noise(1, SHAPE), noise(2, SHAPE)
    states = list(noising_chain(x0, eps, schedule, indices, seed))
    assert len(states) == len(indices)
    assert torch.equal(states[-1], add_noise(x0, eps, schedule, indices[-1]))
    assert all(torch.isfinite(x).all() for x in states)
    assert all(x.dtype == torch.float32 for x in states)
    if indices[0] == 0:
        assert torch.equal(states[0], x0)


@pytest.mark.parametrize(
    "schedule",
    [
        make_schedule("linear", 50),
        make_schedule("cosine", 50, zero_terminal_snr=True),
        make_schedule("karras", 50),
        make_schedule("flow", 50),
    ],
    ids=lambda schedule: schedule.name,
)
def test_a_chains_steps_are_the_markov_chains(schedule: NoiseSchedule) -> None:
    """z = (x_t − α_{t|s}·x_s)/σ_{t|s} of all steps are independent and standard normal."""
    indices = [0, 1, 7, 20, 33, 49, 50]
    x0 = torch.full((200, 200), 0.7, dtype=torch.float64)
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    states = list(noising_chain(x0, eps, schedule, indices, seed=11))
    increments = []
    for (s, x_s), (t, x_t) in pairwise(zip(indices, states, strict=True)):
        ratio, std = transition(schedule, s, t)
        increments.append(((x_t - ratio * x_s) / std).flatten())
    z = torch.stack(increments).numpy()
    assert_standard_normal(z)
    for row in z:
        assert_standard_normal(row)
    independent = np.eye(len(z))
    assert np.abs(np.cov(z) - independent).max() < 5 * math.sqrt(2 / z.shape[1])
    assert np.abs(np.cov(z**2) / 2 - independent).max() < 5 * math.sqrt(24 / z.shape[1])


def test_a_chain_has_noise_of_its_own_for_each_seed() -> None:
    schedule = make_schedule("cosine", 10)
    x0, eps = torch.zeros(4), torch.ones(4)
    one, two = (list(noising_chain(x0, eps, schedule, range(11), seed)) for seed in (1, 2))
    assert all(torch.equal(a, b) for a, b in zip((one[0], one[-1]), (two[0], two[-1]), strict=True))
    assert not torch.equal(one[5], two[5])


def test_counter_noise_is_standard_normal_and_independent() -> None:
    streams = {
        (seed, step): counter_noise(seed, step, 20_000) for seed in range(4) for step in range(4)
    }
    z = np.stack(list(streams.values()))
    assert z.dtype == np.float64
    assert np.isfinite(z).all()
    assert_standard_normal(z)
    shifted = np.concatenate([z[:, :-1], z[:, 1:]])  # also from each place to the next
    bound = 5.5 / math.sqrt(z.shape[1])
    assert np.abs(np.corrcoef(z) - np.eye(len(z))).max() < bound
    for power in (1, 2):
        neighbours = np.corrcoef(shifted[: len(z)], shifted[len(z) :] ** power)[: len(z), len(z) :]
        assert np.abs(neighbours).max() < bound


@given(seeds, st.integers(0, 4000), st.integers(1, 50))
def test_counter_noise_depends_on_its_place_alone(seed: int, step: int, count: int) -> None:
    long = counter_noise(seed, step, count + 7)
    assert np.array_equal(counter_noise(seed, step, count), long[:count])
    assert not np.array_equal(long, counter_noise(seed, step + 1, count + 7))


def test_one_stream_for_many_samples() -> None:
    one = StreamedNoise(3, 2000, (2,))
    first, second = one(), one()
    assert first.shape == (2000, 2)
    assert torch.equal(first, noise(3, (2000, 2)))
    assert not torch.equal(first, second)
    again = StreamedNoise(3, 2000, (2,))
    assert torch.equal(again(), first)
    assert torch.equal(again(), second)
    rows = StreamedNoise(3, 6, (2,), repeats=3)()
    assert torch.equal(rows, noise(3, (2, 2)).repeat_interleave(3, dim=0))
    with pytest.raises(ValueError, match="7 samples are not whole rows of 3"):
        StreamedNoise(3, 7, (2,), 3)


def test_two_thousand_points_are_drawn_at_once() -> None:
    stream = StreamedNoise(0, 2000, (2,))
    stream()
    times = []
    for _ in range(20):
        started = time.perf_counter()
        stream()
        times.append(time.perf_counter() - started)
    assert min(times) < 0.005  # others may be at work
