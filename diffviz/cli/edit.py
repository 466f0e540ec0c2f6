"""`python -m diffviz edit`: a picture of one's own to t and back, by a trained denoiser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar

from diffviz.cli.options import Device, Out, Picture, Threads, View
from diffviz.cli.parser import existing_file, output_file, use_threads
from diffviz.runs.schema import INVERT, EditRun, EditSettings
from diffviz.settings import Setting, declared

EPILOG = """\
Image-to-image: the picture, brought to the denoiser's size, is noised to t and sampled from there.
With --invert its noise is not drawn but found, by DDIM inversion, and the error of the way there
and back is printed; with --was and another --what the denoiser is told the one on the way up, the
other on the way back. The file's suffix says what is written: .png (picture, x_t and result side by
side), .gif or .mp4 (the way as a film).

With --mask a part of the picture is made anew: where the mask, a picture of its size, is white. The
rest stays as it is, to the last bit; a larger picture than is worked at gets the result back at its
full size. `restore` has more of it.

  python -m diffviz edit cat.jpg --mask m.png --out without.png
  python -m diffviz edit cat.jpg --t 700 --guidance 3
  python -m diffviz edit boot.png --what sandal --t 600 --sampler dpmpp-2m --out sandal.gif
  python -m diffviz edit boot.png --invert --t 1000 --steps 100
  python -m diffviz edit boot.png --invert --was "ankle boot" --what sandal --t 1000"""


class Options(EditRun):
    """The picture to edit, by which denoiser, how, and where to."""

    defaults: ClassVar[Mapping[str, str]] = {"t": "T/2", "view": "x"}

    picture: Picture
    t: Annotated[int | None, declared(EditSettings)["t"]] = None  # type: ignore[assignment]
    mask: Annotated[
        str,
        Setting(help="A picture of the same size: only where it is white is anything made anew"),
    ] = ""
    invert: Annotated[bool, Setting(help="The same as --mode invert")] = False
    view: View = None
    out: Out = "edited.png"
    threads: Threads
    device: Device


def run(options: Options) -> None:
    if options.mask:
        return inpaint(options)
    import torch

    from diffviz.autoencoders import autoencoder_of, pictures_shape
    from diffviz.checkpoints import load_checkpoint
    from diffviz.device import choose
    from diffviz.media.decoding import fitted, load_picture
    from diffviz.media.files import save_gif, save_mp4, save_png
    from diffviz.media.medium import view_of
    from diffviz.runs.asking import condition_of
    from diffviz.runs.conditions import conditions
    from diffviz.runs.editing import rms_distance, run_edit
    from diffviz.runs.notes import note_of
    from diffviz.runs.suited import check_mean

    out, films = Path(options.out), {".gif": save_gif, ".mp4": save_mp4}
    output_file(options.out, (".png", *films))
    film = films.get(out.suffix.lower())
    inverting = options.invert or options.mode == INVERT
    if options.invert and options.mode != INVERT and "mode" in options.model_fields_set:
        raise ValueError(f"--mode {options.mode} does not go with --invert")
    if options.was and not inverting:
        raise ValueError("--was goes with --invert, on whose way up the picture is said to be that")
    for name in ("guidance", "seed", "sampler"):
        if inverting and name in options.model_fields_set:
            raise ValueError(f"--{name} does not go with --invert, which has none")
    if options.view and not film:
        raise ValueError("--view goes with a film, .gif or .mp4, only")
    schedule = options.noise_schedule()
    settings = options.part(
        EditRun,
        t=schedule.T // 2 if options.t is None else options.t,
        mode=INVERT if inverting else options.mode,
    )
    settings.grid(schedule)  # before anything is loaded
    picture = load_picture(existing_file(options.picture))
    checkpoint = load_checkpoint(options.model).to(choose(options.device))
    check_mean(checkpoint.card)
    info = checkpoint.card.data
    use_threads(options.threads)
    x0 = fitted(picture, pictures_shape(info))[None].to(checkpoint.device)
    coder = autoencoder_of(info) if info.autoencoder else None
    condition = conditions(info, condition_of(info, options.what), 1)
    was = conditions(info, condition_of(info, options.was), 1) if options.was else None
    stages = list(run_edit(settings, checkpoint.denoiser(), schedule, x0, condition, was, coder))
    last, note = stages[-1].step, note_of(settings)
    if film:
        film([stage.step for stage in stages], out, options.view or "x", note=note)
    else:
        first = next(stage.step for stage in stages if stage.back)
        save_png(torch.cat([x0, view_of(first, "x"), last.x]), out, per_row=3, note=note)
    same = inverting and options.was in ("", options.what)
    what = "error of the way there and back" if same else "apart from the picture"
    steps = sum(stage.back for stage in stages) - 1
    distance = rms_distance(last.x, x0)
    print(f"{out}: {steps} steps from t = {settings.t} of {schedule.T}, {what}: {distance:.4f}")


def inpaint(options: Options) -> None:
    """What `restore --task inpaint` does, for words instead of conditions."""
    from diffviz.checkpoints import load_checkpoint
    from diffviz.cli import restore
    from diffviz.runs.asking import condition_of

    given = options.model_fields_set
    for name in ("t", "mode", "invert"):
        if name in given and getattr(options, name) != declared(Options)[name].default:
            raise ValueError(f"--{name} does not go with --mask, which begins from noise alone")
    same = given & {
        "model", "steps", "seed", "guidance", "sampler", "view", "out", "schedule", "T"
    }  # fmt: skip
    asked = restore.Options(
        picture=options.picture,
        mask=options.mask,
        threads=options.threads,
        device=options.device,
        **{name: getattr(options, name) for name in same},
    )
    if options.what:
        info = load_checkpoint(asked.model).card.data
        asked = asked.but(condition=condition_of(info, options.what))
    restore.run(asked)
