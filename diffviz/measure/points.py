"""How near samples come to data, where both are points: distances of distributions, and modes."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor

CHUNK = 2000  # rows of a table of distances that are made at once
ASTRAY = 3.0  # standard deviations


def mean_distance(a: Tensor, b: Tensor) -> float:
    """E|x − y| over all pairs of rows, (n, D) and (m, D)."""
    total = sum(
        torch.cdist(part, b).sum(dtype=torch.float64).item() for part in torch.split(a, CHUNK)
    )
    return float(total / (len(a) * len(b)))


def energy_distance(a: Tensor, b: Tensor) -> float:
    """√(2·E|x − y| − E|x − x'| − E|y − y'|) (Székely & Rizzo 2013, eq. 5): 0 for one distribution
    alone. Over all pairs, a row with itself too (the V-statistic), so that it is never negative."""
    a, b = a.double(), b.double()
    squared = 2 * mean_distance(a, b) - mean_distance(a, a) - mean_distance(b, b)
    return math.sqrt(max(0.0, squared))


def sliced_wasserstein(a: Tensor, b: Tensor, directions: int = 128, seed: int = 0) -> float:
    """The 2-Wasserstein distance of the projections to a line, as root mean square over random
    directions (Bonneel et al. 2015, eq. 8): between sorted numbers, in closed form.

    Raises ValueError unless a and b have as many rows.
    """
    if a.shape != b.shape:
        raise ValueError(f"as many points of both are needed, not {len(a):,} and {len(b):,}")
    generator = Generator().manual_seed(seed)
    line = torch.randn(a.shape[1], directions, generator=generator, dtype=torch.float64)
    line = line / line.norm(dim=0)
    apart = (a.double() @ line).sort(0).values - (b.double() @ line).sort(0).values
    return float(apart.square().mean().sqrt())


def covered(samples: Tensor, modes: Tensor, std: float, least: float = 0.2) -> int:
    """How many of the modes (K, D) have at least that share of what would be theirs, were all
    samples spread evenly: within ASTRAY standard deviations (Srivastava et al. 2017, section 4.1,
    whose rule is a single sample)."""
    distance = torch.cdist(samples.double(), modes.double())
    counts = (distance < ASTRAY * std).sum(0)
    return int((counts >= least * len(samples) / len(modes)).sum())


def astray(samples: Tensor, modes: Tensor, std: float) -> float:
    """The share of samples that are farther than ASTRAY standard deviations from every mode."""
    nearest = torch.cdist(samples.double(), modes.double()).amin(1)
    return float((nearest > ASTRAY * std).double().mean())


def nearest_point(samples: Tensor, data: Tensor) -> tuple[Tensor, Tensor]:
    """For each sample the row of the data nearest to it, (n,) int64, and how far that is, (n,)."""
    found = [
        torch.cdist(part.double(), data.double()).min(1) for part in torch.split(samples, CHUNK)
    ]
    return torch.cat([f.indices for f in found]), torch.cat([f.values for f in found])
