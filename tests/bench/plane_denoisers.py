"""How near the ready-made denoisers of points come to their data, as a table in Markdown.

    PYTHONPATH=. python tests/bench/plane_denoisers.py

For each shape the energy distance of as many samples, in 50 steps, to fresh data, beside that of
fresh data to fresh data; means over seeds.
"""

from __future__ import annotations

import statistics

from torch import Generator

from diffviz.checkpoints import checkpoint_names
from diffviz.data.plane.shapes import SHAPES
from diffviz.measure.points import energy_distance
from diffviz.runs.plane import READY, PlaneSettings, run_points

SAMPLES, SEEDS, STEPS, SAMPLER = 2000, 8, 50, "dpmpp-2m"


def measured(name: str) -> tuple[float, float]:
    """Of the samples, and of fresh data."""
    of_samples, of_fresh = [], []
    for seed in range(SEEDS):
        generator = Generator().manual_seed(1000 + seed)
        fresh, other = (SHAPES[name].points(SAMPLES, generator)[0] for _ in range(2))
        settings = PlaneSettings(
            data=name, denoiser="learned", count=SAMPLES, steps=STEPS, sampler=SAMPLER, seed=seed
        )
        *_, last = run_points(settings)
        of_samples.append(energy_distance(last.x, fresh))
        of_fresh.append(energy_distance(other, fresh))
    return statistics.mean(of_samples), statistics.mean(of_fresh)


def main() -> None:
    print(f"{SAMPLES:,} samples in {STEPS} steps of {SAMPLER}, means of {SEEDS} seeds\n")
    print("| data | learned | fresh | times |\n|---|---|---|---|")
    for name in checkpoint_names(READY):
        learned, fresh = measured(name)
        print(f"| {name} | {learned:.4f} | {fresh:.4f} | {learned / fresh:.2f} |", flush=True)


if __name__ == "__main__":
    main()
