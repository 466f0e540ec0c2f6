"""Grids: strictly falling, all there, and ending in clean data."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from diffviz.grids import SPACINGS
from diffviz.schedules import NoiseSchedule, make_schedule
from tests.oracles.strategies import any_schedule, grids


@given(grids())
def test_a_grid_falls_strictly_to_zero(drawn: tuple[NoiseSchedule, list[int]]) -> None:
    schedule, grid = drawn
    assert all(isinstance(t, int) for t in grid)
    assert all(t > s for t, s in pairwise(grid))
    assert 1 <= grid[0] <= schedule.T
    assert grid[-1] == 0


@pytest.mark.parametrize("spacing", SPACINGS)
@given(schedule=any_schedule, data=st.data())
def test_a_grid_has_as_many_steps_as_asked_for(
    spacing: str, schedule: NoiseSchedule, data: st.DataObject
) -> None:
    steps = data.draw(st.integers(1, schedule.T))
    assert len(schedule.grid(steps, spacing)) == steps + 1
    assert schedule.grid(schedule.T, spacing) == list(range(schedule.T, -1, -1))
    if spacing != "leading":
        assert schedule.grid(steps, spacing)[0] == schedule.T


@given(schedule=any_schedule, data=st.data())
def test_a_grid_can_start_at_any_t(schedule: NoiseSchedule, data: st.DataObject) -> None:
    start = data.draw(st.integers(1, schedule.T))
    steps = data.draw(st.integers(1, start))
    for spacing in SPACINGS:
        grid = schedule.grid(steps, spacing, start)
        assert len(grid) == steps + 1
        assert all(t > s for t, s in pairwise(grid))
        assert grid[-1] == 0
        assert grid[0] == start or (spacing == "leading" and grid[0] <= start)
    with pytest.raises(
        ValueError, match=f"steps must be .* from 1 to t = {start}, not {start + 1}"
    ):
        schedule.grid(start + 1, start=start)
    for outside in (0, schedule.T + 1):
        with pytest.raises(ValueError, match=f"t must be .* from 1 to T = {schedule.T}"):
            schedule.grid(1, start=outside)


def test_trap_trailing_with_29_of_100_steps_takes_29() -> None:
    grid = make_schedule("cosine", 100).grid(29, "trailing")  # a float stride counts 30
    assert len(grid) == 30
    assert grid[0] == 100
    assert grid[-2:] == [3, 0]


@given(T=st.integers(2, 4000), data=st.data())
def test_strides_are_even(T: int, data: st.DataObject) -> None:
    schedule = make_schedule("flow", T)
    steps = data.draw(st.integers(1, T))
    for spacing, first, last in (("trailing", T, 0), ("linspace", T, 1)):
        grid = schedule.grid(steps, spacing)[: steps + (last == 0)]
        for k, t in enumerate(grid):
            exact = first + (last - first) * k / max(len(grid) - 1, 1)
            assert abs(t - exact) <= 0.5 + 1e-9
    stride = T // steps
    assert schedule.grid(steps, "leading")[:-1] == [1 + k * stride for k in range(steps)][::-1]


@pytest.mark.parametrize("zero", [False, True])
def test_log_snr_spacing_takes_the_nearest_to_even_parts(zero: bool) -> None:
    schedule = make_schedule("linear", 4000, zero_terminal_snr=zero)
    grid = schedule.grid(8, "log-snr")
    if zero:
        assert grid.pop(0) == 4000  # −∞ has no even parts: visited first
    log_snr = schedule.log_snr
    targets = torch.linspace(log_snr[grid[0]], log_snr[1], len(grid) - 1, dtype=torch.float64)
    nearest = (log_snr - targets[:, None]).abs().argmin(1).tolist()
    assert grid == [*nearest, 0]
    assert grid[0] == 4000 - zero


def test_unknown_spacings_and_impossible_steps_are_refused() -> None:
    schedule = make_schedule("linear", 10)
    with pytest.raises(ValueError, match="unknown spacing 'even'; choose from trailing"):
        schedule.grid(5, "even")
    for steps in (0, 11, -1):
        with pytest.raises(ValueError, match=f"steps must be .* from 1 to T = 10, not {steps}"):
            schedule.grid(steps)
