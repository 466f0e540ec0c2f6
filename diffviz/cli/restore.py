"""`python -m diffviz restore`: a picture completed or restored, by posterior sampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from diffviz.cli.options import Device, Out, Picture, Threads, View
from diffviz.cli.parser import existing_file, note, output_file, use_threads
from diffviz.runs.restoration import RestoreSettings
from diffviz.settings import Setting

if TYPE_CHECKING:
    from torch import Tensor

EPILOG = """\
The picture is taken for a measurement of another one, which is sampled given it. The file's suffix
says what is written: .png (the results side by side; with --compare what was measured, the cheap
answer, the results, and the original where it is known), .gif or .mp4 (the way as a film), .svg or
.pdf (a figure of what --compare writes, with each one's PSNR).

  python -m diffviz restore small.png --task upscale --factor 4 --out large.png
  python -m diffviz restore cat.jpg --task upscale --degrade --compare --method mmps
  python -m diffviz restore cat.jpg --task upscale --degrade --out compared.svg
  python -m diffviz restore cat.jpg --task inpaint --mask m.png --count 4
  python -m diffviz restore old.jpg --task denoise"""

FIGURES = (".svg", ".pdf")  # a picture's pixels are in a PNG as they are
TOLD = {
    "psnr": "PSNR {:.2f} dB",
    "ssim": "SSIM {:.2f}",
    "distance": "{:.2f} grey levels from what was measured",
}
FULL = 4096  # of the longer side of a picture into which a result is pasted


class Options(RestoreSettings):
    """The picture to restore, how, and where to."""

    defaults: ClassVar[Mapping[str, str]] = {
        "view": "x",
        "noise": "0; found, of a noisy picture",
        "begin": "what suits",
    }

    picture: Picture
    mask: Annotated[
        str, Setting(help="A picture of the same size, white where it is to be made anew")
    ] = ""
    compare: Annotated[
        bool, Setting(help="Write what was measured, the cheap answer and the original too")
    ] = False
    view: View = None
    out: Out = "restored.png"
    threads: Threads
    device: Device


def run(options: Options) -> None:
    from diffviz.checkpoints import load_checkpoint
    from diffviz.device import choose
    from diffviz.measure.fidelity import answers as told
    from diffviz.measure.fidelity import quality
    from diffviz.media.decoding import load_picture
    from diffviz.media.files import save_gif, save_mp4, save_png
    from diffviz.media.levels import fingerprint
    from diffviz.media.notes import png_note
    from diffviz.runs.notes import note_of
    from diffviz.runs.posing import pose
    from diffviz.runs.restoring import restore

    out, films = Path(options.out), {".gif": save_gif, ".mp4": save_mp4}
    output_file(options.out, (".png", *films, *FIGURES))
    film: Callable[..., Any] | None = films.get(out.suffix.lower())
    if options.view and not film:
        raise ValueError("--view goes with a film, .gif or .mp4, only")
    if options.mask and not options.entry.needs_mask:
        raise ValueError("--mask goes with --task inpaint only")
    picture = load_picture(existing_file(options.picture))
    mask = load_picture(existing_file(options.mask)) if options.mask else None
    checkpoint = load_checkpoint(options.model).to(choose(options.device))
    use_threads(options.threads)
    posed = pose(options, checkpoint.card, picture, mask)
    if posed.scaled:
        note(f"worked at {posed.shape[2]} × {posed.shape[1]} pixels")
    steps = []
    for step in restore(options, posed, checkpoint):
        steps.append(step)
        note(f"t = {step.t:>4}   σ/α = {step.sigma / step.alpha:.4f}")
    last, made = steps[-1].x, note_of(options)
    if film:
        film(steps, out, options.view or "x", scale=max(1, 256 // max(posed.shape[1:])), note=made)
    elif out.suffix.lower() in FIGURES:
        from diffviz.figures import answers, save

        save(answers(told(options, posed, last), options.title), out, made)
    elif options.compare:
        save_png(side_by_side(posed, last), out, scale=1, note=made)
    elif mask is not None and len(last) == 1:
        whole = pasted(last, Path(options.picture), Path(options.mask))
        whole.save(out, pnginfo=png_note(made))
    else:
        save_png(last, out, scale=1, note=made)
    said = [f"{out}: fingerprint {fingerprint(last)}"]
    for name, x in ((options.entry.cheap_label, posed.cheap), ("result", last)):
        figures = quality(posed, x)
        known = [TOLD[what].format(value) for what, value in figures.items() if value]
        said.append(f"{name}: {', '.join(known) or 'as was measured'}")
    print("; ".join(said))


def side_by_side(posed: Any, x: Tensor) -> Tensor:
    """What was measured, the cheap answer, the results, and the original where it is known."""
    import torch
    from torch.nn.functional import interpolate

    pictures = [posed.degraded, posed.cheap, x]
    if posed.original is not None:
        pictures.append(posed.original)
    channels, height, width = posed.shape
    return torch.cat(
        [
            interpolate(one, (height, width)).expand(-1, channels, -1, -1)
            for one in (picture.to(x) for picture in pictures)
        ]
    )


def pasted(x: Tensor, picture: Path, mask: Path) -> Any:
    """The picture at its full size with the result (1, C, H, W) where the mask is white."""
    from PIL import Image

    from diffviz.media.decoding import load_picture
    from diffviz.media.levels import grey_levels
    from diffviz.media.picture import tile

    result, whole = Image.fromarray(tile(x)), load_picture(picture, FULL)
    _, height, width = whole.shape
    if (height, width) == tuple(x.shape[2:]):
        return result
    hole = Image.fromarray(grey_levels(load_picture(mask, FULL)[0]).numpy())
    larger = result.resize((width, height), Image.Resampling.BICUBIC)
    return Image.composite(larger, Image.fromarray(tile(whole[None])), hole)
