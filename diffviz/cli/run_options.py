"""The options that describe a sampling run, shared by `sample` and `evaluate`."""

from __future__ import annotations

import argparse
from typing import Any

from diffviz.cli.parser import number, pair, parameters, whole
from diffviz.grids import SPACINGS
from diffviz.runs.schema import GUIDANCE, MAX_SEED, MAX_STEPS, RunSettings
from diffviz.samplers import SAMPLERS
from diffviz.schedules import MAX_STEPS as MAX_T
from diffviz.schedules import MIN_STEPS as MIN_T
from diffviz.schedules import SCHEDULES

DEFAULT = RunSettings()


def add_schedule_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--schedule",
        choices=SCHEDULES,
        default=DEFAULT.schedule,
        help="noise schedule: %(choices)s (default: %(default)s)",
        metavar="NAME",
    )
    parser.add_argument(
        "--schedule-parameter",
        type=pair,
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="a parameter of the schedule: " + takers(SCHEDULES),
    )
    parser.add_argument(
        "--T",
        type=whole(MIN_T, MAX_T),
        default=DEFAULT.T,
        help="the schedule's number of noising steps (default: %(default)s)",
    )
    parser.add_argument(
        "--zero-terminal-snr",
        action="store_true",
        help="rescale the schedule so that nothing of the picture is left at T",
    )


def takers(kinds: dict[str, Any]) -> str:
    """Which kinds take which parameters, for a help text."""
    return "; ".join(
        f"{kind.name} takes {', '.join(p.name for p in kind.parameters)}"
        for kind in kinds.values()
        if kind.parameters
    )


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """All of RunSettings but the condition and the count."""
    parser.add_argument(
        "--model",
        default=DEFAULT.model,
        metavar="NAME",
        help="a denoiser in checkpoints/ (default: %(default)s)",
    )
    parser.add_argument(
        "--sampler",
        choices=SAMPLERS,
        default=DEFAULT.sampler,
        metavar="NAME",
        help="%(choices)s (default: %(default)s)",
    )
    parser.add_argument(
        "--sampler-parameter",
        type=pair,
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="a parameter of the sampler: " + takers(SAMPLERS),
    )
    parser.add_argument(
        "--steps",
        type=whole(1, MAX_STEPS),
        default=DEFAULT.steps,
        metavar="N",
        help="updates from noise to picture (default: %(default)s)",
    )
    parser.add_argument(
        "--spacing",
        choices=SPACINGS,
        default=DEFAULT.spacing,
        metavar="NAME",
        help="which of the T steps are visited: %(choices)s (default: %(default)s)",
    )
    parser.add_argument(
        "--guidance",
        type=number(GUIDANCE.minimum, GUIDANCE.maximum),
        default=DEFAULT.guidance,
        metavar="SCALE",
        help="1 is plain conditional sampling, more exaggerates the condition (default: "
        "%(default)s)",
    )
    parser.add_argument("--clip-x0", action="store_true", help="clip each guess x̂0 to −1..1")
    parser.add_argument(
        "--seed",
        type=whole(0, MAX_SEED),
        default=DEFAULT.seed,
        metavar="N",
        help="of the first picture; the next has the next (default: %(default)s)",
    )
    add_schedule_options(parser)


def run_settings(options: argparse.Namespace, **more: Any) -> RunSettings:
    """The settings that the options describe, checked; `more` overrides them.

    Raises ValueError for what is out of bounds or unknown.
    """
    settings = RunSettings(
        model=options.model,
        seed=options.seed,
        sampler=options.sampler,
        sampler_parameters=parameters(options.sampler_parameter),
        steps=options.steps,
        spacing=options.spacing,
        schedule=options.schedule,
        schedule_parameters=parameters(options.schedule_parameter),
        T=options.T,
        zero_terminal_snr=options.zero_terminal_snr,
        guidance=options.guidance,
        clip_x0=options.clip_x0,
        **more,
    )
    settings.check()
    return settings
