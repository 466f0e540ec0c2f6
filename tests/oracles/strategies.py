"""Hypothesis strategies: every schedule there is, and every grid on it."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from diffviz.grids import SPACINGS
from diffviz.schedules import (
    MAX_STEPS,
    MIN_STEPS,
    SCHEDULES,
    NoiseSchedule,
    drawn_schedule,
    make_schedule,
)

lengths = st.integers(MIN_STEPS, 60) | st.integers(MIN_STEPS, MAX_STEPS)


@st.composite
def named_schedules(draw: st.DrawFn, name: str) -> NoiseSchedule:
    """Of that kind: any length, any parameters, zero terminal SNR where it may be."""
    kind = SCHEDULES[name]
    parameters = {p.name: draw(st.floats(p.minimum, p.maximum)) for p in kind.parameters}
    zero = draw(st.booleans()) if kind.variance_preserving else False
    return make_schedule(name, draw(lengths), zero_terminal_snr=zero, **parameters)


@st.composite
def handles(draw: st.DrawFn) -> list[float]:
    """Falling from 1, no two closer than a thousandth of the whole."""
    drops = draw(st.lists(st.floats(0.01, 1), min_size=1, max_size=20))
    rest = draw(st.floats(0.001, 1))
    total = sum(drops) + rest
    return [1.0, *(1 - drop / total for drop in itertools.accumulate(drops))]


@st.composite
def drawn_schedules(draw: st.DrawFn) -> NoiseSchedule:
    return drawn_schedule(draw(handles()), draw(lengths), zero_terminal_snr=draw(st.booleans()))


any_schedule = st.one_of(drawn_schedules(), *(named_schedules(name) for name in SCHEDULES))


@st.composite
def grids(draw: st.DrawFn) -> tuple[NoiseSchedule, list[int]]:
    """A schedule, and a grid of it."""
    schedule = draw(any_schedule)
    steps = draw(st.integers(1, schedule.T))
    return schedule, schedule.grid(steps, draw(st.sampled_from(sorted(SPACINGS))))
