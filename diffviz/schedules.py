"""Noise schedules: how much picture (α_t) and how much noise (σ_t) is in x_t = α_t·x0 + σ_t·ε.

A schedule is two float64 tables over t = 0 … T, whose index 0 is clean data. A new kind is one
function and one entry of SCHEDULES here, and its twin in ui/lib/schedules.js, which draws
it live in the browser.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor

from diffviz.grids import SPACINGS
from diffviz.settings import Setting, check_bounds, check_parameters, unknown

MIN_STEPS, MAX_STEPS = 2, 4000
MAX_BETA = 0.999  # no step may wipe out everything (Nichol & Dhariwal 2021, section 3.2)


@dataclass(frozen=True, eq=False)
class NoiseSchedule:
    """alpha, sigma: (T + 1,) float64; α_0 = 1, σ_0 = 0, and the SNR α²/σ² falls strictly.

    Raises ValueError where the tables break one of these rules.
    """

    name: str
    alpha: Tensor
    sigma: Tensor

    def __post_init__(self) -> None:
        if self.alpha.shape != self.sigma.shape or self.alpha.dim() != 1:
            raise ValueError("alpha and sigma must be tables of one length")
        if not (torch.isfinite(self.alpha).all() and torch.isfinite(self.sigma).all()):
            raise ValueError(f"schedule {self.name!r} has values that are not finite")
        if self.alpha[0] != 1 or self.sigma[0] != 0:
            raise ValueError(f"schedule {self.name!r} must start from clean data: α = 1, σ = 0")
        # The ratio σ/α rises strictly, written without a division so that α_T = 0 may stand.
        rises = self.sigma[1:] * self.alpha[:-1] > self.sigma[:-1] * self.alpha[1:]
        if not rises.all():
            raise ValueError(f"schedule {self.name!r} must add noise at every step")

    @property
    def T(self) -> int:
        """The number of noising steps."""
        return len(self.alpha) - 1

    @property
    def alpha_bar(self) -> Tensor:
        """(T + 1,): α²/(α² + σ²), the share of the picture in the variance; ᾱ_t of Ho et al. 2020
        where α² + σ² = 1, and comparable across all schedules."""
        return self.alpha**2 / (self.alpha**2 + self.sigma**2)

    @property
    def log_snr(self) -> Tensor:
        """(T + 1,): λ_t = log(α_t²/σ_t²); +∞ at t = 0, −∞ where α_T = 0."""
        return 2 * (self.alpha.log() - self.sigma.log())

    def grid(self, steps: int, spacing: str = "trailing", start: int | None = None) -> list[int]:
        """The steps + 1 indices that a sampler visits: strictly falling, the last one 0.

        start: where sampling begins, T by default. Raises ValueError unless 1 ≤ start ≤ T,
        1 ≤ steps ≤ start, and the spacing is one of SPACINGS.
        """
        if spacing not in SPACINGS:
            raise ValueError(unknown("spacing", spacing, SPACINGS))
        if start is not None:
            check_bounds("t", start, 1, self.T, whole=True, of="T")
        most, name = (self.T, "T") if start is None else (start, "t")
        check_bounds("steps", steps, 1, most, whole=True, of=name)
        return [*SPACINGS[spacing](self.log_snr[: most + 1], steps), 0]

    def zero_terminal_snr(self) -> NoiseSchedule:
        """The same schedule, stretched so that nothing of the picture is left at T.

        Lin et al. 2024, "Common diffusion noise schedules …", algorithm 1: α is shifted so that
        α_T = 0 and scaled so that α_1 stays. Raises ValueError unless variance-preserving.
        """
        if self.alpha[-1] == 0:
            return self
        if not torch.allclose(self.alpha**2 + self.sigma**2, torch.ones(1, dtype=torch.float64)):
            raise ValueError(f"schedule {self.name!r} is not variance-preserving: α must fall to 0")
        alpha, first, last = self.alpha.clone(), self.alpha[1], self.alpha[-1]
        missing = self.sigma**2 / (1 + alpha)  # 1 − α, to all its digits
        alpha[1:] = (alpha[1:] - last) * first / (first - last)
        missing = (first * missing - last * missing[1]) / (first - last)
        missing[0], missing[-1] = 0, 1
        return NoiseSchedule(self.name, alpha, (missing * (1 + alpha)).sqrt())


@dataclass(frozen=True)
class ScheduleKind:
    """A family of schedules. build(T, **parameters) → (alpha, sigma) for t = 1 … T."""

    name: str
    label: str
    source: str
    build: Callable[..., tuple[Tensor, Tensor]]
    parameters: tuple[Setting, ...] = field(default=())
    variance_preserving: bool = True


def _unit(T: int) -> Tensor:
    """t/T for t = 1 … T."""
    return torch.arange(1, T + 1, dtype=torch.float64) / T


def _from_betas(betas: Tensor) -> tuple[Tensor, Tensor]:
    """ᾱ_t = Π(1 − β), in logarithms, so that σ keeps its digits where ᾱ is close to 1."""
    log_alpha_bar = torch.log1p(-betas.clamp(max=MAX_BETA)).cumsum(0)
    return (log_alpha_bar / 2).exp(), (-torch.expm1(log_alpha_bar)).sqrt()


def _linear(T: int, beta_start: float, beta_end: float) -> tuple[Tensor, Tensor]:
    # Scaled by 1000/T: unscaled, a short schedule would end with most of the picture left.
    return _from_betas(1000 / T * torch.linspace(beta_start, beta_end, T, dtype=torch.float64))


def _quadratic(T: int, beta_start: float, beta_end: float) -> tuple[Tensor, Tensor]:
    roots = torch.linspace(math.sqrt(beta_start), math.sqrt(beta_end), T, dtype=torch.float64)
    return _from_betas(1000 / T * roots**2)


def _cosine(T: int, s: float) -> tuple[Tensor, Tensor]:
    t = torch.cat([torch.zeros(1, dtype=torch.float64), _unit(T)])
    alpha_bar = torch.cos((t + s) / (1 + s) * math.pi / 2) ** 2
    return _from_betas(1 - alpha_bar[1:] / alpha_bar[:-1])


def _sigmoid(T: int, start: float, end: float, tau: float) -> tuple[Tensor, Tensor]:
    t = torch.cat([torch.zeros(1, dtype=torch.float64), _unit(T)])
    z = (start + t * (end - start)) / tau

    def rise(a: Tensor, b: Tensor) -> Tensor:
        """sigmoid(b) − sigmoid(a), without loss of digits where both are close to 0."""
        return torch.sigmoid(-a) * torch.sigmoid(b) * -torch.expm1(a - b)

    # ᾱ_t = rise(z_t, z_T) / rise(z_0, z_T), and so β_t = 1 − ᾱ_t/ᾱ_{t−1} is
    return _from_betas(rise(z[:-1], z[1:]) / rise(z[:-1], z[-1]))


def _karras(T: int, sigma_min: float, sigma_max: float, rho: float) -> tuple[Tensor, Tensor]:
    ramp = torch.linspace(0, 1, T, dtype=torch.float64)
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return torch.ones(T, dtype=torch.float64), (low + ramp * (high - low)) ** rho


def _flow(T: int, shift: float) -> tuple[Tensor, Tensor]:
    t = _unit(T)
    sigma = shift * t / (1 + (shift - 1) * t)
    return (1 - t) / (1 + (shift - 1) * t), sigma


_BETA_START = Setting("beta_start", "β start", 1e-4, 1e-5, 5e-3, 1e-5)
_BETA_END = Setting("beta_end", "β end", 0.02, 6e-3, 0.05, 1e-4)

SCHEDULES = {
    kind.name: kind
    for kind in (
        ScheduleKind(
            "linear", "Linear", "Ho et al. 2020, section 4", _linear, (_BETA_START, _BETA_END)
        ),
        ScheduleKind(
            "cosine",
            "Cosine",
            "Nichol & Dhariwal 2021, eq. 17",
            _cosine,
            (Setting("s", "offset s", 0.008, 0.001, 0.1, 0.001),),
        ),
        ScheduleKind(
            "sigmoid",
            "Sigmoid",
            "Jabri et al. 2022, algorithm 1",
            _sigmoid,
            (
                Setting("start", "start", -3, -6, 0, 0.1),
                Setting("end", "end", 3, 0.1, 6, 0.1),
                Setting("tau", "temperature τ", 1, 0.2, 3, 0.05),
            ),
        ),
        ScheduleKind(
            "scaled-linear",
            "Scaled linear",
            "Rombach et al. 2022, appendix",
            _quadratic,
            (
                Setting("beta_start", "β start", 8.5e-4, 1e-5, 5e-3, 1e-5),
                Setting("beta_end", "β end", 0.012, 6e-3, 0.05, 1e-4),
            ),
        ),
        ScheduleKind(
            "quadratic",
            "Quadratic",
            "Song et al. 2021 (DDIM), appendix D.2",
            _quadratic,
            (_BETA_START, _BETA_END),
        ),
        ScheduleKind(
            "karras",
            "Karras (EDM)",
            "Karras et al. 2022, eq. 5",
            _karras,
            (
                Setting("sigma_min", "σ min", 0.002, 0.001, 0.1, 0.001),
                Setting("sigma_max", "σ max", 80, 1, 200, 1),
                Setting("rho", "ρ", 7, 1, 15, 0.1),
            ),
            variance_preserving=False,
        ),
        ScheduleKind(
            "flow",
            "Rectified flow",
            "Liu et al. 2022, eq. 1; the shift: Esser et al. 2024, eq. 23",
            _flow,
            (Setting("shift", "shift", 1, 0.2, 8, 0.1),),
            variance_preserving=False,
        ),
    )
}


def make_schedule(
    name: str, T: int = 1000, *, zero_terminal_snr: bool = False, **parameters: float
) -> NoiseSchedule:
    """The schedule of that kind with T steps; parameters not given take their defaults.

    Raises ValueError for an unknown kind or parameter, or one out of bounds, naming the choices.
    """
    if name not in SCHEDULES:
        raise ValueError(unknown("schedule", name, SCHEDULES))
    kind = SCHEDULES[name]
    values = check_parameters(f"schedule {name!r}", kind.parameters, parameters)
    return _made(name, _check_T(T), zero_terminal_snr, **values)


@lru_cache(maxsize=64)  # settings are checked by making their schedule, many times a run
def _made(name: str, T: int, zero_terminal_snr: bool, **values: float) -> NoiseSchedule:
    schedule = _with_clean_data(name, *SCHEDULES[name].build(T, **values))
    return schedule.zero_terminal_snr() if zero_terminal_snr else schedule


def drawn_schedule(
    handles: Sequence[float], T: int = 1000, *, zero_terminal_snr: bool = False
) -> NoiseSchedule:
    """The variance-preserving schedule whose ᾱ_t is a line through handles, evenly spaced over t.

    handles: at least 2 values, strictly falling from 1 (t = 0) to above 0 (t = T).
    Raises ValueError, saying what is wrong with them.
    """
    points = torch.tensor(handles, dtype=torch.float64)
    if points.dim() != 1 or not 2 <= len(points) <= 64:
        raise ValueError("a drawn schedule needs 2 to 64 handles")
    if points[0] != 1 or not points[-1] > 0 or not (points.diff() < 0).all():
        raise ValueError("handles must fall strictly from 1 to above 0")
    position = _unit(_check_T(T)) * (len(points) - 1)
    left = position.floor().clamp(max=len(points) - 2).long()
    share = position - left
    alpha_bar = points[left] * (1 - share) + points[left + 1] * share
    schedule = _with_clean_data("drawn", alpha_bar.sqrt(), (1 - alpha_bar).sqrt())
    return schedule.zero_terminal_snr() if zero_terminal_snr else schedule


def _check_T(T: int) -> int:
    check_bounds("T", T, MIN_STEPS, MAX_STEPS, whole=True)
    return T


def _with_clean_data(name: str, alpha: Tensor, sigma: Tensor) -> NoiseSchedule:
    return NoiseSchedule(
        name, torch.cat([torch.ones_like(alpha[:1]), alpha]), torch.cat([sigma.new_zeros(1), sigma])
    )
