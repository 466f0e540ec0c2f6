"""Drawing portraits by the recipe, in Node: the few that ship, and the many to train on."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from diffviz.data.portraits.pictures import SHIPPED, SIDE, Drawn, folder
from diffviz.data.portraits.words import SLOTS
from diffviz.storage import write_whole

RECIPE = Path(__file__).parent / "recipe"
FEW, MANY = 4_000, 60_000
AT_ONCE = 5_000  # in one process: its renderer gives half a megabyte a portrait back when it ends
FEW_SEED, MANY_SEED = 1, 0
STEP = 4  # levels that are taken for one another in the search for the nearest colour


def make_few(path: Path = SHIPPED) -> int:
    """Write what ships, with the palette that all have; returns the file's size in bytes. Raises
    ValueError where there is no Node to draw."""
    with tempfile.TemporaryDirectory() as place:
        pictures, words = draw(prepared(Path(place)), FEW_SEED, 0, FEW)
        palette = palette_of(pictures)
        indices = nearest(palette)(pictures)

    def write(file: Path) -> None:
        # As np.savez does it, but for LZMA, which halves what flat drawings take.
        with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
            arrays = {"palette": palette, "indices": indices, "words": words}
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w") as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)

    write_whole(path, write)
    return path.stat().st_size


def make_many(place: Path | None = None, count: int = MANY) -> int:
    """Draw what is not yet in the folder, part by part; returns the size of all in bytes. Raises
    ValueError where there is no Node to draw."""
    place = place or folder()
    place.mkdir(parents=True, exist_ok=True)
    with np.load(SHIPPED, allow_pickle=False) as arrays:
        match = nearest(arrays["palette"])
    for start in range(0, count, AT_ONCE):
        named = f"-{start:06d}.npy"
        if (place / f"indices{named}").exists():
            continue
        with tempfile.TemporaryDirectory(dir=place) as work:
            pictures, words = draw(
                prepared(Path(work)), MANY_SEED, start, min(AT_ONCE, count - start)
            )
            part = Drawn(match(pictures), words)
        _save(place / f"words{named}", part.words)
        _save(place / f"indices{named}", part.indices)
    return sum(file.stat().st_size for file in place.glob("*.npy"))


def _save(path: Path, array: np.ndarray) -> None:
    def write(file: Path) -> None:
        with file.open("wb") as out:
            np.save(out, array, allow_pickle=False)

    write_whole(path, write)


def prepared(place: Path) -> Path:
    """A copy of the recipe there, with what it needs beside it."""
    for name in ("npm", "node"):
        if not shutil.which(name):
            raise ValueError(f"portraits are drawn in Node, and there is no {name} here")
    shutil.copytree(
        RECIPE, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules")
    )
    _run(place, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    return place


def draw(recipe: Path, seed: int, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Portraits start to start + count of a seed: pictures (count, SIDE, SIDE, 3), which are read
    from the disk as they are asked for, and words (count, slots), both uint8."""
    out = recipe / "portraits.bin"
    options = {"start": start, "count": count, "size": SIDE, "seed": seed, "out": out}
    _run(recipe, "node", "make.mjs", *(f"--{name}={value}" for name, value in options.items()))
    header = json.loads(out.with_name("portraits.bin.json").read_text("utf-8"))
    slots = {slot.name: list(slot.values) for slot in SLOTS}
    if header["slots"] != slots:
        raise ValueError("the recipe draws other words than those that are known here")
    pictures = np.memmap(out, np.uint8, "r", shape=tuple(header["shape"]))
    return pictures, np.array(header["portraits"], np.uint8)


def _run(place: Path, *words: str) -> None:
    process = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False)
    if process.returncode:
        last = (process.stderr.strip().splitlines() or ["no word"])[-1]
        raise ValueError(f"`{words[0]}` could not draw portraits: {last}")


def palette_of(pictures: np.ndarray) -> np.ndarray:
    """The 256 colours (256, 3) uint8 that some of the pictures (N, H, W, 3) are nearest to."""
    some = pictures[:: max(1, len(pictures) // 400)]
    sheet = Image.fromarray(some.reshape(-1, some.shape[2], 3))
    reduced = sheet.quantize(256, method=Image.Quantize.MEDIANCUT, kmeans=2)
    colours = np.zeros((256, 3), np.uint8)
    found = np.array(reduced.getpalette(), np.uint8).reshape(-1, 3)
    colours[: len(found)] = found
    return colours


def nearest(palette: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """From pictures (N, H, W, 3) to the nearest rows of the palette, (N, H, W) uint8."""
    levels = np.arange(0, 256, STEP) + (STEP - 1) / 2
    colours = palette.astype(np.float32)
    table = np.empty((len(levels),) * 3, np.uint8)
    for red, level in enumerate(levels):
        green, blue = np.meshgrid(levels, levels, indexing="ij")
        points = np.stack([np.full_like(green, level), green, blue], -1).astype(np.float32)
        squares = (points**2).sum(-1)[..., None] + (colours**2).sum(-1) - 2 * points @ colours.T
        table[red] = squares.argmin(-1)

    def match(pictures: np.ndarray) -> np.ndarray:
        out = np.empty(pictures.shape[:-1], np.uint8)
        for i, picture in enumerate(pictures):
            out[i] = table[tuple(np.moveaxis(picture // STEP, -1, 0))]
        return out

    return match
