"""What is taken home of a run: a race with its lanes' names, columns with their headings, code."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from diffviz.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from diffviz.media import captions
from diffviz.media.levels import fingerprint
from diffviz.media.notes import read_note
from diffviz.media.picture import PICTURE
from diffviz.runs.notes import note_of, run_of
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings, Variation
from diffviz.serving.exports import write_file
from diffviz.serving.made_files import MadeFiles
from diffviz.ui.share import link_in
from diffviz.web.uploads import Room

RIVALS = ("heun", "euler")
RUN = RunSettings(condition={"class": "bag"}, steps=2, count=2, seed=3)
COLUMNS = RunSettings(
    vary=Variation("guidance", (1.0, 3.0)), condition={"class": "bag"}, count=4, steps=2
)
LINE = captions.LARGEST + 8  # pixels that a name or a heading takes


@pytest.fixture(scope="module")
def fashion() -> Checkpoint:
    return load_checkpoint("fashion")


def written(
    folder: Path,
    settings: RunSettings,
    kind: str,
    checkpoint: Checkpoint,
    rivals: tuple[str, ...] = (),
) -> Path | str:
    files = MadeFiles(Room(folder, 100))
    return write_file(files, settings, kind, "x", checkpoint, checkpoint.denoiser(), rivals)


def size(path: Path | str) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_a_race_is_exported_with_all_its_lanes_and_their_names(
    tmp_path: Path, fashion: Checkpoint
) -> None:
    alone, race = (written(tmp_path, RUN, "gif", fashion, rivals) for rivals in ((), RIVALS))
    width, height = size(alone)
    assert size(race) == (3 * width + 2 * captions.GAP, height + LINE)
    with Image.open(race) as image, Image.open(alone) as one:
        assert image.n_frames == one.n_frames == RUN.steps + 1
        lanes, first = np.asarray(image.convert("L")), np.asarray(one.convert("L"))
    assert np.array_equal(lanes[:height, :width], first)
    assert (lanes[height:] < 100).any(), "the names"
    assert Path(race).name == "diffviz-fashion-bag-race-seed-3.gif"
    width, height = size(written(tmp_path, RUN, "strip", fashion))
    tall = size(written(tmp_path, RUN, "strip", fashion, RIVALS))
    assert tall == (width, 3 * (height + LINE) + 2 * captions.GAP)
    assert Path(written(tmp_path, RUN, "mp4", fashion, RIVALS)).stat().st_size > 1000


def test_columns_keep_their_headings(tmp_path: Path, fashion: Checkpoint) -> None:
    assert COLUMNS.headings == ["guidance 1", "guidance 3"]
    assert RUN.headings == []
    assert COLUMNS.but(vary=Variation("class", ("bag", ""))).headings == ["bag", "not said"]
    width, height = size(written(tmp_path, COLUMNS.but(vary=None), "gif", fashion))
    assert size(written(tmp_path, COLUMNS, "gif", fashion)) == (width, height + LINE)
    width, height = size(written(tmp_path, COLUMNS.but(vary=None), "strip", fashion))
    wide, high = size(written(tmp_path, COLUMNS, "strip", fashion))
    assert high == height
    assert wide > width + 60, "what each row is"


def test_what_has_no_room_is_made_smaller_and_then_cut() -> None:
    lanes = {"": torch.zeros(2, 1, 8, 8)}
    short = captions.sheet(lanes, PICTURE, 4, 2, ["a", "b"])
    long = captions.sheet(lanes, PICTURE, 4, 2, ["a very long heading indeed", "b"])
    assert short.shape == long.shape == (8 * 4 + LINE, 17 * 4, 3)
    middle = long[:LINE, 33:35]
    assert (middle == captions.PAPER).all(), "no column's heading reaches into the next one's"


def test_a_races_file_leads_back_to_the_race(tmp_path: Path, fashion: Checkpoint) -> None:
    note = read_note(written(tmp_path, RUN, "gif", fashion, RIVALS))
    assert run_of(note) == RUN
    assert json.loads(note)["rivals"] == list(RIVALS)
    assert "rivals=heun%2Ceuler" in link_in({"note": note})["link"]
    assert "rivals" not in link_in({"note": note_of(RUN)})["link"]


def performed(program: Path | str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    exec(compile(str(program), "exported", "exec"), {})
    return [line for line in capsys.readouterr().out.splitlines() if "fingerprint" in line]


def test_a_races_code_repeats_each_lane_to_the_last_bit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fashion: Checkpoint,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    program = written(tmp_path, RUN, "code", fashion, RIVALS)
    expected = []
    for entrant in RUN.against(RIVALS):
        *_, last = run(entrant, fashion)
        expected.append(f"{entrant.sampler} fingerprint {fingerprint(last.x)}")
    assert performed(program, capsys) == expected
    assert sorted(path.name for path in tmp_path.glob("*.png")) == [
        "diffviz-ddim.png",
        "diffviz-euler.png",
        "diffviz-heun.png",
    ]
    program = written(tmp_path, COLUMNS, "code", fashion)
    performed(program, capsys)
    assert size("diffviz.png") == ((2 * 29 - 1) * 8, (2 * 29 - 1) * 8 + LINE)


def test_code_of_ones_own_denoiser_says_where_its_files_belong_and_loads_them(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fashion: Checkpoint,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = Checkpoint(replace(fashion.card, name="my-fashion"), fashion.network)
    program = str(written(tmp_path, RUN.but(model="training:abc"), "code", mine))
    assert "my-fashion.safetensors and my-fashion.json" in program
    with pytest.raises(ValueError, match="unknown model 'my-fashion'"):
        performed(program, capsys)
    save_checkpoint(mine, tmp_path)
    *_, last = run(RUN, load_checkpoint("my-fashion", tmp_path))
    assert performed(program, capsys) == [f"fingerprint {fingerprint(last.x)}"]
