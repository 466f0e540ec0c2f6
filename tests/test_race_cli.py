"""`diffviz race`: what it prints, and the figure, the numbers and the record that it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from diffviz import figures
from diffviz.__main__ import main
from diffviz.figures.style import COLOURS
from diffviz.media.levels import grey_levels
from diffviz.rivals.contest import ROUNDS
from diffviz.rivals.race import Race
from diffviz.rivals.record import Recording, read_recording, record
from diffviz.rivals.settings import RaceSettings

WORDS = "race --rivals gan diffusion --seeds 2 --weights 20000 --updates 24 --batch 16 --steps 3"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)


@pytest.fixture(scope="module")
def raced() -> Recording:
    settings = RaceSettings(course="digits", rivals=("vae",), seeds=1, updates=2, batch=8)
    return record(settings, [seen for seen in Race(settings).run() if seen], "raced")


def test_a_race_is_a_record_and_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*WORDS.split(), "-o", "raced.zip"]) == 0
    output = capsys.readouterr()
    header, gan, diffusion, fresh, written = output.out.splitlines()
    assert "of 2 " in gan
    assert gan.split()[0] == "GAN"
    assert diffusion.split()[-2] == "24"
    assert fresh.split()[2:5] == ["8.0", "of", "8"]
    assert written == f"raced.zip: {ROUNDS + 1} rounds"
    assert len(header) <= 80
    assert len(output.err.splitlines()) == ROUNDS + 1
    recording = read_recording(Path("raced.zip").absolute())
    assert recording.status["command"].endswith("-o raced.zip")
    assert recording.clouds(ROUNDS).shape == (2, 2, 200, 2)


def test_numbers_and_a_figure_by_suffix() -> None:
    assert main([*WORDS.split(), "-o", "raced.json"]) == 0
    status = json.loads(Path("raced.json").read_text())
    assert len(status["points"]) == ROUNDS + 1
    assert main([*WORDS.split(), "-o", "raced.svg"]) == 0
    assert Path("raced.svg").read_text().count("<use") > 800


def test_the_figure_shows_pictures_as_they_are(raced: Recording) -> None:
    settings = RaceSettings(course="digits", rivals=("vae",), seeds=1, updates=2, batch=8)
    *_, last = (seen for seen in Race(settings).run() if seen)
    assert torch.equal(grey_levels(raced.clouds(ROUNDS)), grey_levels(last.clouds))
    assert raced.status["contest"]["credit"].endswith("(CC BY 4.0)")
    made, covered, *_ = figures.race(raced).axes
    assert made.get_title("left") == "VAE"
    assert len(made.get_images()) == 1
    (line,) = covered.get_lines()
    assert line.get_color() == COLOURS[0]
    column = 1 + 1 + raced.status["contest"]["fields"].index("covered")
    assert [*line.get_ydata()] == [point[column] for point in raced.status["points"]]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("--rivals gan ghost", "unknown rival 'ghost'; choose from autoencoder, vae, gan"),
        ("--course cube", "unknown course 'cube'; choose from eight, twenty-five"),
        ("--seeds 0", "seeds must be a whole number from 1 to 10"),
        ("--critic-updates 1.5", "critic updates must be a whole number"),
        ("-o raced.txt", "must end in .png or .svg"),
    ],
)
def test_a_mistake_is_one_sentence(
    words: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["race", *words.split()]) == 2
    assert why in capsys.readouterr().err


def test_a_translation_is_a_record_a_table_and_a_figure(capsys: pytest.CaptureFixture[str]) -> None:
    said = "--source eight --target moons --weights 40000 --updates 24 --batch 16 --steps 3"
    assert main(["translate", *said.split(), "-o", "there.zip"]) == 0
    output = capsys.readouterr()
    _, cyclegan, bridges, fresh, written = output.out.splitlines()
    assert written == f"there.zip: {ROUNDS + 1} rounds"
    recording = read_recording(Path("there.zip").absolute())
    assert main(recording.status["command"].split()[3:]) == 0  # what it says made it, does
    assert recording.clouds(ROUNDS).equal(
        read_recording(Path("there.zip").absolute()).clouds(ROUNDS)
    )
    cycle = recording.status["contest"]["fields"].index("cycle")
    last = recording.status["points"][-1]
    fields = len(recording.status["contest"]["fields"])
    for line, told in ((cyclegan, last[2 + cycle]), (bridges, last[2 + fields + cycle])):
        assert f" {told:.3f} " in line
    assert fresh.startswith("fresh data")
    figures.save(figures.translation(recording), Path("there.svg"))
    assert Path("there.svg").read_text().count("<use") > 1000
    assert main(["translate", "--source", "eight", "--target", "eight", "-o", "x.png"]) == 2
    assert "differ" in capsys.readouterr().err
