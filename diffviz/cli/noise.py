"""`python -m diffviz noise`: the forward process on a picture of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from diffviz.cli.options import Out, Picture
from diffviz.cli.parser import existing_file, output_file
from diffviz.runs.schema import NoiseSettings
from diffviz.settings import declared

EPILOG = """\
Writes x_t = α_t·x0 + σ_t·ε as a PNG of at most 256 × 256 pixels, and prints what stands in it.
The seed's ε is the one of the page.

  python -m diffviz noise cat.jpg --t 400
  python -m diffviz noise cat.jpg --t 25 --T 100 --schedule flow -o half.png"""


class Options(NoiseSettings):
    """The picture to noise, how, and where to."""

    defaults: ClassVar[Mapping[str, str]] = {"t": "T/2"}

    picture: Picture
    t: Annotated[int | None, declared(NoiseSettings)["t"]] = None  # type: ignore[assignment]
    out: Out = "noised.png"


def run(options: Options) -> None:
    from diffviz.forward import add_noise, noise
    from diffviz.media.decoding import load_picture
    from diffviz.media.files import save_png
    from diffviz.runs.notes import note_of

    out = output_file(options.out, (".png",))
    schedule = options.noise_schedule()
    t = schedule.T // 2 if options.t is None else options.t
    x0 = load_picture(existing_file(options.picture))
    x_t = add_noise(x0, noise(options.seed, x0.shape), schedule, t)
    alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
    made = note_of(options.part(NoiseSettings, t=t))
    # At equal brightness whatever the schedule's scale, as the page shows it.
    save_png(x_t[None] / (alpha**2 + sigma**2) ** 0.5, out, scale=1, note=made)
    print(
        f"{out}: t = {t} of {schedule.T}, α = {alpha:.4f}, σ = {sigma:.4f}, "
        f"ᾱ = {float(schedule.alpha_bar[t]):.4f}"
    )
