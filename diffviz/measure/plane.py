"""How good samples in the plane are: each number beside what fresh data themselves get."""

from __future__ import annotations

from typing import Any

import torch
from torch import Generator, Tensor

from diffviz.data.plane.clouds import Cloud
from diffviz.measure.points import (
    astray,
    covered,
    energy_distance,
    nearest_point,
    sliced_wasserstein,
)

MOST = 2000  # samples that are looked at: all pairs of them count
FRESH_SEED = 77


def numbers(samples: Tensor, cloud: Cloud, what: str = "") -> dict[str, Any]:
    """Of samples (n, 2) of a cloud, or of its class `what`: name → {"value", "fresh"}, where fresh
    is what as many fresh data, in place of the samples, come to.

    energy, sliced: the distances to fresh data. covered: how many of `modes`; astray: the share
    farther than three standard deviations from all of them. nearest: the median distance to the
    nearest of the cloud's points; apart: the same between neighbours in the cloud, below which a
    sample is no more than a copy.
    """
    x = samples.float()[:MOST]
    real, other = fresh_pair(cloud, len(x), what)
    found: dict[str, Any] = {
        "energy": both(energy_distance, x, other, real),
        "sliced": both(sliced_wasserstein, x, other, real),
    }
    if len(cloud.modes):
        modes, std = cloud.modes, cloud.spread
        found["covered"] = {
            "value": covered(x, modes, std),
            "fresh": covered(other, modes, std),
            "of": len(modes),
        }
        found["astray"] = {"value": astray(x, modes, std), "fresh": astray(other, modes, std)}
    found["nearest"] = {
        "value": float(nearest_point(x, cloud.points)[1].median()),
        "fresh": float(nearest_point(other, cloud.points)[1].median()),
    }
    return found


def both(distance: Any, x: Tensor, other: Tensor, real: Tensor) -> dict[str, float]:
    return {"value": distance(x, real), "fresh": distance(other, real)}


def fresh_pair(cloud: Cloud, count: int, what: str = "") -> tuple[Tensor, Tensor]:
    """Twice as many fresh data (count, 2) of the class, or of all."""
    generator = Generator().manual_seed(FRESH_SEED)
    real, other = (_fresh(cloud, count, what, generator) for _ in range(2))
    return real, other


def _fresh(cloud: Cloud, count: int, what: str, generator: Generator) -> Tensor:
    if not what:
        return cloud.fresh(count, generator)[0]
    wanted, parts, found = cloud.classes.index(what), [], 0
    while found < count:
        points, kinds = cloud.fresh(max(count, 200), generator)
        parts.append(points[kinds == wanted])
        found += len(parts[-1])
    return torch.cat(parts)[:count]
