"""What denoisers of Fashion-MNIST are measured by: a judge's pictures, references, neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from diffviz.data.fashion.pictures import CLASSES, FILES, INFO, load_fashion
from diffviz.data.source import MAX_SAMPLES, Asked, Indexed, Reference, Subject


def subject() -> Subject:
    return Subject(
        INFO, (48, 96), 1, 600_000, batches, lambda: [load_fashion("test").rows(slice(None))]
    )


def batches(size: int, generator: Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """All training pictures in another order each time, moved by up to a pixel."""
    data = load_fashion("train")
    while True:
        shuffled = torch.randperm(len(data), generator=generator)
        for rows in torch.split(shuffled, size)[: len(data) // size]:
            x0, condition = data.rows(rows)
            yield shifted(x0, generator), condition


def shifted(x: Tensor, generator: Generator, most: int = 1) -> Tensor:
    """Each picture moved by up to `most` pixels both ways, black (−1) moving in."""
    n, side = len(x), x.shape[-1]
    padded = F.pad(x[:, 0], [most] * 4, value=-1.0)
    across, down = torch.randint(0, 2 * most + 1, (2, n, 1), generator=generator)
    span = torch.arange(side)
    rows, columns = (down + span)[:, :, None], (across + span)[:, None, :]
    return padded[torch.arange(n)[:, None, None], rows, columns].unsqueeze(1)


def reference(samples: int) -> Reference:
    """As many of each class, against all test pictures; raises ValueError for an uneven number."""
    each = len(CLASSES)
    if not each <= samples <= MAX_SAMPLES or samples % each:
        raise ValueError(
            f"samples must be a multiple of {each} from {each} to {MAX_SAMPLES}, not {samples}"
        )
    condition = torch.arange(samples)[:, None] % each + 1
    return Reference(
        Asked(condition, condition),
        subject().test(),
        [load_fashion("train").balanced(samples // each).rows(slice(None))],
    )


def nearest() -> Indexed:
    return Indexed(INFO.name, INFO, FILES / "fashion-nearest.npz", load_fashion)
