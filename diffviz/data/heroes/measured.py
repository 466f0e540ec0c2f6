"""What denoisers of heroes are measured by: the judge's pictures, and references."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Generator, Tensor

from diffviz.data.heroes.rules import HELD_OUT, draw_values, encode
from diffviz.data.heroes.stacks import INFO, Heroes
from diffviz.data.source import MAX_SAMPLES, Asked, Reference, Subject


def subject() -> Subject:
    return Subject(
        INFO,
        (64, 128),
        2,
        600_000,
        batches,
        lambda: [Heroes("all").batch(10_000, Generator().manual_seed(1))],
        noise=0.2,
    )


def batches(size: int, generator: Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """New pictures for ever, held-out combinations among them."""
    data = Heroes("all")
    while True:
        yield data.batch(size, generator)


def reference(samples: int) -> Reference:
    """Captions as in training, against pictures drawn anew; and those of HELD_OUT, with what else
    is to be seen drawn at random."""
    if not 10 <= samples <= MAX_SAMPLES:
        raise ValueError(f"samples must be from 10 to {MAX_SAMPLES}, not {samples}")
    asked, true, known, other = (Generator().manual_seed(seed) for seed in range(11, 15))
    data = Heroes("train")
    each = max(1, samples // 50)
    condition = data.draw(samples, asked).values
    held_out = {}
    for pair in HELD_OUT:
        said = encode(pair).expand(each, -1)
        held_out[", ".join(pair.values())] = Asked(draw_values(each, other, said), said)
    return Reference(
        Asked(condition, condition),
        [data.batch(10_000, true)],
        [data.batch(samples, known)],
        held_out,
    )
