"""The command line: what each command writes, and one sentence and exit code 2 for mistakes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import diffviz.checkpoints
import diffviz.training.plan
from diffviz.__main__ import COMMANDS, main
from diffviz.checkpoints import FOLDER, Card, Checkpoint, load_checkpoint, save_checkpoint
from diffviz.data.fashion.pictures import FOLDER_VARIABLE, INFO
from diffviz.media.notes import read_note
from diffviz.networks.unet import UNet, UNetConfig
from diffviz.runs.notes import noted
from diffviz.training.files import unfinished_names
from diffviz.training.learner import Progress
from diffviz.training.trainer import Trainer

ROOT = Path(diffviz.__file__).parents[1]
Steps = Callable[[Trainer], Iterator[Progress]]
SMALL = UNetConfig(channels=(8, 8), blocks=(1, 1), heads=1, slots=(10,))


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small untrained denoiser takes the place of the one called fashion."""
    torch.manual_seed(0)
    card = Card("fashion", SMALL, "edm", INFO, (0.005, 40.0), 0, 0.0)
    save_checkpoint(Checkpoint(card, UNet(SMALL)), tmp_path / "models")
    monkeypatch.chdir(tmp_path)

    def load(name: str, folder: Path = FOLDER) -> Checkpoint:
        return load_checkpoint(name, tmp_path / "models")

    monkeypatch.setattr(diffviz.checkpoints, "load_checkpoint", load)
    monkeypatch.setattr(diffviz.training.plan, "load_checkpoint", load)
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    Image.linear_gradient("L").resize((40, 30)).save("grey.png")
    Image.new("L", (40, 30)).save("black.png")
    Image.new("L", (40, 30), 255).save("white.png")
    Image.new("L", (20, 20)).save("other.png")
    Image.new("L", (7, 9)).save("tiny.png")
    Path("words.png").write_text("these are words")
    handlers = {code: signal.getsignal(code) for code in (signal.SIGINT, signal.SIGTERM)}
    yield
    for code, handler in handlers.items():
        signal.signal(code, handler)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert "usage: python -m diffviz" in text
    assert command == "" or COMMANDS[command][1:] in " ".join(text.split())


def test_help_tells_bounds_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    main(["sample", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "updates from noise to picture (from 1 to 1000; default: 20)" in told
    assert "dpmpp-2m-sde, unipc, edm, consistency (default: ddim)" in told


def test_help_is_light() -> None:
    program = (
        "import sys; from diffviz.__main__ import main; main(['--help']); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'gradio', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


MISTAKES = {
    "paint": "unknown command 'paint'; choose from noise, sample, edit, restore",
    "noise": "required: picture",
    "noise none.png": "there is no file 'none.png'",
    "noise .": "'.' is no file",
    "noise words.png": "no picture that can be read",
    "noise grey.png --t 1001": "t must be a whole number from 0 to T = 1000, not 1001",
    "noise grey.png --t -1": "whole number from 0",
    "noise grey.png --t 1.5": "whole number from 0",
    "noise grey.png --T 1": "T must be a whole number from 2 to 4000, not 1",
    "noise grey.png --schedule line": "unknown schedule 'line'; choose from linear, cosine",
    "noise grey.png --schedule-parameter s": "must look like NAME=VALUE",
    "noise grey.png --schedule-parameter s=nan": "s must be a number from 0.001 to 0.1, not nan",
    "noise grey.png --schedule-parameter s=big": "s must be a number, not 'big'",
    "noise grey.png --schedule-parameter q=1": "has no parameter q; it takes s",
    "noise grey.png --schedule karras --zero-terminal-snr": "not variance-preserving",
    "noise grey.png -o no/where.png": "there is no folder 'no'",
    "noise grey.png -o grey.bmp": "must end in .png",
    "sample --model clothes": "unknown model 'clothes'; choose from fashion",
    "sample --sampler dim": "unknown sampler 'dim'; choose from ddim, ddpm",
    "sample --device tpu": "unknown device 'tpu'; choose from auto, cpu, cuda, mps",
    "sample --device mps": "there is no mps device here; choose from auto",
    "train --data fashion-subset --device mps": "there is no mps device here",
    "bench --device mps": "there is no mps device here",
    "sample --steps 0": "whole number from 1 to 1000",
    "sample --steps 50 --T 20": "steps must be a whole number from 1 to T = 20, not 50",
    "sample --guidance inf": "number from 0 to 10, not inf",
    "sample --guidance nan": "number from 0 to 10, not nan",
    "sample --count 17": "whole number from 1 to 16",
    "sample --seed 99999999999": "whole number from 0 to",
    "sample --condition class=hat": "unknown class 'hat'; choose from t-shirt",
    "sample --condition hat=dress": "unknown condition hat; choose from class",
    "sample --condition dress": "must look like NAME=VALUE",
    "sample --sampler-parameter eta=2": "eta must be a number from 0 to 1, not 2",
    "sample --spacing even": "unknown spacing 'even'; choose from trailing",
    "sample --fps 10": "--fps goes with a film",
    "sample --out a.gif --strip": "--strip goes with a .png only",
    "sample --view x0": "--view goes with a film or a --strip only",
    "sample --sam ddim": "unrecognized arguments",
    "edit grey.png --t 1001": "t must be a whole number from 1 to T = 1000, not 1001",
    "edit grey.png --steps 201": "whole number from 1 to 200",
    "edit grey.png --what unicorn": "unknown class 'unicorn'; choose from t-shirt",
    "edit grey.png --model clothes": "unknown model 'clothes'",
    "edit grey.png --view x0": "--view goes with a film",
    "edit grey.png --invert --sampler heun": "--sampler does not go with --invert",
    "edit grey.png --was sandal": "--was goes with --invert",
    "edit grey.png --invert --seed 3": "--seed does not go with --invert",
    "edit grey.png --model fashion --mask grey.png --t 30": "--t does not go with --mask",
    "edit grey.png --model fashion --mask none.png": "there is no file 'none.png'",
    "edit grey.png --model fashion --mask words.png": "no picture that can be read",
    "edit grey.png --model fashion --mask black.png": "the mask is empty",
    "edit grey.png --model fashion --mask white.png": "the mask covers the whole picture",
    "edit grey.png --model fashion --mask other.png": "the mask has 20 × 20 pixels and the picture",
    "restore grey.png --model fashion --task paint": "unknown task 'paint'; choose from inpaint",
    "restore grey.png --model fashion": "a mask is missing",
    "restore grey.png --model fashion --method magic": "unknown method 'magic'; choose from ddnm",
    "restore grey.png --model fashion --task upscale --factor 3": "unknown factor 3; choose from 2",
    "restore grey.png --model fashion --task upscale --factor 8": "not blocks of 8 × 8",
    "restore grey.png --model fashion --task upscale --mask black.png": "--mask goes with --task",
    "restore grey.png --model fashion --task upscale --method repaint": "RePaint fills holes",
    "restore grey.png --model fashion --task colour": "fashion knows no colours",
    "restore grey.png --model fashion --task denoise --noise nan": "noise must be a number from 0",
    "restore grey.png --model fashion --task motion --length 30 --degrade": "larger than the pict",
    "restore tiny.png --model fashion --task upscale": "it takes at least 8 × 8",
    "edit none.png": "there is no file 'none.png'",
    "train --data birds": "unknown data 'birds'; choose from fashion, fashion-subset",
    "train --data fashion-subset --name ../up": "up to 64 letters",
    "train --data fashion-subset --hours nan": "must be a number from",
    "train --data fashion-subset --from clothes": "unknown model 'clothes'",
    "train --data fashion-subset --from fashion --parametrization v": "leave the parametrization",
    "train --data fashion-subset --from fashion --channels 64,128": "leave --channels out",
    "train --data fashion-subset --classes hat": "unknown class 'hat'; choose from t-shirt",
    "train --data own": "named with --pictures",
    "train --data digits --pictures grey.png": "leave --data out",
    "train --pictures grey.png --size 30": "unknown size 30; choose from 16, 28, 32",
    "train --pictures grey.png --classes bag": "unknown class 'bag'; this data set has none",
    "train --pictures none.zip": "there is no file 'none.zip'",
    "train --pictures grey.png": "at least 16",
    "train --crop 64": "fashion is learned whole, without crops",
    "train --data photos --crop 8": "from 32 to 256",
    "train --grey": "--grey goes with --pictures",
    "train --preset huge": "unknown preset 'huge'; choose from tiny, short, small, bundled",
    "train --channels wide": "channels must be whole numbers with commas between, not 'wide'",
    "train --channels 12,16": "multiples of 8 from 16 to 256",
    "train --channels 64": "channels and blocks for each",
    "train --blocks 1,9": "blocks must be from 1 to 4 a level",
    "train --resume --preset tiny": "leave --preset out",
    "train --resume --channels 64,128": "leave --channels out",
    "train --resume --batch 4": "leave --batch out",
    "train --resume --folder empty": "no unfinished training 'my-fashion'; there is none at all",
    "evaluate --samples 15 --steps 1": "multiple of 10",
    "bench --repeats 0": "whole number from 1",
    "make plane --device cpu": "--device is for judges alone, not for plane",
    "make digits --more 5": "--more is for judges alone, not for digits",
    "train --data digits --name fashion": "there is a denoiser called 'fashion'",
    "train --data digits --folder grey.png": "nothing can be written to the folder 'grey.png'",
    "distill --from fashion --name heroes": "there is a denoiser called 'heroes'",
    "distill --from fashion --folder grey.png": "nothing can be written to the folder 'grey.png'",
    "sample --schedule drawn --handles a,b": "must be numbers with commas between, not 'a,b'",
    "sample --negative class=hat": "unknown class 'hat'; choose from t-shirt",
    "sample --vary class=dress,bag --count 3": "count 3 is no multiple of the 2 values of class",
    "edit grey.png --invert --mode back": "--mode back does not go with --invert",
    "plane --streamlines": "--streamlines goes with --field only",
    "plane --data moons --word hello": "--word goes with --data word only",
    "make tea": "unknown what 'tea'; choose from fashion-judge, heroes-judge",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_one_sentence_and_code_2(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    captured = capsys.readouterr()
    assert MISTAKES[words] in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@pytest.mark.parametrize(
    "words", ["evaluate", "train", "make fashion-judge", "make fashion-subset"]
)
def test_what_needs_the_whole_data_set_says_where_it_is(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "/nowhere")
    assert main(words.split()) == 2
    assert "apt-get install dataset-fashion-mnist" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that nobody can write to")
def test_what_cannot_be_written_is_told_before_the_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffviz.runs.sampling.run", None)
    for command in ("sample", "noise grey.png", "edit grey.png"):
        assert main([*command.split(), "-o", "/proc/a.png"]) == 2
        assert "nothing can be written to the folder '/proc'" in capsys.readouterr().err


def test_noise_writes_the_picture(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["noise", "grey.png", "--t", "0", "-o", "same.png"]) == 0
    same = Image.open("same.png").convert("L")
    assert same.tobytes() == Image.open("grey.png").tobytes()
    assert "t = 0 of 1000, α = 1.0000, σ = 0.0000" in capsys.readouterr().out
    for out in ("a.png", "b.png"):
        assert main(["noise", "grey.png", "--seed", "4", "-o", out]) == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()
    assert Path("a.png").read_bytes() != Path("same.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("--out a.png", (224, 224)),
        ("--out a.png --count 4 --condition class=each", (456, 456)),
        ("--out a.png --strip --view x0", ((6 * 29 - 1) * 3, 84)),
        ("--out a.gif --fps 5", (168, 168)),
    ],
)
def test_sample_writes_by_suffix(words: str, size: tuple[int, int]) -> None:
    assert main(["sample", "--steps", "5", *words.split()]) == 0
    with Image.open("a.gif" if "gif" in words else "a.png") as image:
        assert image.size == size
        assert getattr(image, "n_frames", 1) == (6 if "gif" in words else 1)


@pytest.mark.parametrize(
    ("words", "told", "size", "frames"),
    [
        ("--out a.png --what bag", "apart from the picture", (3 * 232 - 8, 224), 1),
        ("--out a.gif --invert", "error of the way there and back: 0.", (168, 168), 2),
        ("--out a.gif --view x0", "t = 300 of 1000", (168, 168), 2),
    ],
)
def test_edit_writes_by_suffix(
    words: str, told: str, size: tuple[int, int], frames: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["edit", "grey.png", "--t", "300", "--steps", "3", *words.split()]) == 0
    assert told in capsys.readouterr().out
    with Image.open("a.gif" if "gif" in words else "a.png") as image:
        assert image.size == size
        assert getattr(image, "n_frames", 1) >= frames
    tab, settings, _ = noted(read_note("a.gif" if "gif" in words else "a.png"))
    assert (tab, settings["t"], settings["steps"]) == ("back", 300, 3)
    assert settings["mode"] == ("invert" if "invert" in words else "back")


def painted(side: int) -> None:
    """A mask of a large picture, m.png, and the picture, large.png."""
    Image.effect_noise((side, side), 60).save("large.png")
    mask = Image.new("L", (side, side))
    mask.paste(255, (side // 4, side // 4, side // 2, side // 2))
    mask.save("m.png")


def test_edit_with_a_mask_pastes_the_result_into_the_whole_picture() -> None:
    painted(80)
    words = "edit large.png --model fashion --mask m.png --what bag --steps 3 --out a.png"
    assert main(words.split()) == 0
    with Image.open("a.png") as made, Image.open("large.png") as before, Image.open("m.png") as m:
        assert made.size == (80, 80)
        result, known, hole = (np.asarray(one.convert("L")) for one in (made, before, m))
    assert (result == known)[hole == 0].all()
    assert not (result == known)[hole == 255].all()


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("--task upscale --factor 4 --out a.png", (28, 28)),
        ("--task upscale --degrade --compare --count 2 --out a.png", (86, 57)),
        ("--task denoise --out a.gif", (252, 252)),
        ("--task deblur --degrade --out a.mp4", None),
    ],
)
def test_restore_writes_by_suffix(
    words: str, size: tuple[int, int] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore", "grey.png", "--model", "fashion", "--steps", "3", *words.split()]) == 0
    assert "fingerprint" in capsys.readouterr().out
    if size:
        with Image.open("a.gif" if "gif" in words else "a.png") as image:
            assert image.size == size


def test_sample_writes_films() -> None:
    assert main(["sample", "--steps", "3", "--out", "a.mp4"]) == 0
    assert b"ftyp" in Path("a.mp4").read_bytes()[:16]


def test_the_same_sample_has_the_same_fingerprint(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sample", "--steps", "3", "--sampler", "ddpm", "--condition", "class=bag", "--seed"]
    printed = []
    for seed in ("1", "1", "2"):
        assert main([*words, seed]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != printed[2]


def test_train_to_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    words = "train --data fashion-subset --batch 4 --images 8 --folder out --threads 1"
    assert main(words.split()) == 0
    assert "100.0%  8 pictures" in capsys.readouterr().err
    card = load_checkpoint("my-fashion-subset", Path("out")).card
    assert card.images_seen == 8
    assert card.training["batch"] == 4
    assert card.training["command"] == f"python -m diffviz {words}"
    assert card.cpu_hours > 0
    assert unfinished_names(Path("out/unfinished")) == []


def interrupted(steps: Steps) -> Steps:
    """The steps of a training that is asked to end in the first of them."""

    def stopping(trainer: Trainer, threads: int) -> Iterator[Progress]:
        for progress in steps(trainer, threads):
            signal.raise_signal(signal.SIGTERM)
            yield progress

    return stopping


def test_train_stops_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    where = ["--folder", "out", "--name", "mine"]
    words = "train --data fashion-subset --from fashion --batch 4 --images 12"
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "steps", interrupted(Trainer.steps))
        assert main([*words.split(), *where]) == 130
    assert unfinished_names(Path("out/unfinished")) == ["mine"]
    assert load_checkpoint("mine", Path("out")).card.images_seen == 4
    assert main([*words.split(), *where]) == 2  # begun already
    assert main(["train", "--resume", *where]) == 0
    card = load_checkpoint("mine", Path("out")).card
    assert card.images_seen == 12
    assert card.network == SMALL


def test_a_preset_is_overridden_by_what_is_given() -> None:
    words = "train --preset tiny --data digits --channels 16,24 --batch 4 --images 4 --folder out"
    assert main([*words.split(), "--condition-dropout", "0"]) == 0
    card = load_checkpoint("my-digits", Path("out")).card
    assert (card.network.channels, card.network.blocks) == ((16, 24), (1, 1))
    preset = diffviz.training.plan.PRESETS["tiny"].config
    assert card.training["learning_rate"] == preset["learning_rate"]
    assert card.training["condition_dropout"] == 0


def test_train_on_chosen_classes() -> None:
    words = "train --preset tiny --data fashion-subset --batch 4 --images 4 --folder out --classes"
    assert main([*words.split(), "ankle boot", "bag"]) == 0
    card = load_checkpoint("my-fashion-subset", Path("out")).card
    assert card.data.slots[0].values == ("bag", "ankle boot")


def test_one_s_own_pictures_are_kept_until_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(16):
        Image.new("RGB", (40, 30), (10 * number, 90, 0)).save(f"{number}.png")
    own = ["--pictures", *(f"{number}.png" for number in range(16)), "words.png"]
    words = "train --preset tiny --size 16 --grey --batch 4 --images 8 --folder out"
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "steps", interrupted(Trainer.steps))
        assert main([*words.split(), *own]) == 130
    assert "16 pictures; skipped: 1" in capsys.readouterr().err
    for path in Path().glob("*.png"):
        path.unlink()
    assert main(["train", "--resume", "--data", "own", "--folder", "out"]) == 0
    card = load_checkpoint("my-own", Path("out")).card
    assert (card.data.shape, card.images_seen) == ((1, 16, 16), 8)
    assert list(Path("out/unfinished").iterdir()) == []


def test_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    words = "train --preset tiny --data digits --batch 4 --images 8 --folder out"
    assert main(words.split()) == 0
    assert "100.0% |" in (bar := capsys.readouterr().err)
    assert "8 pictures, " in bar
    assert "left" in bar


def test_evaluate_prints_and_records(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from diffviz.data.fashion import measured, pictures

    cards: list[Card] = []
    monkeypatch.setattr(measured, "load_fashion", pictures.load_fashion_subset)
    monkeypatch.setattr(diffviz.checkpoints, "save_card", cards.append)
    words = "evaluate --samples 20 --steps 2 --guidance 1 --bfloat16 --record"
    assert main(words.split()) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["evaluations_per_image"] == 2
    assert figures["bfloat16"] is True
    assert cards[0].quality == {**figures, "command": f"python -m diffviz {words}"}


def test_bench_prints_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--repeats", "1"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert len(figures["network_evaluation"]) == 3 * 2 * 2 * 2
    assert all(row["milliseconds"] > 0 for row in figures["network_evaluation"])
    assert {row["sampler"] for row in figures["sampler_overhead"]} >= {"ddim", "heun"}
    assert [row["threads"] for row in figures["training"]] == [1, 2]
    assert all(row["ours"] > 0 and row["plain_float32"] > 0 for row in figures["training"])
