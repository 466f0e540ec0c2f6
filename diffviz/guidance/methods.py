"""The methods of posterior sampling: a new one is a file beside this one, and an entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from diffviz.denoisers.base import Denoiser
from diffviz.guidance.ddnm import DDNM
from diffviz.guidance.diffpir import DiffPIR
from diffviz.guidance.dps import DPS
from diffviz.guidance.measurement import Measurement
from diffviz.guidance.mmps import MMPS
from diffviz.guidance.pigdm import PiGDM
from diffviz.guidance.repaint import RePaint
from diffviz.settings import Setting


@dataclass(frozen=True)
class Method:
    """A way to sample from p(x0 | y), and what a page says of it.

    build: (denoiser, measurement, **parameters) → a denoiser. evaluations: of the network at each
    step, a gradient counted for two. repeated: how many more for each of the parameter `repeats`.
    holes: whether it can do nothing but fill holes.
    """

    name: str
    label: str
    source: str
    build: Callable[..., Denoiser]
    evaluations: int = 1
    repeats: str = ""
    repeated: int = 0
    gradients: bool = False
    holes: bool = False
    parameters: tuple[Setting, ...] = field(default=())

    def cost(self, **parameters: float) -> int:
        """Network evaluations a step."""
        given = {p.name: p.default for p in self.parameters} | parameters
        return self.evaluations + self.repeated * int(given.get(self.repeats, 0))


METHODS = {
    method.name: method
    for method in (
        Method("ddnm", "DDNM", "Wang et al. 2023, eq. 13", DDNM),
        Method(
            "diffpir",
            "DiffPIR",
            "Zhu et al. 2023, eq. 13",
            DiffPIR,
            parameters=(Setting("strength", "strength λ", 7, 0.1, 30, 0.1),),
        ),
        Method("pigdm", "ΠGDM", "Song et al. 2023, eq. 7", PiGDM, 3, gradients=True),
        Method(
            "dps",
            "DPS",
            "Chung et al. 2023, eq. 16",
            DPS,
            3,
            gradients=True,
            parameters=(Setting("strength", "strength ζ", 1, 0.1, 5, 0.1),),
        ),
        Method(
            "mmps",
            "Moment matching",
            "Rozet et al. 2024, eq. 16",
            MMPS,
            3,
            repeats="iterations",
            repeated=2,
            gradients=True,
            parameters=(Setting("iterations", "iterations", 3, 1, 10, 1),),
        ),
        Method(
            "repaint",
            "RePaint",
            "Lugmayr et al. 2022, eq. 8",
            RePaint,
            0,
            repeats="resamplings",
            repeated=1,
            holes=True,
            parameters=(Setting("resamplings", "resamplings", 4, 1, 10, 1),),
        ),
    )
}


def condition_on(
    denoiser: Denoiser, measurement: Measurement, method: str = "pigdm", **parameters: float
) -> Denoiser:
    """The denoiser of x0 given the measurement, by that method.

    Raises ValueError for an unknown method or parameter, one out of bounds, or a measurement that
    the method is not for.
    """
    if method not in METHODS:
        raise ValueError(f"unknown method {method!r}; choose from {', '.join(METHODS)}")
    chosen = METHODS[method]
    known = {p.name: p for p in chosen.parameters}
    if unknown := set(parameters) - set(known):
        raise ValueError(f"method {method!r} has no parameter {', '.join(sorted(unknown))}")
    values = {name: p.check(parameters.get(name, p.default)) for name, p in known.items()}
    return chosen.build(denoiser, measurement, **values)
