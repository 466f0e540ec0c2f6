"""`python -m diffviz noise`: the forward process on a picture of one's own."""

from __future__ import annotations

import argparse

from diffviz.cli.parser import existing_file, output_file, parameters, whole
from diffviz.cli.run_options import add_schedule_options
from diffviz.runs.schema import MAX_SEED

EPILOG = """\
Writes x_t = α_t·x0 + σ_t·ε as a PNG of at most 256 × 256 pixels, and prints what stands in it.
The seed's ε is the one of the page.

  python -m diffviz noise cat.jpg --t 400
  python -m diffviz noise cat.jpg --t 25 --T 100 --schedule flow -o half.png"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("picture", help="a PNG, JPEG, WebP or GIF file")
    parser.add_argument(
        "--t", type=whole(0, 10**9), metavar="N", help="the noising step, 0 to T (default: T/2)"
    )
    parser.add_argument(
        "--seed",
        type=whole(0, MAX_SEED),
        default=0,
        metavar="N",
        help="of the noise ε (default: %(default)s)",
    )
    parser.add_argument(
        "-o", "--out", default="noised.png", metavar="FILE", help="(default: %(default)s)"
    )
    add_schedule_options(parser)


def run(options: argparse.Namespace) -> None:
    from diffviz.forward import add_noise, noise
    from diffviz.media.decoding import load_picture
    from diffviz.media.files import save_png
    from diffviz.schedules import make_schedule

    out = output_file(options.out, (".png",))
    schedule = make_schedule(
        options.schedule,
        options.T,
        zero_terminal_snr=options.zero_terminal_snr,
        **parameters(options.schedule_parameter),
    )
    t = schedule.T // 2 if options.t is None else options.t
    if t > schedule.T:
        raise ValueError(f"t must be from 0 to T = {schedule.T}, not {t}")
    x0 = load_picture(existing_file(options.picture))
    x_t = add_noise(x0, noise(options.seed, x0.shape), schedule, t)
    alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
    # At equal brightness whatever the schedule's scale, as the page shows it.
    save_png(x_t[None] / (alpha**2 + sigma**2) ** 0.5, out, scale=1)
    print(
        f"{out}: t = {t} of {schedule.T}, α = {alpha:.4f}, σ = {sigma:.4f}, "
        f"ᾱ = {float(schedule.alpha_bar[t]):.4f}"
    )
