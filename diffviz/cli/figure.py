"""`python -m diffviz figure`: figures for slides, papers and lessons."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic_settings import CliPositionalArg

from diffviz.cli.options import Device, Out, Threads
from diffviz.cli.parser import existing_file, note, output_file, use_threads
from diffviz.media import kinds
from diffviz.runs.schema import RunSettings
from diffviz.samplers import SAMPLERS
from diffviz.schedules import SCHEDULES
from diffviz.settings import Setting, unknown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from diffviz.checkpoints import Checkpoint

EPILOG = """\
The file's suffix says what is written: .png, .svg or .pdf.

  python -m diffviz figure schedules --compare linear,cosine,flow -o schedules.svg
  python -m diffviz figure forward --picture cat.jpg --schedule cosine -o drowned.pdf
  python -m diffviz figure sampling --condition class=dress --steps 20
  python -m diffviz figure samples --condition class=bag --count 9 --theme dark
  python -m diffviz figure convergence --compare ddim,heun,dpmpp-2m --at 4,8,16,32,64
  python -m diffviz figure losses --status status.json

A status is what `/train_status` answers, of the page's own endpoints."""
KINDS = {
    "schedules": "noise schedules compared",
    "forward": "a picture drowned, over the log-SNR",
    "sampling": "a run from noise to picture",
    "samples": "pictures in a grid",
    "convergence": "samplers' distance to the reference",
    "losses": "a training's loss",
}
DETERMINISTIC = tuple(name for name, sampler in SAMPLERS.items() if sampler.order)


class Options(RunSettings):
    """What to draw, and of which run."""

    defaults: ClassVar[Mapping[str, str]] = {"compare": "all that there are"}

    kind: CliPositionalArg[Annotated[str, Setting(help="What to draw", choices=KINDS)]]
    compare: Annotated[
        tuple[str, ...], Setting(help="Schedules, or samplers, with commas between")
    ] = ()
    at: Annotated[
        tuple[int, ...], Setting(help="Numbers of steps at which samplers are compared")
    ] = (4, 8, 16, 32, 64)
    picture: Annotated[str, Setting(help=f"The picture to drown, a {kinds.KINDS}")] = ""
    status: Annotated[str, Setting(help="A JSON file with a training's status")] = ""
    theme: Annotated[str, Setting(help="The ground", choices=("light", "dark"))] = "light"
    out: Out = "figure.png"
    threads: Threads
    device: Device

    def compared(self, what: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """The names to compare, all where none is said; raises ValueError for others."""
        names = tuple(name for given in self.compare for name in given.split(","))
        if strangers := [name for name in names if name not in known]:
            raise ValueError(unknown(what, strangers[0], known))
        return names or known


def run(options: Options) -> None:
    from diffviz.figures import FORMATS, save
    from diffviz.runs.notes import note_of

    out = output_file(options.out, FORMATS)
    use_threads(options.threads)
    save(DRAWN[options.kind](options), out, note_of(options, figure=options.kind))
    print(f"{out}: {KINDS[options.kind]}")


def schedules(options: Options) -> Figure:
    from diffviz.figures import schedules as draw
    from diffviz.schedules import make_schedule

    names = options.compared("schedule", tuple(SCHEDULES))
    return draw([make_schedule(name, options.T) for name in names], options.theme)


def forward(options: Options) -> Figure:
    from diffviz.figures import forward as draw
    from diffviz.media.decoding import load_picture

    if not options.picture:
        raise ValueError("say which picture to drown: --picture FILE")
    x0 = load_picture(existing_file(options.picture))
    return draw(x0, options.noise_schedule(), seed=options.seed, theme=options.theme)


def sampling(options: Options) -> Figure:
    from diffviz.figures import sampling as draw
    from diffviz.runs.sampling import run as start

    checkpoint = denoiser_of(options)
    steps = list(start(options, checkpoint))
    return draw(steps, theme=options.theme, seen=checkpoint.medium.drawn)


def samples(options: Options) -> Figure:
    from diffviz.figures import samples as draw
    from diffviz.runs.sampling import run as start

    checkpoint = denoiser_of(options)
    *_, last = start(options, checkpoint)
    return draw(checkpoint.medium.pictures(last.x), theme=options.theme)


def convergence(options: Options) -> Figure:
    from diffviz.figures import convergence as draw
    from diffviz.measure.convergence import convergence as measured

    names = options.compared("deterministic sampler", DETERMINISTIC)
    found = measured(denoiser_of(options), options, names, options.at, note)
    labels = {SAMPLERS[name].label: distances for name, distances in found.items()}
    return draw(labels, f"{options.model}, {options.schedule}", options.theme)


def losses(options: Options) -> Figure:
    from diffviz.figures import losses as draw

    if not options.status:
        raise ValueError("say whose losses: --status FILE, with what /train_status answered")
    try:
        status = json.loads(existing_file(options.status).read_text("utf-8"))
        points, ratios = status["points"], status["ratios"]
    except (UnicodeDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{options.status!r} is no training's status") from error
    return draw(points, ratios, options.theme)


def denoiser_of(options: Options) -> Checkpoint:
    from diffviz.checkpoints import load_checkpoint
    from diffviz.device import choose

    return load_checkpoint(options.model).to(choose(options.device))


DRAWN: Mapping[str, Callable[[Options], Figure]] = {
    draw.__name__: draw for draw in (schedules, forward, sampling, samples, convergence, losses)
}
