"""`python -m diffviz sample`: pictures out of noise, as a picture, a strip or a film."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from diffviz.cli.options import Device, Out, Threads, View
from diffviz.cli.parser import existing_file, note, output_file, use_threads
from diffviz.media.files import film_gif, save_gif, save_mp4, save_png, save_strip
from diffviz.runs.schema import EACH, MAX_SEED, RunSettings
from diffviz.settings import Setting

EPILOG = f"""\
The file's suffix says what is written: .png (the pictures in a grid; with --strip each run in a
row, from noise to picture), .gif or .mp4 (the run as a film).

  python -m diffviz sample --condition class=dress --count 9
  python -m diffviz sample --condition class={EACH} --count 10 --out all-ten.png
  python -m diffviz sample --condition class=bag --sampler heun --steps 10 --out bag.mp4
  python -m diffviz sample --condition class=bag --seed 1 --to-seed 2 --out from-1-to-2.gif
  python -m diffviz sample --condition class=sneaker --to class=boot --out growing.gif

Each file knows its run, which can be repeated, with changes too; dropped on the page it is shown.

  python -m diffviz sample --from bag.mp4 --seed 7"""


class Options(RunSettings):
    """A run, and what becomes of it."""

    defaults: ClassVar[Mapping[str, str]] = {
        "view": "x",
        "fps": "10",
        "to_seed": "no film",
        "to": "the same",
    }

    repeat: Annotated[
        str,
        Setting(help="Repeat the run of a PNG, GIF, MP4 or SVG made by diffviz", option="from"),
    ] = ""
    out: Out = "sample.png"
    strip: Annotated[bool, Setting(help="Write a .png of the whole run, not of its result")] = False
    view: View = None
    to_seed: Annotated[
        int | None,
        Setting(
            help="Write a .gif in which the first picture turns into that of this seed",
            minimum=0,
            maximum=MAX_SEED,
        ),
    ] = None
    to: Annotated[
        Mapping[str, str],
        Setting(
            help="In that film, what the picture becomes, as --condition says it; without --to-seed"
            " its noise stays"
        ),
    ] = {}
    fps: Annotated[
        float | None,
        Setting(help="Pictures a second in a film", minimum=1, maximum=60),
    ] = None
    threads: Threads
    device: Device


def settings_of(options: Options) -> RunSettings:
    """The run: that of a file, but for what is said of it here, or the options' own."""
    from diffviz.media.notes import read_note
    from diffviz.runs.notes import run_of

    if not options.repeat:
        return options.part(RunSettings)
    said = options.model_fields_set & RunSettings.model_fields.keys()
    before = run_of(read_note(existing_file(options.repeat)))
    return before.but(**{name: getattr(options, name) for name in said})


def run(options: Options) -> None:
    from diffviz.checkpoints import load_checkpoint
    from diffviz.device import choose
    from diffviz.media.levels import fingerprint
    from diffviz.runs.between import between
    from diffviz.runs.conditions import alone, not_understood
    from diffviz.runs.notes import note_of
    from diffviz.runs.sampling import run as start
    from diffviz.runs.suited import as_distilled

    out, films = Path(options.out), {".gif": save_gif, ".mp4": save_mp4}
    output_file(options.out, (".png", *films))
    film = out.suffix.lower() in films
    is_gif, between_two = out.suffix.lower() == ".gif", options.to_seed is not None
    for name, given, allowed, kind in (
        ("strip", options.strip, not film, "a .png"),
        ("fps", options.fps is not None, film, "a film, .gif or .mp4"),
        ("to-seed", between_two, is_gif, "a .gif"),
        ("to", bool(options.to), is_gif, "a .gif"),
        ("view", options.view is not None, film or options.strip, "a film or a --strip"),
    ):
        if given and not allowed:
            raise ValueError(f"--{name} goes with {kind} only")
    settings = settings_of(options)
    checkpoint = load_checkpoint(settings.model).to(choose(options.device))
    if not options.repeat:
        settings = as_distilled(settings, options.model_fields_set, checkpoint.card)
    use_threads(options.threads)
    if strangers := not_understood(
        checkpoint.card.data, settings.condition, settings.negative, options.to
    ):
        note(f"not understood: {', '.join(strangers)}")
    if between_two or options.to:
        info = checkpoint.card.data
        seed = settings.seed if options.to_seed is None else options.to_seed
        samples = between(settings, seed, checkpoint, to=options.to or None)
        more_said = {"said": dict(options.to)} if options.to else {}
        said = note_of(alone(settings, info, 0), to=seed, **more_said)
        sheets = [checkpoint.medium.sheet(x, 8, None) for x in samples]
        film_gif(sheets, out, options.fps or 10, said)
        becomes = f", to become {', '.join(options.to.values())}" if options.to else ""
        return print(f"{out}: from seed {settings.seed} to {seed}{becomes}")
    steps = []
    for step in start(settings, checkpoint):
        steps.append(step)
        note(f"t = {step.t:>4}   α = {step.alpha:.4f}   σ = {step.sigma:.4f}")
    view = options.view or "x"
    more: dict[str, Any] = {
        "medium": checkpoint.medium,
        "note": note_of(settings),
        "headings": settings.headings,
    }
    per_row = settings.columns if settings.vary else None
    if film:
        write: Callable[..., Any] = films[out.suffix.lower()]
        write(steps, out, view, fps=options.fps or 10, per_row=per_row, **more)
    elif options.strip:
        save_strip(steps, out, view, **more)
    else:
        save_png(steps[-1].x, out, per_row=per_row, **more)
    print(f"{out}: fingerprint {fingerprint(steps[-1].x)}")
