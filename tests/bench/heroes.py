"""Times the drawing of heroes on one core and prints JSON.

python -m tests.bench.heroes
"""

from __future__ import annotations

import json
import time

import torch
from torch import Generator

from diffviz.data.heroes.stacks import Heroes

SECONDS = 2.0
BATCHES = (1, 32, 128, 512)


def pictures_per_second(batch: int) -> float:
    data, generator = Heroes(), Generator().manual_seed(0)
    data.batch(batch, generator)
    started, pictures = time.perf_counter(), 0
    while (passed := time.perf_counter() - started) < SECONDS:
        data.batch(batch, generator)
        pictures += batch
    return round(pictures / passed)


if __name__ == "__main__":
    torch.set_num_threads(1)
    by_batch = {str(batch): pictures_per_second(batch) for batch in BATCHES}
    print(json.dumps({"threads": 1, "pictures_per_second_by_batch": by_batch}))
