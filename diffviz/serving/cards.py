"""A denoiser's card, as the page tells it."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import mean
from typing import Any

from diffviz.checkpoints import Card
from diffviz.data import source_of
from diffviz.media.registry import medium_of
from diffviz.samplers import SAMPLERS


def card_text(card: Card) -> str:
    """What it is, what it learned from, how good it was measured to be; Markdown."""
    plural = medium_of(card.data).plural
    lines = [
        f"**{card.name}**: {card.network.title} that saw {card.images_seen:,} {plural}"
        f" in {card.cpu_hours:.1f} CPU hours.",
        *started(card.started_from, plural),
        f"Data: {card.data.credit} ({card.data.licence} licence).",
        "It knows noise levels σ/α from {:.3g} to {:.3g}.".format(*card.ratio_range),
    ]
    lines += best(card)
    if card.quality:
        quality = card.quality
        lines.append(
            f"Measured on {quality['samples']:,} of its {plural}: a judge that is right"
            f" about {mean(quality['judge'].values()):.1%} of real ones sees what was asked for in"
            f" {mean(quality['obeyed'].values()):.1%}; their Fréchet distance to real pictures is"
            f" {quality['frechet_ratio']:.1f} times that of other real pictures."
        )
        if "held_out_mean" in quality:
            lines.append(
                "Of two things that it never saw together, it shows both in"
                f" {quality['held_out_mean']:.1%} of pictures asked for."
            )
    return "\n\n".join(lines)


def best(card: Card) -> list[str]:
    source = source_of(card.data)
    told = [f"guidance {source.guidance:g}"] if source.guidance is not None else []
    told += [SAMPLERS[source.sampler].label] if source.sampler else []
    return [f"Measured best on these data: {' and '.join(told)}."] if told else []


def started(before: Mapping[str, Any], plural: str) -> list[str]:
    if not before:
        return []
    return [
        f"Before that it was {before['name']}, which had seen {before['images_seen']:,} {plural}"
        f" in {before['cpu_hours']:.1f} CPU hours."
    ]
