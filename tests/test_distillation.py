"""Distillation: on a Gaussian, whose consistency function is known; and what it leaves behind."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from torch import Generator, Tensor

from diffviz.__main__ import main
from diffviz.checkpoints import Checkpoint, load_card, load_checkpoint, save_checkpoint
from diffviz.data import DATA_SETS, DataSource
from diffviz.data.base import DataInfo
from diffviz.denoisers.exact import GaussianDenoiser
from diffviz.device import CPU
from diffviz.guidance.classifier_free import GuidedDenoiser
from diffviz.networks.dense import DenseConfig
from diffviz.runs.posing import pose
from diffviz.runs.restoration import RestoreSettings
from diffviz.runs.sampling import run
from diffviz.runs.schema import EACH, GUIDANCE, RunSettings, Variation
from diffviz.runs.suited import as_distilled
from diffviz.samplers import sample
from diffviz.schedules import make_schedule
from diffviz.serving import students
from diffviz.serving.cards import card_text
from diffviz.serving.few_steps import entrants, few_steps
from diffviz.serving.frames import frame
from diffviz.serving.sampling import variations
from diffviz.serving.students import beside
from diffviz.training.distillation import (
    BETWEEN,
    HUBER,
    Distillation,
    Distiller,
    DistillOrder,
    begin,
    heun,
    load_state,
    save_state,
)
from diffviz.training.trainer import Trainer
from diffviz.ui.sample.choices import suited_controls
from tests.oracles.accelerator import DEVICE, Accelerator
from tests.oracles.networks import random_unet
from tests.test_device import assert_same_state
from tests.test_training import CONFIG, NETWORK, Halves

MEAN, STD = torch.tensor([0.4, -0.2]), torch.tensor([0.9, 0.3])
ELLIPSE = GaussianDenoiser(MEAN, STD)
SETTINGS = Distillation(
    guidance=1, batch=128, images=128 * 500, hours=1, learning_rate=5e-3, warmup_images=5000
)
QUICK = Distillation(batch=4, images=24, hours=1, warmup_images=4, jumps=4)
TEACHER = Trainer(Halves(), NETWORK, CONFIG, random_unet(NETWORK).state_dict()).checkpoint(
    "halves", "train it"
)


class Ellipse:
    """Points of a Gaussian of two sizes."""

    info = DataInfo("ellipse", (2,), 0.75, (), "CC0", "nobody", "points")

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        x0 = MEAN + STD * torch.randn(size, 2, generator=generator)
        return x0, torch.zeros(size, 0, dtype=torch.int64)


def end(x: Tensor, sigma: float) -> Tensor:
    """Where the probability-flow ODE's path through x ends: as far from the mean, counted in
    standard deviations."""
    return MEAN + (x - MEAN) * STD / (STD**2 + sigma**2).sqrt()


def test_a_student_knows_where_the_path_ends() -> None:
    student = Distiller(
        Ellipse(),
        ELLIPSE,
        DenseConfig(shape=(2,), width=64, depth=3),
        SETTINGS,
        dtype=torch.float32,
        memory_format=torch.contiguous_format,
    )
    *_, last = student.steps()
    assert last.fraction == 1
    one_look = student.checkpoint("student", "", TEACHER.card).denoiser()
    for sigma in (80.0, 5.0, 1.0):
        noise = torch.randn(1000, 2, generator=Generator().manual_seed(1))
        x = MEAN + (STD**2 + sigma**2).sqrt() * noise
        exact = end(x, sigma)
        far = (ELLIPSE(x, 1.0, sigma).x0 - exact).square().mean().sqrt()
        assert (one_look(x, 1.0, sigma).x0 - exact).square().mean().sqrt() < 0.3 * far


def distiller(settings: Distillation, where: torch.device = CPU) -> Distiller:
    """Of a teacher that has learned nothing; the student begins as it."""
    teacher = copy.deepcopy(TEACHER).to(where)
    weights = teacher.network.state_dict()
    return Distiller(
        Halves(), teacher.denoiser(), NETWORK, settings, "edm", weights, torch.float32, device=where
    )


def test_each_sample_takes_heuns_step_from_a_level_of_its_own() -> None:
    schedule, x = make_schedule("karras", 40), 3 * torch.randn(3, 2, dtype=torch.float64)
    t, s = torch.tensor([9, 20, 1]), torch.tensor([3, 18, 0])
    together = heun(ELLIPSE, x, schedule.sigma[t], schedule.sigma[s], None)
    for i in range(3):
        grid = [int(t[i]), int(s[i])]
        *_, last = sample(ELLIPSE, schedule, grid, lambda: x, "heun", x=x[i : i + 1])
        torch.testing.assert_close(together[i : i + 1], last.x, rtol=1e-12, atol=1e-12)


def test_the_levels_are_the_teachers_steps_and_the_guidance_is_in_them() -> None:
    student = distiller(QUICK.but(guidance=3, condition_dropout=0))
    x0, said = Halves().batch(50, student.generator)
    x, sigma_t, sigma_s, condition = student.prepared(x0, said)
    t, s = (torch.searchsorted(student.schedule.sigma, sigma) for sigma in (sigma_t, sigma_s))
    assert torch.equal(s, (t - BETWEEN).clamp(min=0))
    assert (sigma_t.diff() >= 0).all()
    assert sigma_t[-1] > 60
    assert (s == 0).double().mean() == pytest.approx(1 / QUICK.jumps, abs=0.05)
    assert torch.equal(condition, said)
    losses = student.losses(x, sigma_t, sigma_s, condition)
    # A step of the guided teacher, and the student from either end of it.
    before = heun(GuidedDenoiser(TEACHER.denoiser(), 3), x, sigma_t, sigma_s, condition)
    known = student.student(before, 1.0, sigma_s, condition).x0
    known[s == 0] = before[s == 0]
    error = student.student(x, 1.0, sigma_t, condition).x0 - known
    distance = error.square().mean((1, 2, 3)).sqrt()
    torch.testing.assert_close(
        losses * (sigma_t - sigma_s), distance.double(), rtol=0, atol=1.1 * HUBER
    )


def test_it_is_the_same_on_an_accelerator_and_waits_for_nothing() -> None:
    def distilled(where: torch.device) -> dict[str, Tensor]:
        student = distiller(QUICK, where)
        accelerator.waits = 0
        list(islice(student.steps(), 2))
        assert accelerator.waits == 0
        return student.state()

    with Accelerator() as accelerator:
        expected, there = distilled(CPU), distilled(DEVICE)
    assert_same_state(there, expected)


def test_it_goes_on_after_a_stop_and_its_card_says_what_it_is_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(TEACHER, tmp_path)
    monkeypatch.setitem(
        DATA_SETS, "halves", DataSource("halves", "Halves", lambda choice: Halves())
    )
    order = DistillOrder("student", "halves", "distil it", QUICK)
    whole, teacher = begin(order, tmp_path)
    losses = [progress.loss for progress in whole.steps()]
    stopped, _ = begin(order, tmp_path)
    first = [progress.loss for progress in islice(stopped.steps(), 3)]
    save_state(order, stopped, tmp_path / "state.safetensors")
    again, resumed, _ = load_state(tmp_path / "state.safetensors", tmp_path)
    assert again == order
    assert first + [progress.loss for progress in resumed.steps()] == losses

    save_checkpoint(whole.checkpoint("student", "distil it", teacher), tmp_path)
    card = load_card("student", tmp_path)
    assert card.started_from["name"] == card.distilled["teacher"] == "halves"
    assert card.distilled["guidance"] == 1.5
    assert card.distilled["teacher_evaluations"] == 4 * 24  # two sides, two looks a step
    assert card.network == teacher.network
    for start, sentence in (("student", "is distilled itself"), ("halves", "another --name")):
        with pytest.raises(ValueError, match=sentence):
            begin(DistillOrder("halves", start, "", QUICK), tmp_path)


def test_the_command_leaves_a_student_of_the_bundled_clothes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["distill", "--folder", str(tmp_path), "--batch", "2", "--images", "4", "--device=cpu"]
    assert main([*words, "--from", "nobody"]) == 2
    assert "unknown model 'nobody'; choose from fashion" in capsys.readouterr().err
    assert main(words) == 0
    student = load_checkpoint("my-fashion-fast", tmp_path)
    assert student.card.distilled["teacher"] == "fashion"
    assert student.card.training["command"].startswith("python -m diffviz distill --folder")
    assert not list((tmp_path / "unfinished").rglob("*.safetensors"))


# On the page


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> dict[str, Checkpoint]:
    """The bundled clothes, and a student that is not one but by its card."""
    teacher = load_checkpoint("fashion")
    told = {"teacher": "fashion", "method": "by decree", "guidance": 1.5}
    card = replace(
        teacher.card,
        name="quick",
        images_seen=1000,
        training={"wall_hours": 0.05, "device": "cuda"},
        started_from={"name": "fashion", "images_seen": 30, "started_from": {"images_seen": 12}},
        distilled={**told, "teacher_evaluations": 4000},
    )
    there = {"fashion": teacher, "quick": Checkpoint(card, teacher.network)}
    monkeypatch.setattr(students, "checkpoint_names", lambda: list(there))
    monkeypatch.setattr(students, "bundled_card", lambda name: there[name].card)
    return there


def test_student_and_teacher_are_shown_from_the_same_noise(pair: dict[str, Checkpoint]) -> None:
    asked = RunSettings(condition={"class": EACH}, count=2, seed=5, steps=7)
    for name in pair:
        messages = map(
            json.loads, few_steps(asked.but(model=name), 3, lambda name: (pair[name], None))
        )
        made = [event["one"] for message in messages for event in message["events"]]
        assert [(one["label"], one["evaluations"]) for one in made] == [
            ("quick", 1), ("quick", 2), ("quick", 4), ("quick", 8), ("fashion", 40),
        ]  # fmt: skip
        assert all(one["count"] == 2 and one["seconds"] > 0 for one in made)
    best = asked.but(guidance=1.2, sampler="dpmpp-2m-sde", steps=20)
    *_, last = run(best, pair["fashion"])
    assert made[-1]["x"] == frame(pair["fashion"].medium, 0, last, 40, 0.0)["x"]
    told = beside("fashion")["distilled"]
    assert (told["student"], told["few"], told["many"]) == ("quick", (1, 2, 4, 8), 40)
    assert told["took"] == (
        "To come so near in a few looks, quick was taught by 4,000 evaluations of fashion, on 1,000"
        " noised pictures, in 3 minutes on a GPU, after fashion itself had learned from 42."
    )
    assert beside("heroes") == {}
    with pytest.raises(ValueError, match="heroes has no distilled denoiser beside it"):
        next(few_steps(asked.but(model="heroes"), 3, lambda name: (pair[name], None)))


def test_of_columns_the_first_is_shown_in_few_steps(pair: dict[str, Checkpoint]) -> None:
    columns = RunSettings(vary=Variation("class", ("dress", "bag")), count=4, seed=5)
    runs = entrants(columns, pair["fashion"].card, pair["quick"].card)
    assert {(one.count, one.condition["class"], one.seed) for one in runs} == {(1, "dress", 5)}


def test_a_student_is_not_guided_again_and_begins_with_what_suits_it(
    pair: dict[str, Checkpoint],
) -> None:
    student = pair["quick"]
    once = RunSettings(condition={"class": "bag"}, sampler="consistency", steps=2, guidance=1)
    *_, plain = run(once, student)
    *_, guided = run(once.but(guidance=4), student)
    assert torch.equal(plain.x, guided.x)
    assert guided.nfe == 2
    asked = as_distilled(RunSettings(steps=1), {"steps"}, student.card)
    assert (asked.sampler, asked.steps, asked.guidance) == ("consistency", 1, 1)
    assert as_distilled(once, set(), pair["fashion"].card) == once
    guidance, *others = suited_controls(student.card)
    assert (guidance.value, guidance.interactive) == (1, False)
    assert guidance.info == "quick has its teacher’s guidance of 1.5 in it: one look says it all."
    assert others == ["consistency", 4]
    assert suited_controls(pair["fashion"].card)[0].interactive
    assert GUIDANCE.name not in dict(map(reversed, variations(student.card)))
    with pytest.raises(ValueError, match=r"quick is distilled to say .*; choose fashion"):
        pose(RestoreSettings(), student.card, torch.zeros(1, 28, 28))
    told = card_text(student.card)
    assert "It is fashion distilled (by decree)" in told
    assert "one to 4 steps of the sampler Multistep consistency; guidance 1.5 is in it." in told
