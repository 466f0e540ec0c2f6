"""Training: it learns, it stops and goes on to the bit, and what it leaves behind can be loaded."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Generator, Tensor

from diffviz.checkpoints import load_checkpoint, save_checkpoint
from diffviz.cpu import precision
from diffviz.cpu.precision import rounded_twin
from diffviz.cpu.threads import Threads
from diffviz.cpu.vectors import flatten_parameters, views
from diffviz.data import DataChoice, load_data_set
from diffviz.data.base import DataInfo, DataSet, Slot
from diffviz.media.files import save_png
from diffviz.networks import network_for
from diffviz.networks.unet import UNet, UNetConfig
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.schedules import make_schedule
from diffviz.training.config import LEVELS, LOG_NORMAL, MAX_RATIO, TrainConfig
from diffviz.training.files import Order, load_training, save_training, unfinished_names
from diffviz.training.learner import fine_tune
from diffviz.training.plan import Plan, begin
from diffviz.training.trainer import Trainer
from tests.oracles.networks import random_unet

SLOTS = (Slot("shade", ("dark", "light")), Slot("side", ("left", "right", "both")))
INFO = DataInfo("halves", (1, 8, 8), 0.5, SLOTS, "CC0", "nobody")
NETWORK = UNetConfig(image_size=(8, 8), channels=(16, 16), blocks=(1, 1), heads=2, slots=(2, 3))
CONFIG = TrainConfig(batch=16, images=640, hours=1000, learning_rate=4e-3, warmup_images=64)


class Halves:
    """Pictures of one grey, dark or light, on the left half, the right or both; the rest is 0."""

    info = INFO

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        shade = torch.randint(1, 3, (size,), generator=generator)
        side = torch.randint(1, 4, (size,), generator=generator)
        x0 = (shade.float() - 1.5)[:, None, None, None].expand(size, 1, 8, 8).clone()
        x0[side == 1, :, :, 4:] = 0
        x0[side == 2, :, :, :4] = 0
        return x0, torch.stack([shade, side], dim=1)


class Constant:
    """One picture, over and over, without a condition."""

    info = replace(INFO, name="constant", slots=(), sigma_data=0.3)
    x0 = torch.linspace(-0.5, 0.5, 64).reshape(1, 1, 8, 8)

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        return self.x0.expand(size, -1, -1, -1).clone(), torch.zeros(size, 0, dtype=torch.int64)


class Horizons:
    """Pictures of 64 × 96 pixels, light above a line and dark below it."""

    info = DataInfo("horizons", (1, 64, 96), 0.5, (), "CC0", "nobody")

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        line = torch.randint(16, 48, (size, 1), generator=generator)
        shade = torch.where(torch.arange(64) < line, 0.5, -0.5)  # (size, 64)
        x0 = shade[:, None, :, None].expand(size, 1, 64, 96).clone()
        return x0, torch.zeros(size, 0, dtype=torch.int64)


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_training_lowers_the_loss() -> None:
    trainer = Trainer(Halves(), NETWORK, CONFIG.but(images=1600))
    losses = [progress.loss for progress in trainer.steps()]
    assert len(losses) == 100
    assert mean(losses[-8:]) < 0.8 * mean(losses[:8])


@pytest.mark.parametrize("attention", [True, False])
def test_pictures_need_not_be_square(attention: bool, tmp_path: Path) -> None:
    shape = replace(network_for(Horizons.info), channels=(8, 16), blocks=(1, 1), heads=1)
    config = CONFIG.but(batch=8, images=480)
    trainer = Trainer(Horizons(), replace(shape, attention=attention), config)
    losses = [progress.loss for progress in trainer.steps()]
    assert mean(losses[-8:]) < 0.8 * mean(losses[:8])
    save_checkpoint(trainer.checkpoint("horizons", ""), tmp_path)
    checkpoint = load_checkpoint("horizons", tmp_path)
    assert checkpoint.card.data == Horizons.info
    *_, last = run(RunSettings(steps=4, count=2, sampler="euler"), checkpoint)
    assert last.x.shape == (2, 1, 64, 96)
    save_png(last.x, tmp_path / "horizons.png", scale=1)
    with Image.open(tmp_path / "horizons.png") as picture:
        assert picture.size == (2 * 96 + 1, 64)


def test_a_single_picture_is_learned() -> None:
    """Then the denoiser is exact: whatever the noise, it sees that picture."""
    config = CONFIG.but(images=3200)
    trainer = Trainer(Constant(), replace(NETWORK, slots=()), config)
    *_, last = trainer.steps()
    assert last.fraction == 1
    denoiser = trainer.checkpoint("constant", "").denoiser()
    eps = torch.randn(4, 1, 8, 8, generator=Generator().manual_seed(1))
    for sigma in (0.1, 1.0, 10.0):
        x0 = denoiser(Constant.x0 + sigma * eps, 1.0, sigma).x0
        assert (x0 - Constant.x0).square().mean().sqrt() < 0.1


def order(name: str = "halves", data: str = "halves") -> Order:
    return Order(name, DataChoice(data), "python -m diffviz train", CONFIG, NETWORK)


def load_halves(choice: DataChoice) -> DataSet:
    assert choice == DataChoice("halves")
    return Halves()


def test_going_on_equals_never_having_stopped(tmp_path: Path) -> None:
    whole = Trainer(Halves(), NETWORK, CONFIG)
    losses = [progress.loss for progress in whole.steps()]

    stopped = Trainer(Halves(), NETWORK, CONFIG)
    first = [progress.loss for progress in islice(stopped.steps(), 15)]
    save_training(order(), stopped, tmp_path)
    _, resumed = load_training("halves", load_halves, tmp_path)
    assert resumed.hours == stopped.hours > 0
    assert resumed.cpu_hours == stopped.cpu_hours > 0
    rest = [progress.loss for progress in resumed.steps()]

    assert first + rest == losses
    again = resumed.state()
    for name, tensor in whole.state().items():
        assert "hours" in name or torch.equal(tensor, again[name]), name


def test_a_kept_state_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is none at all"):
        load_training("halves", load_halves, tmp_path)
    trainer = Trainer(Halves(), NETWORK, CONFIG)
    save_training(order(), trainer, tmp_path)
    assert unfinished_names(tmp_path) == ["halves"]
    with pytest.raises(ValueError, match="no unfinished training 'other'; there is halves"):
        load_training("other", load_halves, tmp_path)
    path = tmp_path / "halves.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="cannot be read"):
        load_training("halves", load_halves, tmp_path)
    with pytest.raises(ValueError, match="another training's state"):
        trainer.load_state({"generator": torch.get_rng_state()})


def test_a_checkpoint_comes_back_with_its_card(tmp_path: Path) -> None:
    trainer = Trainer(Halves(), NETWORK, CONFIG)
    for _ in islice(trainer.steps(), 3):
        pass
    made = trainer.checkpoint("halves", "python -m diffviz train --data halves")
    save_checkpoint(made, tmp_path)
    loaded = load_checkpoint("halves", tmp_path)
    assert loaded.card == made.card
    assert loaded.card.images_seen == 48
    assert loaded.card.training["command"] == "python -m diffviz train --data halves"
    assert loaded.card.training["batch"] == 16
    x, condition = Halves().batch(2, Generator().manual_seed(0))
    before, after = (c.denoiser()(x, 1.0, 1.0, condition).x0 for c in (made, loaded))
    assert torch.allclose(before, after, atol=1e-2)  # weights are kept in float16


def test_fine_tuning_starts_from_the_weights() -> None:
    trainer = Trainer(Halves(), NETWORK, CONFIG)
    for _ in islice(trainer.steps(), 3):
        pass
    weights = trainer.network.state_dict()
    same = Trainer(Halves(), NETWORK, CONFIG.but(seed=1), weights).network.state_dict()
    assert all(torch.equal(weights[name], same[name]) for name in weights)
    other = Trainer(Halves(), replace(NETWORK, slots=(5, 3)), CONFIG, weights).network
    assert torch.equal(other.state_dict()["slots.1.weight"], weights["slots.1.weight"])
    assert other.state_dict()["slots.0.weight"].shape[0] == 6
    with pytest.raises(ValueError, match="another shape"):
        fine_tune(Trainer(Halves(), replace(NETWORK, channels=(8, 16)), CONFIG).network, weights)


@pytest.mark.parametrize("dropout", [0.0, 1.0, 0.5])
def test_condition_dropout_takes_all_slots_of_a_picture(dropout: float) -> None:
    trainer = Trainer(Halves(), NETWORK, CONFIG.but(condition_dropout=dropout))
    dropped = (
        trainer.noised(*Halves().batch(200, trainer.generator), trainer.generator).condition == 0
    )
    assert torch.equal(dropped[:, 0], dropped[:, 1])
    assert dropped.double().mean().item() == pytest.approx(dropout, abs=0.1)


def test_words_are_left_unsaid_one_by_one() -> None:
    trainer = Trainer(Halves(), NETWORK, CONFIG.but(condition_dropout=0, slot_dropout=0.3))
    batch = trainer.noised(*Halves().batch(1000, trainer.generator), trainer.generator)
    dropped = (batch.condition == 0).double()
    assert dropped.mean(0).tolist() == pytest.approx([0.3, 0.3], abs=0.05)
    assert dropped.prod(1).mean().item() == pytest.approx(0.09, abs=0.03)  # both: by chance alone


@pytest.mark.parametrize("threads", [1, 3, 20])
def test_threads_share_a_batch_and_learn_what_one_does(threads: int) -> None:
    """Of the mean loss over 16 pictures, which neither 3 nor 20 threads can share evenly."""
    trainer = Trainer(
        Halves(), NETWORK, CONFIG, random_unet(NETWORK).state_dict(), dtype=torch.float32
    )
    batch = trainer.noised(*Halves().batch(16, trainer.generator), trainer.generator)
    parameters = list(trainer.network.parameters())
    losses = trainer.loss(batch)
    expected = torch.autograd.grad(losses.mean(), parameters)
    with Threads(threads) as team:
        again, vector = trainer.backward(batch, team)
    torch.testing.assert_close(again, losses.detach())
    gradients = views(vector, parameters)
    for gradient, right in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, right, rtol=1e-4, atol=1e-6)


def test_a_vector_holds_the_parameters_as_they_lie_in_memory() -> None:
    network = random_unet(NETWORK).to(memory_format=torch.channels_last)
    before = [parameter.detach().clone() for parameter in network.parameters()]
    vector = flatten_parameters(network)
    assert vector.numel() == sum(parameter.numel() for parameter in before)
    vector += 1
    for parameter, old in zip(network.parameters(), before, strict=True):
        assert torch.equal(parameter, old + 1)
        assert parameter.stride() == old.stride()
        assert parameter.requires_grad


@pytest.mark.parametrize("threads", [1, 3])
def test_a_step_is_that_of_adamw_on_each_parameter(threads: int) -> None:
    weights = random_unet(NETWORK).state_dict()
    config = CONFIG.but(warmup_images=1)
    ours, plain = (
        Trainer(Halves(), NETWORK, config, weights, dtype=torch.float32) for _ in range(2)
    )
    parameters = list(plain.network.parameters())
    optimizer = torch.optim.AdamW(parameters, plain.learning_rate(), betas=(0.9, 0.99))
    batch = plain.noised(*plain.data.batch(config.batch, plain.generator), plain.generator)
    plain.loss(batch).mean().backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    next(ours.steps(threads))
    for mine, expected in zip(ours.network.parameters(), parameters, strict=True):
        torch.testing.assert_close(mine, expected, rtol=1e-5, atol=1e-6)


def test_the_rounded_twin_computes_what_autocast_does() -> None:
    network = random_unet(NETWORK).to(memory_format=torch.channels_last)
    weights = flatten_parameters(network)
    twin, rounded = rounded_twin(network, weights, torch.bfloat16)
    inputs = torch.randn(4, 1, 8, 8), torch.zeros(4), torch.ones(4, 2, dtype=torch.int64)

    def outcome(of: UNet) -> tuple[Tensor, ...]:
        with torch.autocast("cpu", torch.bfloat16):
            output = of(*inputs)
        return output, *torch.autograd.grad(output.square().sum(), list(of.parameters()))

    for mine, expected in zip(outcome(twin), outcome(network), strict=True):
        assert torch.equal(mine.to(expected.dtype), expected)
    weights *= 1.5
    rounded.copy_(weights)
    assert torch.equal(outcome(twin)[0], outcome(network)[0])


def test_a_step_of_rounded_training_leaves_the_weights_exact() -> None:
    trainer = Trainer(Halves(), NETWORK, CONFIG, dtype=torch.bfloat16)
    for _ in islice(trainer.steps(), 3):
        pass
    assert trainer.weights.dtype == torch.float32
    assert not torch.equal(trainer.weights, trainer.weights.bfloat16().float())
    saved = trainer.state()["network.stem.weight"]
    assert torch.equal(saved, trainer.network.stem.weight)


@pytest.mark.parametrize("fast", [torch.float32, torch.bfloat16])
def test_training_computes_in_what_is_fastest_here(
    monkeypatch: pytest.MonkeyPatch, fast: torch.dtype
) -> None:
    measured = precision.convolution_seconds
    slow_rounds = iter([True, *[False] * 99])  # something else was running

    def seconds(dtype: torch.dtype) -> float:
        assert measured(dtype) > 0
        return 3.0 if next(slow_rounds) else 1.0 if dtype == fast else 2.0

    monkeypatch.setattr(precision, "convolution_seconds", seconds)
    before = torch.get_rng_state()
    assert precision.fastest_dtype.__wrapped__() == fast
    assert torch.equal(torch.get_rng_state(), before), "the seed decides all that is random"


def test_threads_train_the_same_each_time() -> None:
    first, second = (
        [progress.loss for progress in Trainer(Halves(), NETWORK, CONFIG).steps(threads=3)]
        for _ in "ab"
    )
    assert first == second


@pytest.mark.parametrize("levels", LEVELS)
def test_noise_levels_are_drawn_from_what_was_chosen(levels: str) -> None:
    config = CONFIG.but(levels=levels)
    quantile = (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000
    ratio = config.ratio(quantile)
    assert ratio.isfinite().all()
    assert (ratio > 0).all()
    assert (ratio.diff() >= 0).all()
    low, high = config.ratio_range
    inside = ((ratio >= low) & (ratio <= high)).double().mean().item()
    assert inside == pytest.approx(0.998, abs=0.002)
    if levels == LOG_NORMAL:
        assert ratio.log().mean().item() == pytest.approx(config.p_mean, abs=0.01)
        assert ratio.log().std().item() == pytest.approx(config.p_std, abs=0.01)
    else:
        schedule = make_schedule(levels)
        own = (schedule.sigma[1:] / schedule.alpha[1:]).clamp(max=MAX_RATIO)
        assert torch.equal(ratio.unique(), own.unique())


def test_the_loss_of_each_eighth_of_the_noise_levels() -> None:
    """A network that answers 0, as a new one does, errs by the target itself."""
    config = CONFIG.but(batch=512, parametrization="v")
    trainer = Trainer(Halves(), NETWORK, config)
    first = next(trainer.steps())
    assert len(first.losses) == 8
    assert mean(list(first.losses)) == pytest.approx(first.loss, rel=1e-5)
    assert first.losses[0] > 2 * first.losses[-1]  # from v = ε to v = −x0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch", 0),
        ("hours", 0),
        ("learning_rate", float("nan")),
        ("condition_dropout", 1.5),
        ("seed", -1),
        ("p_std", float("inf")),
    ],
)
def test_bad_settings_are_a_sentence(name: str, value: float) -> None:
    with pytest.raises(ValueError, match="must be a"):
        Trainer(Halves(), NETWORK, CONFIG.but(**{name: value}))


def test_an_unknown_parametrization_names_the_choices() -> None:
    with pytest.raises(ValueError, match="choose from eps, x0, v, flow, edm"):
        Trainer(Halves(), NETWORK, CONFIG.but(parametrization="noise"))


def test_divergence_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(Halves(), NETWORK, CONFIG)
    with torch.no_grad():
        next(trainer.network.parameters()).fill_(float("nan"))
    with pytest.raises(ValueError, match="lower the learning rate"):
        next(trainer.steps())


def test_the_network_is_shaped_for_its_data() -> None:
    config = network_for(INFO)
    assert (config.image_size, config.image_channels, config.slots) == ((8, 8), 1, (2, 3))


@pytest.mark.parametrize("parametrization", ["eps", "x0", "v", "flow"])
def test_every_parametrization_trains(parametrization: str) -> None:
    config = CONFIG.but(parametrization=parametrization)
    losses = [p.loss for p in Trainer(Halves(), NETWORK, config).steps()]
    assert mean(losses[-8:]) < mean(losses[:8])


def test_a_start_from_grey_pictures_for_colour_is_refused() -> None:
    plan = Plan(DataChoice("heroes"), "tiny", start="fashion")
    with pytest.raises(ValueError, match="pictures that are grey, and these are in colour"):
        begin(plan, "heroes", "")


def test_a_start_from_pictures_for_latents_is_refused() -> None:
    with pytest.raises(ValueError, match="are grey, and these are of 8 channels"):
        NETWORK.adapted_to(replace(INFO, shape=(8, 16, 16)))


def test_a_card_tells_what_it_started_from(tmp_path: Path) -> None:
    plan = Plan(DataChoice("fashion-subset"), start="fashion")
    order, trainer = begin(plan, "finer", "a command")
    before = load_checkpoint("fashion").card
    save_training(order, trainer, tmp_path)
    for any_trainer in (trainer, load_training("finer", load_data_set, tmp_path)[1]):
        told = any_trainer.checkpoint("finer", "a command").card.started_from
        assert told["name"] == "fashion"
        assert told["images_seen"] == before.images_seen
        assert told["cpu_hours"] == before.cpu_hours
