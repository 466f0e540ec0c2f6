"""What the page's buttons make: films and figures of the noising, of a training, of a run."""

from __future__ import annotations

import base64
import io
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diffviz.checkpoints import load_checkpoint
from diffviz.data.examples import example
from diffviz.forward import add_noise, noise
from diffviz.jobs.recording import NAME
from diffviz.media.levels import grey_levels
from diffviz.media.notes import read_note
from diffviz.runs.notes import noted
from diffviz.runs.schema import NoiseSettings, RunSettings
from diffviz.serving.exports import write_file
from diffviz.serving.figures import FIGURES
from diffviz.serving.made_files import MadeFiles
from diffviz.serving.noising import FRAMES, KINDS, noised
from diffviz.ui.forward.tab import take_noising
from diffviz.ui.train.tab import take_losses
from diffviz.web.uploads import Room

STARTS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".gif": b"GIF8"}
SETTINGS = {"schedule": "karras", "T": 200, "t": 50, "seed": 3}


def taken(kind: str, **more: Any) -> dict[str, Any]:
    request = {"picture": {"example": "boot"}, "settings": SETTINGS, "rivals": ["linear"]}
    backend: Any = SimpleNamespace(settings=SimpleNamespace(uploads=Path("/nowhere")))
    return take_noising(backend, {**request, "format": kind, "theme": "dark", **more})


def read(answer: dict[str, Any], folder: Path) -> Path:
    path = folder / answer["name"]
    path.write_bytes(base64.b64decode(answer["content"]))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_a_noising_says_how_it_was_made(tmp_path: Path, kind: str) -> None:
    path = read(taken(kind), tmp_path)
    assert path.read_bytes()[:8].startswith(STARTS.get(path.suffix, b"\0\0\0")), path
    if path.suffix != ".pdf":
        tab, settings, _ = noted(read_note(path))
        assert tab == "forward"
        assert {name: settings[name] for name in SETTINGS} == SETTINGS


def test_a_film_of_the_noising_is_what_the_page_shows(tmp_path: Path) -> None:
    x0, settings = example("boot"), NoiseSettings(**SETTINGS)
    schedule, eps = settings.noise_schedule(), noise(3, x0.shape)
    with Image.open(read(taken("gif"), tmp_path)) as film:
        assert film.n_frames == FRAMES
        for frame, t in ((0, 0), (20, 100), (40, 200)):
            film.seek(frame)
            x_t = add_noise(x0, eps, schedule, t)
            shown = x_t / torch.hypot(schedule.alpha[t], schedule.sigma[t]).float()
            levels = np.asarray(film.convert("L"))[:: film.height // x0.shape[1]]
            assert np.abs(levels[:, 0].astype(int) - grey_levels(shown)[0, :, 0].numpy()).max() <= 1
    assert len(noised(x0, settings.but(T=4, t=1), 10)) == 5  # no step twice


def test_a_film_in_colour_is_made_at_once() -> None:
    """Pillow's own palettes of noise take a quarter of a second each."""
    started = time.process_time()
    assert taken("gif", picture={"example": "coffee"})["type"] == "image/gif"
    assert time.process_time() - started < 5


def test_what_there_is_not_is_a_sentence() -> None:
    assert "choose from gif, mp4" in taken("bmp")["error"]
    assert "choose from light, dark" in taken("figure-svg", theme="pink")["error"]
    assert "Unknown schedule" in taken("figure-svg", rivals=["x"])["error"]
    assert "none of an uploaded file" in taken("gif", picture={"upload": "/etc/passwd"})["error"]
    assert "not one that this page makes" in taken("gif", settings=3)["error"]


@pytest.mark.parametrize("kind", FIGURES)
def test_a_figure_of_losses(tmp_path: Path, kind: str) -> None:
    backend: Any = SimpleNamespace(trainings=None)
    request = {"job": NAME, "format": kind, "theme": "light"}
    path = read(take_losses(backend, request), tmp_path)
    assert path.read_bytes().startswith(STARTS[path.suffix])
    if path.suffix == ".png":
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            assert image.size == (1800, 720)
    assert "switched off" in take_losses(backend, {**request, "job": "0" * 16})["error"]
    assert "choose from" in take_losses(backend, {**request, "format": "gif"})["error"]


def test_a_figure_of_a_run(tmp_path: Path) -> None:
    files = MadeFiles(Room(tmp_path, 100))
    checkpoint = load_checkpoint("fashion")
    settings = RunSettings(steps=2, condition={"class": "bag"})
    path = write_file(files, settings, "figure-svg", "x", checkpoint, checkpoint.denoiser())
    assert isinstance(path, Path)
    assert path.name.endswith("-figure.svg")
    assert noted(read_note(path)).settings["steps"] == 2
