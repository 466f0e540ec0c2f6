"""What the page's terms mean, each in a sentence or two, wherever one stands."""

from __future__ import annotations

import json

TERMS: dict[str, str] = {
    "t": "How far into the noise: at 0 there is the picture alone, at T noise alone.",
    "alpha": "How much of the picture is in xₜ.",
    "sigma": "How much noise is in xₜ: its standard deviation.",
    "alpha_bar": "The picture’s share of xₜ, α²/(α² + σ²): from 1, all picture, to 0, all noise.",
    "snr": "Signal-to-noise ratio, α²/σ². Above 1 there is more picture than noise.",
    "log_snr": "The logarithm of the SNR: 0 where there is as much picture as noise.",
    "error": (
        "The root mean square difference over all pixels, where black is −1 and white is 1:"
        " 0 is exact, 2 is white for black."
    ),
    "evaluations": (
        "How often the network was asked. Guidance asks it twice: with what was asked for, and"
        " without."
    ),
    "distance": (
        "How far a sampler’s pictures are from where the exact path from the same noise ends, for"
        " the same network: the root mean square difference over all pixels, where black is −1 and"
        " white is 1. It falls with the length of the steps; that of the network stays."
    ),
    "fingerprint": (
        "Two runs with the same fingerprint made the same pictures, to the last bit. The exported"
        " Python code prints it too, so that you can check that it repeats this run."
    ),
    "outside": (
        "The network learned from pictures with noise σ/α in a range, which “About this denoiser”"
        " tells. Asked beyond it, it can only extrapolate, which may show as grain, blur or wrong"
        " brightness. A step that begins in pure noise is not counted: there is nothing to see."
    ),
    "guidance": "0 ignores what was asked for, 1 is the plain prediction, more insists on it.",
    "eta": (
        "How much fresh noise DDIM draws at each step: at 0 none, so that the first noise settles"
        " the picture; at 1 as much as DDPM."
    ),
    "spacing": (
        "Which of the T steps are visited. trailing: from T down, evenly; leading: evenly, but T"
        " itself is left out; linspace: from T to 1; log-snr: evenly in log-SNR."
    ),
    "clip_x0": "Keeps each guess within black and white, which strong guidance oversteps.",
    "zero_terminal_snr": "Stretches the schedule, so that nothing of the picture is left at T.",
}


def head() -> str:
    """The terms for the page's scripts (lib/glossary.js); data, which no browser runs."""
    told = json.dumps(TERMS, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="glossary">{told}</script>'
