"""Schedules: clean at one end, noise at the other, and more noise with every step between."""

import math

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from diffviz.schedules import (
    MAX_BETA,
    SCHEDULES,
    NoiseSchedule,
    drawn_schedule,
    make_schedule,
)
from diffviz.settings import Setting
from tests.oracles.strategies import (
    any_schedule,
    drawn_schedules,
    handles,
    lengths,
    named_schedules,
)

VARIANCE_PRESERVING = [name for name, kind in SCHEDULES.items() if kind.variance_preserving]
OTHERS = [name for name in SCHEDULES if name not in VARIANCE_PRESERVING]


@given(any_schedule)
def test_snr_falls_strictly_from_clean_data(schedule: NoiseSchedule) -> None:
    assert schedule.alpha.dtype == schedule.sigma.dtype == torch.float64
    assert len(schedule.alpha) == len(schedule.sigma) == schedule.T + 1
    assert (schedule.alpha[0], schedule.sigma[0]) == (1, 0)
    assert schedule.alpha_bar[0] == 1
    assert schedule.log_snr[0] == math.inf
    assert (schedule.log_snr.diff() < 0).all()
    assert (schedule.alpha.diff() <= 0).all()
    assert (schedule.alpha >= 0).all()
    assert torch.isfinite(schedule.sigma).all()


@pytest.mark.parametrize("name", SCHEDULES)
@given(st.data())
def test_each_kind_keeps_what_its_name_says(name: str, data: st.DataObject) -> None:
    schedule = data.draw(named_schedules(name))
    if name in VARIANCE_PRESERVING:
        torch.testing.assert_close(
            schedule.alpha**2 + schedule.sigma**2,
            torch.ones(schedule.T + 1, dtype=torch.float64),
            rtol=0,
            atol=1e-12,
        )
        assert schedule.sigma[-1] > 0.9
    elif name == "karras":
        assert (schedule.alpha == 1).all()
    elif name == "flow":
        torch.testing.assert_close(
            schedule.alpha + schedule.sigma, torch.ones_like(schedule.alpha), rtol=0, atol=1e-12
        )
        assert schedule.alpha[-1] == 0
    else:
        pytest.fail(f"say here what schedule {name!r} must keep")


@pytest.mark.parametrize("name", VARIANCE_PRESERVING)
@given(T=lengths)
def test_zero_terminal_snr_leaves_nothing_and_keeps_the_start(name: str, T: int) -> None:
    plain, zero = make_schedule(name, T), make_schedule(name, T, zero_terminal_snr=True)
    assert zero.alpha[-1] == 0
    assert zero.sigma[-1] == 1
    assert zero.log_snr[-1] == -math.inf
    torch.testing.assert_close(zero.log_snr[1], plain.log_snr[1], rtol=1e-9, atol=0)
    assert zero.zero_terminal_snr() is zero


def test_zero_terminal_snr_is_algorithm_1_of_lin_et_al() -> None:
    plain, zero = make_schedule("linear"), make_schedule("linear", zero_terminal_snr=True)
    root = plain.alpha[1:]
    expected = (root - root[-1]) * root[0] / (root[0] - root[-1])
    torch.testing.assert_close(zero.alpha[1:], expected, rtol=1e-12, atol=1e-15)


def test_zero_terminal_snr_is_refused_where_variance_grows() -> None:
    with pytest.raises(ValueError, match="not variance-preserving"):
        make_schedule("karras", zero_terminal_snr=True)
    flow = make_schedule("flow")
    assert flow.zero_terminal_snr() is flow  # it ends there anyway


@given(schedule=drawn_schedules())
def test_a_drawn_schedule_preserves_variance(schedule: NoiseSchedule) -> None:
    total = schedule.alpha**2 + schedule.sigma**2
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-12)


@given(handles())
def test_a_drawn_schedule_goes_through_its_handles(points: list[float]) -> None:
    parts = len(points) - 1
    schedule = drawn_schedule(points, T=60 * parts)
    expected = torch.tensor(points, dtype=torch.float64)
    torch.testing.assert_close(schedule.alpha_bar[:: schedule.T // parts], expected)
    between = schedule.alpha_bar[30 :: schedule.T // parts]
    torch.testing.assert_close(between, (expected[1:] + expected[:-1]) / 2)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([1.0], "2 to 64 handles"),
        ([1 - k / 80 for k in range(65)], "2 to 64 handles"),
        ([0.9, 0.1], "fall strictly"),
        ([1.0, 0.0], "fall strictly"),
        ([1.0, 0.5, 0.5, 0.1], "fall strictly"),
        ([1.0, math.nan, 0.1], "fall strictly"),
    ],
)
def test_a_drawn_schedule_says_what_is_wrong(points: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        drawn_schedule(points)


def test_linear_is_ho_et_al_at_1000_steps() -> None:
    expected = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0)
    torch.testing.assert_close(make_schedule("linear").alpha_bar[1:], expected, rtol=1e-11, atol=0)


@pytest.mark.parametrize("T", [20, 50, 200, 4000])
def test_trap_linear_betas_are_scaled_so_that_a_short_schedule_ends_in_noise(T: int) -> None:
    assert make_schedule("linear", T).alpha_bar[-1] < 1e-4  # unscaled: 0.60 at T = 50


def test_scaled_linear_is_even_in_the_root_of_beta() -> None:
    schedule = make_schedule("scaled-linear")
    beta = 1 - schedule.alpha_bar[1:] / schedule.alpha_bar[:-1]
    expected = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64)
    torch.testing.assert_close(beta.sqrt(), expected, rtol=1e-9, atol=0)


@given(T=lengths)
def test_cosine_is_nichol_and_dhariwals_up_to_the_clipped_end(T: int) -> None:
    schedule = make_schedule("cosine", T)
    f = [math.cos((t / T + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(T + 1)]
    expected = torch.tensor(f, dtype=torch.float64) / f[0]
    clipped = 1 - expected[1:] / expected[:-1] > MAX_BETA
    until = T if not clipped.any() else int(clipped.nonzero()[0])
    torch.testing.assert_close(
        schedule.alpha_bar[: until + 1], expected[: until + 1], rtol=1e-9, atol=1e-12
    )
    assert clipped[-1]  # where the formula ends at exactly 0
    left = schedule.alpha_bar[-1] / schedule.alpha_bar[-2]
    assert float(left) == pytest.approx(1 - 0.999, rel=1e-9)  # their section 3.2


@given(
    T=lengths,
    start=st.floats(-6, -1),
    end=st.floats(1, 6),
    tau=st.floats(0.2, 3),
    zero=st.booleans(),
)
@example(T=4000, start=-6, end=6, tau=0.2, zero=True)
@example(T=4000, start=-6, end=6, tau=0.2, zero=False)
def test_sigmoid_is_jabri_et_als_algorithm_1_with_all_digits(
    T: int, start: float, end: float, tau: float, zero: bool
) -> None:
    schedule = make_schedule("sigmoid", T, start=start, end=end, tau=tau)
    z = torch.linspace(start, end, T + 1, dtype=torch.float64) / tau
    up, down = torch.sigmoid(z), torch.sigmoid(-z)  # of each, small values have all their digits
    signal = (down - down[-1]) / (down[0] - down[-1])
    noise = (up - up[0]) / (up[-1] - up[0])
    torch.testing.assert_close(schedule.alpha_bar[1:-1], signal[1:-1], rtol=1e-8, atol=0)
    torch.testing.assert_close(schedule.sigma[1:-1] ** 2, noise[1:-1], rtol=1e-8, atol=0)
    if zero:
        stretched = schedule.zero_terminal_snr()
        torch.testing.assert_close(stretched.sigma[1], schedule.sigma[1], rtol=1e-8, atol=0)
        assert (stretched.log_snr.diff() < 0).all()


def test_karras_is_eq_5_from_end_to_end() -> None:
    schedule = make_schedule("karras", 40, sigma_min=0.002, sigma_max=80, rho=7)
    i = torch.arange(40, dtype=torch.float64)
    expected = (80 ** (1 / 7) + i / 39 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7
    torch.testing.assert_close(schedule.sigma[1:], expected.flip(0))


def test_the_shift_of_a_flow_multiplies_its_noise_ratio() -> None:
    plain, shifted = make_schedule("flow", 100), make_schedule("flow", 100, shift=3)
    torch.testing.assert_close(
        (shifted.sigma / shifted.alpha)[:-1], 3 * (plain.sigma / plain.alpha)[:-1]
    )


@given(any_schedule)
def test_alpha_bar_and_log_snr_tell_the_same(schedule: NoiseSchedule) -> None:
    torch.testing.assert_close(torch.sigmoid(schedule.log_snr), schedule.alpha_bar)


@pytest.mark.parametrize(
    ("alpha", "sigma", "message"),
    [
        ([1.0, 0.5], [0.0, 0.5, 1.0], "one length"),
        ([1.0, math.nan], [0.0, 1.0], "not finite"),
        ([0.9, 0.5], [0.0, 0.5], "clean data"),
        ([1.0, 0.5], [0.1, 0.5], "clean data"),
        ([1.0, 0.5, 0.5], [0.0, 0.5, 0.5], "at every step"),
        ([1.0, 0.5, 0.6], [0.0, 0.5, 0.5], "at every step"),
        ([1.0, 0.0, 0.0], [0.0, 1.0, 2.0], "at every step"),
    ],
)
def test_a_schedule_checks_its_tables(alpha: list[float], sigma: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NoiseSchedule("mine", torch.tensor(alpha), torch.tensor(sigma))


@pytest.mark.parametrize("T", [-1, 0, 1, 4001])
def test_the_number_of_steps_has_bounds(T: int) -> None:
    with pytest.raises(ValueError, match=f"T must be a whole number from 2 to 4000, not {T}"):
        make_schedule("linear", T)
    with pytest.raises(ValueError, match="T must be"):
        drawn_schedule([1, 0.1], T)


def test_an_unknown_kind_or_parameter_is_named_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"unknown schedule 'liner'; choose from linear, cosine"):
        make_schedule("liner")
    with pytest.raises(ValueError, match=r"no parameter beta; it takes beta_start, beta_end"):
        make_schedule("linear", beta=0.1)


@pytest.mark.parametrize(
    "parameter", [p for kind in SCHEDULES.values() for p in kind.parameters], ids=lambda p: p.name
)
def test_parameters_have_bounds_and_defaults_within(parameter: Setting) -> None:
    assert parameter.check(parameter.default) == parameter.default
    for value in (parameter.minimum - 1e-6, parameter.maximum + 1e-6, math.nan, math.inf):
        with pytest.raises(ValueError, match="must be a number from"):
            parameter.check(value)
