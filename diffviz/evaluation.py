"""How good a denoiser's samples are: their Fréchet distance to true pictures, and whether they show
the class that was asked for. Both are the judge's verdict (diffviz/judge.py)."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor, nn

from diffviz.checkpoints import Checkpoint
from diffviz.data.fashion import CLASSES, INFO, FashionMNIST
from diffviz.export import grey_levels
from diffviz.judge import Judge, accuracy, verdict
from diffviz.runs import EACH, MAX_SEED, RunSettings, run

MAX_SAMPLES = 50_000


def gaussian_distance(mean_a: Tensor, cov_a: Tensor, mean_b: Tensor, cov_b: Tensor) -> float:
    """The squared Fréchet (2-Wasserstein) distance of two Gaussians (Dowson & Landau 1982, eq. 4):

        |μ_a − μ_b|² + tr(Σ_a + Σ_b − 2(Σ_a^½·Σ_b·Σ_a^½)^½).

    Means: (D,), covariances: (D, D), float64.
    """
    values, vectors = torch.linalg.eigh(cov_a)
    root_a = vectors * values.clamp(min=0).sqrt() @ vectors.T
    # Symmetric and positive, unlike Σ_a·Σ_b, so that its root's trace needs no complex numbers.
    cross = torch.linalg.eigvalsh(root_a @ cov_b @ root_a).clamp(min=0).sqrt().sum()
    distance = (mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross
    return float(distance.clamp(min=0))


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Between Gaussians fitted to two sets of features (N, D), (M, D): Heusel et al. 2017's FID,
    with whichever network made the features. In float64; N and M should well exceed D."""
    a, b = a.double(), b.double()
    return gaussian_distance(a.mean(0), torch.cov(a.T), b.mean(0), torch.cov(b.T))


def generate(
    checkpoint: Checkpoint,
    settings: RunSettings,
    samples: int,
    bfloat16: bool = False,
    report: Callable[[int], None] = lambda done: None,
) -> tuple[Tensor, Tensor]:
    """`samples` pictures (N, C, H, W), as many of each value of the first slot, and these (N,)
    from 0. Picture i is that of the seed settings.seed + i, as on the page and everywhere.

    bfloat16: under autocast, twice as fast. report: called with the number made so far.
    Raises ValueError for bad settings, or where the values do not divide `samples`.
    """
    slot = checkpoint.card.data.slots[0]
    each = len(slot.values)
    if not each <= samples <= MAX_SAMPLES or samples % each:
        raise ValueError(
            f"samples must be a multiple of {each} from {each} to {MAX_SAMPLES}, not {samples}"
        )
    if settings.seed + samples > MAX_SEED:
        raise ValueError(f"seed must be at most {MAX_SEED - samples}, not {settings.seed}")
    settings = replace(settings, condition={slot.name: EACH}, count=each)
    pictures = []
    for start in range(0, samples, each):
        with torch.autocast("cpu", torch.bfloat16) if bfloat16 else nullcontext():
            *_, last = run(replace(settings, seed=settings.seed + start), checkpoint)
        pictures.append(last.x)
        report(start + each)
    return torch.cat(pictures), torch.arange(samples) % each


class EvaluationCount:
    """Counts the pictures that go through a network, while it is open as a context."""

    def __init__(self, network: nn.Module) -> None:
        self.pictures = 0
        self.network = network

    def __enter__(self) -> EvaluationCount:
        self.hook = self.network.register_forward_hook(self._count)
        return self

    def _count(self, network: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        self.pictures += len(output)

    def __exit__(self, *error: object) -> None:
        self.hook.remove()


def evaluate(
    checkpoint: Checkpoint,
    settings: RunSettings,
    judge: Judge,
    train: FashionMNIST,
    test: FashionMNIST,
    samples: int = 5000,
    bfloat16: bool = False,
    report: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Figures of a model of Fashion-MNIST, ready for JSON.

    frechet_distance: samples against all test pictures. frechet_floor: as many training pictures
    against them; nothing can be asked to come closer. frechet_ratio: one over the other.
    class_accuracy: the share of samples in which the judge sees the class that was asked for.
    evaluations_per_image: of the network; guidance counts twice where both sides are evaluated.
    Raises ValueError for bad settings, or a model of other data.
    """
    if checkpoint.card.data.name != INFO.name:
        raise ValueError(f"the judge knows {INFO.name} only, not {checkpoint.card.data.name}")
    with EvaluationCount(checkpoint.network) as count:
        started = time.perf_counter()
        pictures, labels = generate(checkpoint, settings, samples, bfloat16, report)
        seconds = time.perf_counter() - started
    # As they are seen and saved, in 256 grey levels, like the true pictures.
    made = verdict(judge, grey_levels(pictures).float() / 127.5 - 1)
    true = verdict(judge, test.rows(slice(None))[0])
    known = verdict(judge, train.balanced(samples // len(CLASSES)).rows(slice(None))[0])
    distance = frechet_distance(made.features, true.features)
    floor = frechet_distance(known.features, true.features)
    described = asdict(settings)
    for name in ("count", "condition"):
        del described[name]
    return {
        "model": checkpoint.card.name,
        "images_seen": checkpoint.card.images_seen,
        "samples": samples,
        "frechet_distance": round(distance, 4),
        "frechet_floor": round(floor, 4),
        "frechet_ratio": round(distance / floor, 3),
        "class_accuracy": round(accuracy(made.logits, labels), 4),
        "judge_accuracy": round(accuracy(true.logits, test.labels), 4),
        "evaluations_per_image": round(count.pictures / samples, 2),
        "images_per_second": round(samples / seconds, 2),
        "bfloat16": bfloat16,
        "threads": torch.get_num_threads(),
        "settings": described,
    }
