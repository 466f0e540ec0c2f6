"""A denoiser's card, as the page tells it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import mean
from typing import Any

from diffviz.checkpoints import Card
from diffviz.data import source_of
from diffviz.media.registry import medium_of
from diffviz.runs.schema import MAX_RATIO
from diffviz.runs.suited import OF_STUDENTS
from diffviz.samplers import SAMPLERS
from diffviz.serving.glossary import TERMS


def card_text(card: Card) -> str:
    """What it is, what it learned from, how good it was measured to be; Markdown."""
    plural = medium_of(card.data).plural
    lines = [
        f"**{card.name}**: {card.network.title} that saw {card.images_seen:,} {plural}"
        f" in {card.cpu_hours:.1f} CPU hours.",
        *(distilled(card) if card.distilled else started(card.started_from, plural)),
        f"Data: {card.data.credit} ({card.data.licence} licence).",
        "It knows noise levels σ/α from {:.3g} to {:.3g}.".format(*card.ratio_range),
    ]
    lines += [] if card.distilled else usual(card)
    lines += measured(card.quality, plural)
    return "\n\n".join(lines)


def distilled(card: Card) -> list[str]:
    """What it took, and how it wants to be sampled from."""
    told = card.distilled
    return [
        f"It is {told['teacher']} distilled ({told['method']}) to say in one look where that one’s"
        f" path of many looks ends. {took(card)}",
        f"Made for one to {OF_STUDENTS['steps']} steps of the sampler"
        f" {SAMPLERS[OF_STUDENTS['sampler']].label}; guidance {told['guidance']:g} is in it.",
    ]


def took(card: Card) -> str:
    """What a student's few looks cost beforehand, in a sentence."""
    told, minutes = card.distilled, 60 * card.training["wall_hours"]
    where = {"cpu": "on a CPU", "cuda": "on a GPU"}.get(card.training.get("device", "cpu"))
    return (
        f"To come so near in a few looks, {card.name} was taught by"
        f" {told['teacher_evaluations']:,} evaluations of {told['teacher']}, on"
        f" {card.images_seen:,} noised {medium_of(card.data).plural}, in {minutes:.0f} minutes"
        f" {where or 'on an accelerator'}, after {told['teacher']} itself had learned from"
        f" {learned_from(card.started_from):,}."
    )


def learned_from(before: Mapping[str, Any]) -> int:
    """Samples seen by a denoiser and all that it started from."""
    earlier = before.get("started_from", {})
    return int(before.get("images_seen", 0)) + (learned_from(earlier) if earlier else 0)


def guidance_hint(card: Card) -> str:
    """What the control of guidance says of it."""
    if not card.distilled:
        return TERMS["guidance"]
    guidance = card.distilled["guidance"]
    return f"{card.name} has its teacher’s guidance of {guidance:g} in it: one look says it all."


def measured(quality: Mapping[str, Any], plural: str) -> list[str]:
    """How good it is, as far as its card says."""
    if looks := quality.get("psnr_by_sigma"):
        told = [
            f"{'BM3D' if name == 'bm3d' else name}"
            f" {', '.join(f'{value:.2f}' for value in by_sigma.values())} dB"
            for name, by_sigma in looks.items()
        ]
        sigmas = ", ".join(next(iter(looks.values())))
        return [
            f"One look at {quality['pictures']} {plural} that it never saw, with noise of {sigmas}"
            f" of 255 grey levels: {'; '.join(told)}."
        ]
    if not quality:
        return []
    lines = [
        f"Measured on {quality['samples']:,} of its {plural}: a judge that is right"
        f" about {mean(quality['judge'].values()):.1%} of real ones sees what was asked for in"
        f" {mean(quality['obeyed'].values()):.1%}; their Fréchet distance to real pictures is"
        f" {quality['frechet_ratio']:.1f} times that of other real pictures"
        f" ({measured_with(quality)})."
    ]
    if "held_out_mean" in quality:
        lines.append(
            "Of two things that it never saw together, it shows both in"
            f" {quality['held_out_mean']:.1%} of pictures asked for."
        )
    return lines


def measured_with(quality: Mapping[str, Any]) -> str:
    """How the samples were made of which a card has figures, in a few words."""
    settings, interval = quality["settings"], ""
    low, high = settings.get("guidance_from") or 0, settings.get("guidance_to") or math.inf
    if low > 0 or high < MAX_RATIO:
        interval = f" where σ/α is from {low:g} to {high:g}"
    return (
        f"{quality['evaluations_per_image']:g} evaluations, {SAMPLERS[settings['sampler']].label},"
        f" guidance {settings['guidance']:g}{interval}"
    )


def usual(card: Card) -> list[str]:
    """With what its runs begin, where that is not the same for all."""
    source = source_of(card.data)
    told = [f"guidance {source.guidance:g}"] if source.guidance is not None else []
    told += [SAMPLERS[source.sampler].label] if source.sampler else []
    return [f"Runs begin with {' and '.join(told)}."] if told else []


def started(before: Mapping[str, Any], plural: str) -> list[str]:
    if not before:
        return []
    return [
        f"Before that it was {before['name']}, which had seen {before['images_seen']:,} {plural}"
        f" in {before['cpu_hours']:.1f} CPU hours."
    ]
