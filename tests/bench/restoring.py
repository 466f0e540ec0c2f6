"""How near restorations come, on pictures that no denoiser has seen; prints JSON.

python -m tests.bench.restoring --what upscale hole clothes --pictures 24 --method ddnm

upscale: photographs of 256 pixels, made 4 times smaller and brought back: PSNR of bicubic
interpolation, of one sample and of the mean of several, and LPIPS (tests/bench/lpips.py).
hole: a quarter of photographs of 128 pixels is cut out: PSNR inside, beside OpenCV's Telea, and the
mean gradient across the hole's edge as a multiple of that elsewhere.
clothes: 7 × 7 pixels brought to 28 × 28: the share of which the judge names the class right.
Needs `pip install -r tests/requirements.txt`.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from statistics import mean
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from diffviz.checkpoints import Checkpoint, load_checkpoint
from diffviz.data import DATA_SETS
from diffviz.data.photos.crops import split_of
from diffviz.forward import SeededNoise
from diffviz.guidance.measurement import Measurement
from diffviz.guidance.methods import condition_on
from diffviz.guidance.operators import BlockMean
from diffviz.measure.fidelity import psnr
from diffviz.measure.judge import load_judge, verdict
from diffviz.media.decoding import load_picture
from diffviz.media.levels import grey_levels
from diffviz.runs.posing import Posed, pose
from diffviz.runs.restoration import RestoreSettings
from diffviz.runs.restoring import grid_from, restore
from diffviz.samplers import sample
from tests.bench.lpips import lpips

Figures = dict[str, Any]


def made(settings: RestoreSettings, posed: Posed, checkpoint: Checkpoint) -> Tensor:
    *_, last = restore(settings, posed, checkpoint)
    return last.x


def upscale(asked: argparse.Namespace) -> Figures:
    checkpoint = load_checkpoint("photos")
    settings = RestoreSettings(
        task="upscale",
        degrade=True,
        size=256,
        method=asked.method,
        steps=asked.steps,
        count=asked.samples,
    )
    rows: list[Figures] = []
    for photo in split_of("held-out")[: asked.pictures]:
        picture = load_picture(photo.file)
        height, width = (side - side % 8 for side in picture.shape[1:])
        posed = pose(settings, checkpoint.card, picture[:, :height, :width])
        x, original = made(settings, posed, checkpoint), posed.original
        assert original is not None
        rows.append(
            {
                "psnr bicubic": psnr(posed.cheap, original),
                "psnr one": mean(psnr(one[None], original) for one in x),
                "psnr mean": psnr(x.mean(0, keepdim=True), original),
                "lpips bicubic": lpips(posed.cheap, original),
                "lpips one": lpips(x[:1], original),
                "distance": float(posed.measurement.residual(x).square().mean().sqrt()) * 127.5,
            }
        )
    figures = averaged(rows)
    figures["lpips better by"] = 1 - figures["lpips one"] / figures["lpips bicubic"]
    return figures


def hole(asked: argparse.Namespace) -> Figures:
    checkpoint = load_checkpoint("photos")
    settings = RestoreSettings(
        size=128, method=asked.method, steps=asked.steps, count=asked.samples
    )
    rows: list[Figures] = []
    for photo in split_of("held-out")[: asked.pictures]:
        picture = load_picture(photo.file)
        mask = -torch.ones(1, *picture.shape[1:])
        (top, high), (left, wide) = ((side // 4, side // 2) for side in picture.shape[1:])
        mask[:, top : top + high, left : left + wide] = 1
        posed = pose(settings, checkpoint.card, picture, mask)
        x, original, kept = made(settings, posed, checkpoint), posed.original, posed.kept
        assert original is not None
        assert kept is not None
        inside = kept == 0
        levels = grey_levels(posed.degraded[0]).numpy().transpose(1, 2, 0)
        filled = cv2.inpaint(levels, inside.numpy().astype(np.uint8), 3, cv2.INPAINT_TELEA)
        telea = torch.from_numpy(filled.transpose(2, 0, 1).astype(np.float32)) / 127.5 - 1

        def of(picture: Tensor, known: Tensor = original, where: Tensor = inside) -> float:
            return psnr(picture[..., where], known[..., where])

        rows.append(
            {
                "psnr telea": of(telea[None]),
                "psnr smoothest": of(posed.cheap),
                "psnr one": mean(of(one[None]) for one in x),
                "psnr mean": of(x.mean(0, keepdim=True)),
                "seam": mean(seam(one, inside) for one in x),
            }
        )
    return averaged(rows)


def seam(x: Tensor, inside: Tensor) -> float:
    """The mean absolute difference of neighbours on two sides of the hole's edge, as a multiple of
    that of all others."""
    across, elsewhere = [], []
    for axis in (-1, -2):
        step = x.diff(dim=axis).abs().mean(0)
        edge = inside.int().diff(dim=axis) != 0
        across.append(step[edge])
        elsewhere.append(step[~edge])
    return float(torch.cat(across).mean() / torch.cat(elsewhere).mean())


@torch.no_grad()
def clothes(asked: argparse.Namespace) -> Figures:
    checkpoint, subject = load_checkpoint("fashion"), DATA_SETS["fashion"].judge
    assert subject is not None
    judge = load_judge(subject())
    ((pictures, classes),) = subject().test()
    every = len(pictures) // asked.clothes
    pictures, classes = pictures[::every], classes[::every, 0]
    operator, info = BlockMean(4), checkpoint.card.data
    y = operator(pictures)
    settings = RestoreSettings(steps=asked.steps)
    schedule = settings.noise_schedule()
    guided = condition_on(
        checkpoint.denoiser(), Measurement(operator, y, 0.0, info.sigma_data), asked.method
    )
    grid = grid_from(settings, schedule, checkpoint.card.ratio_range[1])
    noise = SeededNoise(range(len(y)), info.shape)
    *_, last = sample(guided, schedule, grid, noise, settings.sampler)
    bicubic = F.interpolate(y, scale_factor=4, mode="bicubic").clamp(-1, 1)

    def share(x: Tensor) -> float:
        said = verdict(judge, x.clamp(-1, 1)).logits[0].argmax(1)
        return float((said == classes - 1).double().mean())

    return {
        "right of originals": share(pictures),
        "right of bicubic": share(bicubic),
        "right of ours": share(last.x),
        "distance": float((operator(last.x) - y).square().mean().sqrt()) * 127.5,
    }


def averaged(rows: list[Figures]) -> Figures:
    return {name: mean(row[name] for row in rows) for name in rows[0]}


BENCHES: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "upscale": upscale,
    "hole": hole,
    "clothes": clothes,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", nargs="+", choices=BENCHES, default=list(BENCHES))
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--clothes", type=int, default=500)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--method", default="ddnm")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    figures = {name: BENCHES[name](given) for name in given.what}
    rounded = {
        name: {what: round(value, 4) for what, value in found.items() if math.isfinite(value)}
        for name, found in figures.items()
    }
    print(json.dumps({**vars(given), **rounded}, indent=2))
