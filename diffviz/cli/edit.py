"""`python -m diffviz edit`: a picture of one's own to t and back, by a trained denoiser."""

from __future__ import annotations

import argparse
from pathlib import Path

from diffviz.cli.parser import (
    add_device,
    add_threads,
    existing_file,
    number,
    output_file,
    parameters,
    use_threads,
    whole,
)
from diffviz.cli.run_options import add_schedule_options
from diffviz.data import DEFAULT
from diffviz.media.medium import VIEWS
from diffviz.runs.editing import EDIT_GUIDANCE, INVERT, MAX_EDIT_STEPS, EditSettings
from diffviz.runs.schema import GUIDANCE, MAX_SEED

EPILOG = """\
Image-to-image: the picture, brought to the denoiser's size, is noised to t and sampled from there.
With --invert its noise is not drawn but found, by DDIM inversion, and the error of the way there
and back is printed. The file's suffix says what is written: .png (picture, x_t and result side by
side), .gif or .mp4 (the way as a film).

  python -m diffviz edit cat.jpg --t 700 --guidance 3
  python -m diffviz edit boot.png --what sandal --t 600 --out sandal.gif
  python -m diffviz edit boot.png --invert --t 1000 --steps 100"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = EditSettings()
    parser.add_argument("picture", help="a PNG, JPEG, WebP or GIF file")
    parser.add_argument(
        "--model",
        default=DEFAULT,
        metavar="NAME",
        help="a denoiser in checkpoints/ (default: %(default)s)",
    )
    parser.add_argument(
        "--what",
        default="",
        metavar="WORDS",
        help="what to make of it: a class, or words where it knows them (default: nothing said)",
    )
    parser.add_argument(
        "--t",
        type=whole(1, 10**9),
        metavar="N",
        help="how far into the noise, 1 to T (default: T/2)",
    )
    parser.add_argument(
        "--steps",
        type=whole(1, MAX_EDIT_STEPS),
        default=default.steps,
        metavar="N",
        help="of each way (default: %(default)s)",
    )
    parser.add_argument(
        "--guidance",
        type=number(GUIDANCE.minimum, GUIDANCE.maximum),
        metavar="SCALE",
        help=f"how much to insist on what was asked for (default: {EDIT_GUIDANCE:g})",
    )
    parser.add_argument(
        "--seed",
        type=whole(0, MAX_SEED),
        metavar="N",
        help=f"of the noise ε (default: {default.seed})",
    )
    parser.add_argument("--invert", action="store_true", help="DDIM inversion there and back")
    parser.add_argument(
        "--view", choices=VIEWS, metavar="NAME", help="what a film shows: x, x0 or eps (default: x)"
    )
    parser.add_argument(
        "-o", "--out", default="edited.png", metavar="FILE", help="(default: %(default)s)"
    )
    add_schedule_options(parser)
    add_device(parser)
    add_threads(parser)


def run(options: argparse.Namespace) -> None:
    import torch

    from diffviz.checkpoints import load_checkpoint
    from diffviz.device import choose
    from diffviz.media.decoding import fitted, load_picture
    from diffviz.media.files import save_gif, save_mp4, save_png
    from diffviz.media.medium import view_of
    from diffviz.runs.asking import condition_of
    from diffviz.runs.conditions import conditions
    from diffviz.runs.editing import error, run_edit
    from diffviz.schedules import make_schedule

    out, films = Path(options.out), {".gif": save_gif, ".mp4": save_mp4}
    output_file(options.out, (".png", *films))
    film = films.get(out.suffix.lower())
    for name, value in (("guidance", options.guidance), ("seed", options.seed)):
        if options.invert and value is not None:
            raise ValueError(f"--{name} does not go with --invert, which has none")
    if options.view and not film:
        raise ValueError("--view goes with a film, .gif or .mp4, only")
    schedule = make_schedule(
        options.schedule,
        options.T,
        zero_terminal_snr=options.zero_terminal_snr,
        **parameters(options.schedule_parameter),
    )
    settings = EditSettings(
        schedule.T // 2 if options.t is None else options.t,
        options.steps,
        *((INVERT,) if options.invert else ()),
        **{name: v for name in ("guidance", "seed") if (v := getattr(options, name)) is not None},
    )
    settings.check(schedule)
    picture = load_picture(existing_file(options.picture))
    checkpoint = load_checkpoint(options.model).to(choose(options.device))
    info = checkpoint.card.data
    use_threads(options.threads)
    x0 = fitted(picture, info.shape)[None]
    x0 = x0.to(checkpoint.device)
    condition = conditions(info, condition_of(info, options.what), 1)
    stages = list(run_edit(settings, checkpoint.denoiser(), schedule, x0, condition))
    last = stages[-1].step
    if film:
        film([stage.step for stage in stages], out, options.view or "x")
    else:
        first = next(stage.step for stage in stages if stage.back)
        save_png(torch.cat([x0, view_of(first, "x"), last.x]), out, per_row=3)
    what = "error of the way there and back" if options.invert else "apart from the picture"
    print(f"{out}: t = {settings.t} of {schedule.T}, {what}: {error(last.x, x0):.4f}")
