"""`python -m diffviz plane`: points in the plane out of noise, as a picture, a figure or a film."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from diffviz.cli.options import Out, Threads
from diffviz.cli.parser import existing_file, note, output_file, use_threads
from diffviz.data.plane.clouds import DRAWN, WORD
from diffviz.runs.plane import YOURS, PlaneSettings
from diffviz.runs.plane_views import NONE, PlaneViews
from diffviz.settings import Setting
from diffviz.training.points import PointsTraining

EPILOG = """\
The file's suffix says what is written: .png or .svg (the result; with --at another step), .gif or
.mp4 (the way there). With --denoiser yours one is trained first.

  python -m diffviz plane --data moons --paths --out moons.svg
  python -m diffviz plane --data eight --field velocity --streamlines --density --out eight.gif
  python -m diffviz plane --data two-bumps --over-t --out process.png
  python -m diffviz plane --picture logo.png --paths --out logo.svg
  python -m diffviz plane --data rings --denoiser yours --updates 3000 --sampler heun"""
SIDE = 128  # pixels of a picture's longer side, as it is looked at
FILMS = (".gif", ".mp4")


class Options(PlaneSettings, PlaneViews, PointsTraining):
    """A run, and what becomes of it."""

    defaults: ClassVar[Mapping[str, str]] = {"at": "the last"}

    at: Annotated[
        int | None, Setting(help="Which step a picture shows, from 0", minimum=0, maximum=1000)
    ] = None
    theme: Annotated[str, Setting(help="Ground of the figure", choices=("light", "dark"))] = "light"
    picture: Annotated[
        str, Setting(help="A picture whose dark pixels become the points, in place of data")
    ] = ""
    out: Out = "plane.png"
    threads: Threads


def run(options: Options) -> None:
    from diffviz.figures import save
    from diffviz.figures.plane import film, plane, plane_over_t
    from diffviz.measure.plane import numbers
    from diffviz.media.files import film_gif, film_mp4
    from diffviz.media.levels import fingerprint
    from diffviz.runs.plane import denoiser_of, run_points
    from diffviz.training.points import train_points

    out = output_file(options.out, (".png", ".svg", *FILMS))
    if options.streamlines and options.field == NONE:
        raise ValueError("--streamlines goes with --field only")
    if "word" in options.model_fields_set and options.data != WORD:
        raise ValueError(f"--word goes with --data {WORD} only")
    use_threads(options.threads)
    if options.picture:
        options = options.but(data=DRAWN, drawn=dark_points(options.picture))
    settings = options.part(PlaneSettings)
    cloud, checkpoint = settings.cloud(), None
    if settings.denoiser == YOURS:
        for learned in train_points(options.part(PointsTraining), every=500):
            note(f"{learned.updates:,} steps, loss {learned.losses[0]:.4f}")
            checkpoint = learned.checkpoint
    steps = list(run_points(settings, checkpoint, cloud))
    shown = (steps, settings, cloud, denoiser_of(settings, cloud, checkpoint))
    views = options.part(PlaneViews)
    if views.over_t:
        save(plane_over_t(steps, settings, cloud, options.theme), out)
    elif Path(options.out).suffix.lower() in FILMS:
        if options.at is not None:
            raise ValueError("--at goes with a picture, .png or .svg, only")
        pictures = film(*shown, views=views, theme=options.theme)
        (film_gif if out.suffix.lower() == ".gif" else film_mp4)(pictures, out)
    else:
        index = len(steps) - 1 if options.at is None else options.at
        if index >= len(steps):
            raise ValueError(f"at must be from 0 to {len(steps) - 1}, the steps of this run")
        save(plane(*shown, index=index, views=views, theme=options.theme), out)
    found = numbers(steps[-1].x, cloud, settings.what)
    energy = found["energy"]
    print(
        f"{out}: {settings.count:,} samples, fingerprint {fingerprint(steps[-1].x)}; energy "
        f"distance to fresh data {energy['value']:.4f}, of fresh data {energy['fresh']:.4f}"
    )


def dark_points(picture: str) -> list[float]:
    from diffviz.data.plane.clouds import places_of_picture
    from diffviz.media.decoding import load_picture
    from diffviz.media.levels import grey_levels

    levels = grey_levels(load_picture(existing_file(picture), SIDE).mean(0, keepdim=True))
    return places_of_picture(levels[0].numpy())
