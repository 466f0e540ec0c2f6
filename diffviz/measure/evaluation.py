"""How good a denoiser's samples are: their Fréchet distance to true pictures, and whether they show
what was asked for. Both are a judge's verdict (diffviz/judge.py)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from diffviz.checkpoints import Checkpoint
from diffviz.data.source import Reference
from diffviz.device import autocast
from diffviz.measure.judge import Judge, accuracy, obeyed, verdicts
from diffviz.media.medium import Medium
from diffviz.runs.sampling import run
from diffviz.runs.schema import MAX_COUNT, MAX_SEED, RunSettings

AT_ONCE = 100  # pictures that are judged together


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
    """A sample for each row of condition (N, columns): (N, …), on the CPU. Sample i is that of the
    seed settings.seed + i, as on the page and everywhere.

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


def as_seen(medium: Medium, made: Tensor, shown: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Samples (N, …) as they are seen and saved, pictures in 256 grey levels, like the true ones,
    in parts; with what they have to show (N, slots)."""
    for x, condition in zip(torch.split(made, AT_ONCE), torch.split(shown, AT_ONCE), strict=True):
        yield medium.encode(x).float() / 127.5 - 1, condition


def mean(shares: Mapping[str, float]) -> float:
    return round(sum(shares.values()) / len(shares), 4)


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
    obeyed: for each slot, the share of samples in which the judge sees what was asked for;
    obeyed_mean: of the slots.
    held_out: the share that shows both of two things never seen together. judge: for each slot, the
    share of true pictures that it is right about.
    evaluations_per_image: of the network; guidance counts twice where both sides are evaluated.
    Raises ValueError for bad settings.
    """
    samples = len(reference.asked.condition)
    groups = [reference.asked, *reference.held_out.values()]
    asked = torch.cat([group.condition for group in groups])
    with EvaluationCount(checkpoint.network) as count:
        started = time.perf_counter()
        made = generate(checkpoint, settings, asked, bfloat16, report)
        seconds = time.perf_counter() - started
    shown = torch.cat([group.shown for group in groups])
    seen, _ = verdicts(judge, as_seen(checkpoint.medium, made, shown))
    true, is_shown = verdicts(judge, reference.true)
    known, _ = verdicts(judge, reference.known)
    distance = frechet_distance(seen.features[:samples], true.features)
    floor = frechet_distance(known.features, true.features)

    def by_slot(logits: Sequence[Tensor], condition: Tensor) -> dict[str, float]:
        shares = accuracy(logits, condition)
        return {judge.slots[slot].name: round(share, 4) for slot, share in shares.items()}

    obeyed_by_slot = by_slot([slot[:samples] for slot in seen.logits], reference.asked.shown)
    figures: dict[str, Any] = {
        "model": checkpoint.card.name,
        "images_seen": checkpoint.card.images_seen,
        "samples": samples,
        "frechet_distance": round(distance, 4),
        "frechet_floor": round(floor, 4),
        "frechet_ratio": round(distance / floor, 3),
        "obeyed": obeyed_by_slot,
        "obeyed_mean": mean(obeyed_by_slot),
        "judge": by_slot(true.logits, is_shown),
    }
    if reference.held_out:
        right = obeyed(seen.logits, shown).all(1)[samples:]
        each = torch.split(right, [len(group.shown) for group in groups[1:]])
        shares = {
            name: round(part.double().mean().item(), 4)
            for name, part in zip(reference.held_out, each, strict=True)
        }
        figures |= {"held_out": shares, "held_out_mean": mean(shares)}
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
