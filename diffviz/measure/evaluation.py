"""How good a denoiser's samples are: their Fréchet distance to true pictures, and whether they show
what was asked for. Both are a judge's verdict (diffviz/judge.py)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from diffviz.checkpoints import Checkpoint
from diffviz.data.source import Reference
from diffviz.device import autocast
from diffviz.measure.judge import Judge, accuracy, obeyed, verdict
from diffviz.media.levels import grey_levels
from diffviz.runs.sampling import run
from diffviz.runs.schema import MAX_COUNT, MAX_SEED, RunSettings


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
    condition: Tensor,
    bfloat16: bool = False,
    report: Callable[[int], None] = lambda done: None,
) -> Tensor:
    """A picture for each row of condition (N, slots): (N, C, H, W). Picture i is that of the seed
    settings.seed + i, as on the page and everywhere.

    bfloat16: under autocast, on many CPUs faster. report: called with the number made so far.
    Raises ValueError for bad settings.
    """
    if settings.seed + len(condition) > MAX_SEED:
        most = MAX_SEED - len(condition)
        raise ValueError(f"seed must be at most {most}, not {settings.seed}")
    pictures: list[Tensor] = []
    done = 0
    for rows in torch.split(condition, MAX_COUNT):
        these = settings.but(seed=settings.seed + done, count=len(rows))
        with autocast(checkpoint.device, torch.bfloat16 if bfloat16 else torch.float32):
            *_, last = run(these, checkpoint, rows)
        pictures.append(last.x.cpu())
        done += len(rows)
        report(done)
    return torch.cat(pictures)


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
    reference: Reference,
    bfloat16: bool = False,
    report: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Figures of a model, ready for JSON.

    frechet_distance: of the samples to the true pictures. frechet_floor: of known pictures to them;
    nothing can be asked to come closer. frechet_ratio: one over the other.
    obeyed: for each slot, the share of samples in which the judge sees what was asked for.
    held_out: the share that shows both of two things never seen together. judge: for each slot, the
    share of true pictures that it is right about.
    evaluations_per_image: of the network; guidance counts twice where both sides are evaluated.
    Raises ValueError for bad settings.
    """
    slots = checkpoint.card.data.slots
    samples = len(reference.condition)
    asked = torch.cat([reference.condition, *reference.held_out.values()])
    with EvaluationCount(checkpoint.network) as count:
        started = time.perf_counter()
        pictures = generate(checkpoint, settings, asked, bfloat16, report)
        seconds = time.perf_counter() - started
    # As they are seen and saved, in 256 grey levels, like the true pictures.
    seen = verdict(judge, grey_levels(pictures).float() / 127.5 - 1)
    true = verdict(judge, reference.true[0])
    distance = frechet_distance(seen.features[:samples], true.features)
    floor = frechet_distance(verdict(judge, reference.known).features, true.features)

    def by_slot(logits: Sequence[Tensor], condition: Tensor) -> dict[str, float]:
        shares = accuracy(logits, condition)
        return {slots[slot].name: round(share, 4) for slot, share in shares.items()}

    figures: dict[str, Any] = {
        "model": checkpoint.card.name,
        "images_seen": checkpoint.card.images_seen,
        "samples": samples,
        "frechet_distance": round(distance, 4),
        "frechet_floor": round(floor, 4),
        "frechet_ratio": round(distance / floor, 3),
        "obeyed": by_slot([slot[:samples] for slot in seen.logits], reference.condition),
        "judge": by_slot(true.logits, reference.true[1]),
    }
    if reference.said is not None:
        shares = {}
        start = samples
        for (name, rows), said in zip(reference.held_out.items(), reference.said, strict=True):
            logits = [slot[start : start + len(rows)] for slot in seen.logits]
            right = obeyed(logits, said.expand(len(rows), -1)).all(1)
            shares[name] = round(right.double().mean().item(), 4)
            start += len(rows)
        figures["held_out"] = shares
        figures["held_out_mean"] = round(sum(shares.values()) / len(shares), 4)
    described = settings.model_dump(mode="json")
    for name in ("count", "condition"):
        del described[name]
    return {
        **figures,
        "evaluations_per_image": round(count.pictures / len(asked), 2),
        "images_per_second": round(len(asked) / seconds, 2),
        "bfloat16": bfloat16,
        "threads": torch.get_num_threads(),
        "device": checkpoint.device.type,
        "settings": described,
    }
