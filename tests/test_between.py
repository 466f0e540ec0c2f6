"""Between two seeds, along the sphere."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from PIL import Image

from diffviz.__main__ import main
from diffviz.checkpoints import load_checkpoint
from diffviz.forward import SeededNoise
from diffviz.media.notes import read_note
from diffviz.runs.between import SphericalNoise, between, slerp
from diffviz.runs.notes import run_of
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.serving.exports import write_between
from diffviz.serving.made_files import MadeFiles
from diffviz.web.uploads import Room

RUN = RunSettings(condition={"class": "bag"}, steps=2, seed=3, count=4)


def test_noise_between_is_as_large_as_noise_and_its_ends_are_the_seeds() -> None:
    shape, shares = (3, 32, 32), [0.0, 0.25, 0.5, 1.0]
    noise = SphericalNoise((1, 2), shares, shape)
    ends = SeededNoise([1, 2], shape)
    for _ in range(2):  # on the way too
        drawn, (one, other) = noise(), ends()
        assert torch.allclose(drawn[0], one, atol=1e-6)
        assert torch.allclose(drawn[3], other, atol=1e-6)
        assert ((drawn.std(dim=(1, 2, 3)) - 1).abs() < 0.05).all()
    straight = 0.5 * (one + other)
    assert straight.std() < 0.75, "which is why it goes along the sphere"


def test_slerp_is_the_great_circle() -> None:
    one, other = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    third = slerp(one, other, 1 / 3)
    assert torch.allclose(third, 2 * torch.tensor([3**0.5 / 2, 0.5]))
    assert torch.equal(slerp(one, one, 0.5), one)


@pytest.mark.parametrize("sampler", ["ddim", "ddpm"])
def test_the_first_and_the_last_are_what_the_seeds_make(sampler: str) -> None:
    checkpoint, settings = load_checkpoint("fashion"), RUN.but(sampler=sampler)
    made = list(between(settings, 9, checkpoint, frames=10))
    assert len(made) == 10
    for x, seed in ((made[0], 3), (made[-1], 9)):
        *_, last = run(settings.but(seed=seed, count=1), checkpoint)
        assert (x - last.x).abs().max() < 1e-3
    steps = [float((a - b).square().mean().sqrt()) for a, b in pairwise(made)]
    whole = float((made[0] - made[-1]).square().mean().sqrt())
    assert max(steps) < whole, "little by little"


@pytest.mark.parametrize("condition", [{"class": "bag"}, {}])
def test_one_thing_becomes_another(condition: dict[str, str]) -> None:
    checkpoint, settings = load_checkpoint("fashion"), RUN.but(condition=condition, guidance=2.0)
    other = {"class": "coat"}
    made = list(between(settings, 3, checkpoint, frames=5, to=other))
    for x, said in ((made[0], condition), (made[-1], other)):
        *_, last = run(settings.but(condition=said, count=1), checkpoint)
        assert (x - last.x).abs().max() < 1e-3
    assert (made[0] - made[2]).abs().max() > 0.1 < (made[2] - made[-1]).abs().max()
    with pytest.raises(ValueError, match="unknown class 'troll'"):
        between(settings, 3, checkpoint, to={"class": "troll"})


def test_what_cannot_be_is_told() -> None:
    checkpoint = load_checkpoint("fashion")
    with pytest.raises(ValueError, match="seed must be a whole number"):
        next(between(RUN, -1, checkpoint))
    with pytest.raises(ValueError, match="frames must be from 2"):
        next(between(RUN, 1, checkpoint, frames=1))


def test_it_is_a_film_with_the_first_ones_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint, files = load_checkpoint("fashion"), MadeFiles(Room(tmp_path, 100))
    path = write_between(files, RUN, 9, checkpoint, checkpoint.denoiser())
    assert path.name == "diffviz-fashion-bag-seed-3-to-9.gif"
    assert run_of(read_note(path)) == RUN.but(count=1)
    with Image.open(path) as film:
        assert film.size == (28 * 8, 28 * 8)
        assert film.n_frames > 16
    words = "--condition class=bag --steps 2 --seed 3 --to-seed 9 --out a.gif"
    assert main(["sample", *words.split()]) == 0
    with Image.open("a.gif") as again:
        assert again.n_frames > 16
    words = "--condition class=bag --steps 2 --seed 3 --to class=coat --out b.gif"
    assert main(["sample", *words.split()]) == 0
    assert "from seed 3 to 3, to become coat" in capsys.readouterr().out
    with Image.open("b.gif") as other:
        assert other.n_frames > 4
    assert main(["sample", "--to", "class=coat", "--out", "a.png"]) == 2
    assert "--to goes with a .gif only" in capsys.readouterr().err
    assert main(["sample", "--to-seed", "9", "--out", "a.png"]) == 2
    assert "--to-seed goes with a .gif only" in capsys.readouterr().err
