"""Files say how they were made: library, command and the page's JavaScript read the same."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from diffviz.__main__ import main
from diffviz.media.files import save_gif, save_mp4, save_png, save_strip
from diffviz.media.notes import MOST, read_note
from diffviz.runs.notes import note_of, run_of
from diffviz.runs.restoration import RestoreSettings
from diffviz.runs.schema import NoiseSettings, RunSettings, Variation
from diffviz.samplers import Step
from diffviz.ui.share import link_in
from tests.test_twins import twin

RUN = RunSettings(
    condition={"class": "ankle boot"},
    schedule="karras",
    schedule_parameters={"rho": 5.0},
    sampler_parameters={"eta": 0.5},
    vary=Variation("guidance", (1.0, 2.0)),
    count=4,
    seed=7,
)
NOTE = note_of(RUN)
STEPS = [
    Step(2 - k, k, 0.6, 0.8, *(torch.full((2, 3, 8, 8), 0.1 * k) for _ in range(3)), k)
    for k in range(3)
]
SAVED: dict[str, Callable[[Path], None]] = {
    "run.png": lambda path: save_png(STEPS[-1].x, path, note=NOTE),
    "run-strip.png": lambda path: save_strip(STEPS, path, note=NOTE),
    "run.gif": lambda path: save_gif(STEPS, path, note=NOTE),
    "run.mp4": lambda path: save_mp4(STEPS, path, note=NOTE),
}


def coded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


@pytest.mark.parametrize("name", SAVED)
def test_each_kind_of_file_carries_its_run(name: str, tmp_path: Path) -> None:
    SAVED[name](tmp_path / name)
    assert run_of(read_note(tmp_path / name)) == RUN
    assert twin([("note", coded(tmp_path / name))]) == [NOTE]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_figures_carry_theirs(suffix: str, tmp_path: Path) -> None:
    from diffviz.figures import save, schedules
    from diffviz.schedules import make_schedule

    file = tmp_path / f"figure{suffix}"
    save(schedules([make_schedule("linear")]), file, NOTE)
    assert run_of(read_note(file)) == RUN
    assert twin([("note", coded(file))]) == [NOTE]


def test_a_note_says_which_seed_each_picture_has_and_nothing_of_who_made_it() -> None:
    said = json.loads(NOTE)
    assert said["seeds"] == [7, 7, 8, 8]
    assert set(said) == {"diffviz", "tab", "settings", "seeds"}
    assert set(said["settings"]) <= set(RunSettings.model_fields)
    assert NOTE.isascii()


def test_the_page_notes_a_picture_as_pillow_reads_it(tmp_path: Path) -> None:
    picture = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)
    plain = io.BytesIO()
    Image.fromarray(picture).save(plain, "PNG")
    (made,) = twin([("noted", base64.b64encode(plain.getvalue()).decode(), NOTE)])
    file = tmp_path / "noted.png"
    file.write_bytes(base64.b64decode(made))
    assert read_note(file) == NOTE
    with Image.open(file) as image:
        image.load()  # which checks the checksum too
        assert np.array_equal(np.asarray(image), picture)


def test_what_has_no_note_is_told(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "plain.png")
    (tmp_path / "words.png").write_text("these are words")
    (tmp_path / "words.mp4").write_text("these are words")
    (tmp_path / "plain.svg").write_text("<svg/>")
    save_png(STEPS[0].x, tmp_path / "long.png", note="x" * (MOST + 1))
    for name, told in (
        ("plain.png", "does not say how it was made"),
        ("long.png", "does not say how it was made"),
        ("plain.svg", "does not say how it was made"),
        ("words.png", "is no PNG, GIF, MP4 or SVG"),
        ("words.mp4", "is no film"),
    ):
        with pytest.raises(ValueError, match=told):
            read_note(tmp_path / name)
    files = [coded(tmp_path / name) for name in ("plain.png", "words.png", "words.mp4")]
    cut = base64.b64encode((tmp_path / "plain.png").read_bytes()[:20]).decode()
    assert twin([("note", file) for file in (*files, cut, "")]) == [""] * 5


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ("{", "does not say how it was made"),
        ("[]", "does not say how it was made"),
        ('{"tab": "moon", "settings": {}}', "made by another diffviz"),
        ('{"tab": "sample", "settings": {"wings": 2}}', "unknown setting 'wings'"),
        ('{"tab": "sample", "settings": {"steps": 0}}', "steps must be a whole number"),
        ('{"tab": "edit", "settings": {}}', "was not sampled"),
    ],
)
def test_a_note_that_will_not_do_is_told(note: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        run_of(note)
    if "not sampled" not in told:
        assert told[1:] in link_in({"note": note})["error"]
    assert "error" in link_in({"wrong": note})


@pytest.mark.parametrize(
    ("settings", "link"),
    [
        (
            RunSettings(condition={"class": "each"}, count=9, guidance=1.2, sampler="dpmpp-2m-sde"),
            "sample",
        ),
        (RunSettings(condition={"class": "bag"}), "what=bag"),
        (RunSettings(model="heroes", guidance=2), "denoiser=heroes"),
        (
            RunSettings(model="heroes", condition={"species": "naga"}, negative={"species": "orc"}),
            "words=a+naga",
        ),
        (RUN, "vary=guidance"),
        (
            RunSettings(vary=Variation("class", ("bag", "")), count=4, clip_x0=True),
            "values=bag%2Canything",
        ),
        (RestoreSettings(task="upscale", factor=2, model="heroes"), "edit?task=upscale"),
        (NoiseSettings(schedule="linear", t=300), "t=300&schedule=linear"),
    ],
)
def test_a_note_leads_to_the_view_that_shows_it(settings: Any, link: str) -> None:
    assert link in link_in({"note": note_of(settings)})["link"]


def test_the_command_repeats_a_file_to_the_last_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = "--condition class=bag --steps 3 --count 2 --seed 4"
    assert main(["sample", *run.split(), "--out", "one.gif"]) == 0
    assert main(["sample", "--from", "one.gif", "--out", "two.png"]) == 0
    assert main(["sample", "--from", "two.png", "--seed", "5", "--out", "three.png"]) == 0
    first, second, third = (
        line.split("fingerprint ")[1] for line in capsys.readouterr().out.splitlines()
    )
    assert first == second != third
    assert run_of(read_note("three.png")) == run_of(read_note("one.gif")).but(seed=5)
    assert main(["sample", "--from", "none.png"]) == 2
    assert "there is no file 'none.png'" in capsys.readouterr().err
