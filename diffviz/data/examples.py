"""The bundled example pictures: eight photographs, four from Fashion-MNIST's test part, a hero, and
four painted by the formulas below, which programs may name. `python -m diffviz.data.examples` makes
all but the photographs again."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Generator, Tensor

from diffviz.data.fashion.pictures import load_fashion
from diffviz.data.heroes.stacks import compose, draw
from diffviz.data.language import NONE
from diffviz.data.photos.crops import Photo, photos
from diffviz.media.decoding import load_picture
from diffviz.media.files import save_png

FOLDER = Path(__file__).parent / "example_pictures"
FASHION_ROWS = {"boot": 28, "pullover": 20, "bag": 30, "sneaker": 9}  # of the test part
# Half of them denoisers have never seen: coffee, red panda, tulips and petra are held out.
PHOTOGRAPHS = {
    "coffee": "ski-coffee",
    "red panda": "gc-erase-red_panda",
    "tulips": "jxl-tulips",
    "petra": "gc-monument-petra",
    "kingfisher": "gc-erase-kingfisher",
    "castle": "gc-monument-neuschwansteinCastle",
    "crab": "gc-erase-crab",
    "dandelions": "lomiri-seeding",
}
HERO = "hero"
HERO_IS = {
    "species": "human",
    "hair": "brown",
    "beard": NONE,
    "clothes": "plate armour",
    "clothes colour": "grey",
    "cloak": "red",
    "headgear": NONE,
    "main hand": "long sword",
    "off hand": "kite shield",
    "background": "grey",
}
HERO_SEED = 8
Array = NDArray[np.float64]

# Each is painted at twice its size and then averaged, which smooths the edges.
SIDE, OVERSAMPLING = 256, 2
_axis = (np.arange(SIDE * OVERSAMPLING) + 0.5) / (SIDE * OVERSAMPLING)
X, Y = np.meshgrid(_axis, _axis)  # 0..1 from the left and from the top


def example_names() -> list[str]:
    """Their names, those that the page shows first."""
    return [*shown_names(), *PAINTERS]


def shown_names() -> list[str]:
    """Of those that the page shows, in its order."""
    return [*PHOTOGRAPHS, *FASHION_ROWS, HERO]


def example_path(name: str) -> Path:
    """The file; raises ValueError for an unknown name, naming the choices."""
    if name not in example_names():
        raise ValueError(f"unknown example {name!r}; choose from {', '.join(example_names())}")
    photo = _photograph(name)
    return photo.file if photo else FOLDER / f"{name}.png"


def example_credit(name: str) -> str:
    """What must be said of a photograph wherever it is shown; "" of what is none."""
    photo = _photograph(name)
    return photo.credit if photo else ""


def _photograph(name: str) -> Photo | None:
    wanted = PHOTOGRAPHS.get(name)
    return next((photo for photo in photos() if photo.name == wanted), None)


@cache
def example(name: str) -> Tensor:
    """(C, H, W) in −1..1; raises ValueError for an unknown name, naming the choices."""
    return load_picture(example_path(name))


def colour(code: str) -> Array:
    """#rrggbb as three numbers in 0..1."""
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def ramp(position: Array, *codes: str) -> Array:
    """Colours along a line, evenly spaced over position 0..1."""
    stops = np.array([colour(code) for code in codes])
    at = np.linspace(0, 1, len(codes))
    return np.stack([np.interp(position, at, stops[:, c]) for c in range(3)], axis=-1)


def lay(picture: Array, mask: Array | NDArray[np.bool_], paint: Array) -> Array:
    """paint over picture where mask (0..1) is."""
    share: Array = np.clip(mask.astype(np.float64), 0, 1)[..., None]
    return picture + share * (paint - picture)


def disc(x: float, y: float, radius: float) -> Array:
    return ((X - x) ** 2 + (Y - y) ** 2 < radius**2).astype(np.float64)


def sunset() -> Array:
    """The sun between two ridges, and its path on the water."""
    sky = ramp(Y / 0.62, "#2b2d6e", "#7b4fa0", "#e8708a", "#ffb36b", "#ffe3a1")
    glow = np.exp(-((X - 0.6) ** 2 + (Y - 0.5) ** 2) / 0.03)
    picture = lay(sky, 0.6 * glow, colour("#fff1c4"))
    picture = lay(picture, disc(0.6, 0.5, 0.075), colour("#fff7dd"))
    far = 0.56 - 0.10 * np.abs(np.sin(5.0 * X + 0.6)) * (0.6 + 0.4 * np.sin(13 * X))
    near = 0.60 - 0.17 * np.exp(-((X - 0.12) ** 2) / 0.02) - 0.06 * np.exp(-((X - 0.9) ** 2) / 0.01)
    picture = lay(picture, far < Y, colour("#8a4f86"))
    picture = lay(picture, near < Y, colour("#4a2f66"))
    depth = (Y - 0.62) / 0.38
    water = ramp(depth, "#f39a7d", "#a9588d", "#3a2c66", "#1d1b45")
    depth = np.clip(depth, 0, 1)
    waves = np.sin(90 * np.sqrt(depth) + 1.5 * np.sin(14 * X + 9 * depth))
    path = np.exp(-((X - 0.6) ** 2) / (0.004 + 0.02 * depth))
    water = lay(water, 0.75 * path * (waves > -0.1), colour("#ffe9b8"))
    return lay(picture, Y > 0.62, water)


def marbles() -> Array:
    """Three shaded balls on a chequered floor."""
    distance = 0.16 / np.clip(Y - 0.36, 0.01, None)
    chequer = (np.floor((X - 0.5) * distance * 9) + np.floor(distance * 7)) % 2
    floor = lay(np.ones((*X.shape, 3)) * colour("#f4efe6"), chequer, colour("#31567a"))
    floor = lay(floor, np.clip(distance / 5, 0, 1), colour("#bcd3e3"))
    picture = lay(ramp(Y / 0.42, "#6fa8d6", "#cfe4f1"), Y > 0.42, floor)
    for x, y, radius, code in (
        (0.30, 0.42, 0.15, "#e2553f"),
        (0.72, 0.48, 0.18, "#f0b429"),
        (0.47, 0.70, 0.20, "#2f9e77"),
    ):
        shadow = np.exp(-(((X - x - 0.05) / radius) ** 2 + ((Y - y - radius) / 0.045) ** 2))
        picture = lay(picture, 0.6 * shadow, colour("#10202e"))
        u, v = (X - x) / radius, (Y - y) / radius
        height = np.sqrt(np.clip(1 - u**2 - v**2, 0, None))
        light = np.clip(-0.5 * u - 0.6 * v + 0.62 * height, 0, None)
        ball = (0.28 + 0.8 * light)[..., None] * colour(code)
        ball = lay(ball, light**28, np.ones(3))
        picture = lay(picture, disc(x, y, radius), ball)
    return picture


def balloon() -> Array:
    """A striped hot-air balloon over hills."""
    picture = ramp(Y, "#3f8fd2", "#9fd0f0", "#eef7fb")
    for x, y, size in ((0.18, 0.22, 0.09), (0.85, 0.36, 0.07), (0.78, 0.12, 0.05)):
        for shift, grow in ((-1.0, 0.7), (0.0, 1.0), (1.0, 0.75)):
            picture = lay(picture, disc(x + shift * size, y, grow * size), colour("#ffffff"))
    hills = ((0.80, 5.0, "#8cc98a"), (0.86, 8.0, "#5fae6b"), (0.93, 3.0, "#3b8a54"))
    for base, swing, code in hills:
        picture = lay(picture, base - 0.05 * np.sin(swing * X + base * 20) < Y, colour(code))
    u, v = (X - 0.5) / 0.26, (Y - 0.36) / 0.28
    narrow = np.where(v > 0, 1 - 0.45 * v**2, 1.0)
    envelope = ((u / narrow) ** 2 + v**2 < 1) & (v < 0.97)
    around = np.arcsin(np.clip(u / narrow / np.sqrt(np.clip(1 - v**2, 1e-6, 1)), -1, 1))
    stripe = np.floor((around / np.pi + 0.5) * 8).astype(int) % 4
    paint = np.stack([colour(c) for c in ("#e4433f", "#ffd04a", "#f77f2f", "#fff3d6")])[stripe]
    shade = np.clip(1.08 - 0.35 * (u + 0.4) ** 2 - 0.15 * v, 0.5, 1.08)
    picture = lay(picture, envelope, np.clip(paint * shade[..., None], 0, 1))
    for end in (0.455, 0.545):
        at = 0.5 + (end - 0.5) * (1.9 - 6 * (Y - 0.63))
        rope = (np.abs(X - at) < 0.003) & (Y > 0.625) & (Y < 0.74)
        picture = lay(picture, rope, colour("#5b4632"))
    basket = (np.abs(X - 0.5) < 0.05) & (Y > 0.73) & (Y < 0.80)
    weave = 0.85 + 0.15 * np.sign(np.sin(160 * X) * np.sin(160 * Y))
    return lay(picture, basket, weave[..., None] * colour("#9a6b3c"))


def smiley() -> Array:
    """The face that everybody knows."""
    picture = ramp((X + Y) / 2, "#5f6ee0", "#8f7bea", "#c79bf0")
    picture = lay(
        picture, 0.35 * np.exp(-((X - 0.5) ** 2 + (Y - 0.93) ** 2 * 9) / 0.08), np.zeros(3)
    )
    face = ramp(np.hypot(X - 0.38, Y - 0.32) / 0.6, "#fff3a6", "#ffdc4a", "#f5a524")
    picture = lay(picture, disc(0.5, 0.5, 0.38), face)
    for x in (0.38, 0.62):
        eye = ((X - x) / 0.045) ** 2 + ((Y - 0.41) / 0.075) ** 2 < 1
        picture = lay(picture, eye, colour("#3b2a1a"))
        picture = lay(picture, disc(x - 0.013, 0.385, 0.016), np.ones(3))
        cheek = np.exp(-((X - 0.5 - 2 * (x - 0.5)) ** 2 + (Y - 0.56) ** 2) / 0.003)
        picture = lay(picture, 0.55 * cheek, colour("#ff7f6b"))
    mouth = disc(0.5, 0.52, 0.24) * (Y > 0.57)
    picture = lay(picture, mouth, colour("#7a2230"))
    picture = lay(picture, mouth * (Y < 0.615), np.ones(3))
    return lay(picture, mouth * disc(0.5, 0.80, 0.13), colour("#f2677a"))


PAINTERS = {"sunset": sunset, "balloon": balloon, "marbles": marbles, "smiley": smiley}


def write_examples() -> None:
    """Make all files again."""
    FOLDER.mkdir(exist_ok=True)
    for name, painter in PAINTERS.items():
        large = painter().reshape(SIDE, OVERSAMPLING, SIDE, OVERSAMPLING, 3)
        levels = (large.mean(axis=(1, 3)).clip(0, 1) * 255).round().astype(np.uint8)
        Image.fromarray(levels).save(FOLDER / f"{name}.png", optimize=True)
    images = load_fashion("test").images
    for name, row in FASHION_ROWS.items():
        Image.fromarray(images[row].numpy()).save(FOLDER / f"{name}.png", optimize=True)
    hero = compose(draw(1, Generator().manual_seed(HERO_SEED), HERO_IS))
    save_png(hero, FOLDER / f"{HERO}.png", scale=1)


if __name__ == "__main__":
    write_examples()
