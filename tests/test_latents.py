"""Autoencoders, the latents that they make, and denoisers of latents that read sentences."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Generator, Tensor, nn

import diffviz.autoencoders
import diffviz.data
from diffviz.__main__ import main
from diffviz.autoencoders import (
    Autoencoder,
    load_autoencoder,
    read_autoencoder_card,
    save_autoencoder,
)
from diffviz.checkpoints import Card, Checkpoint, load_checkpoint, save_checkpoint
from diffviz.cli import autoencode
from diffviz.data import DataChoice, DataSource
from diffviz.data.base import DataInfo, Slot
from diffviz.data.sentences import numbers, vocabulary
from diffviz.data.source import Asked, Reference, Subject
from diffviz.jobs.sheets import describe_sheet, draw_sheet
from diffviz.measure.evaluation import evaluate
from diffviz.measure.judge import Judge
from diffviz.measure.judge_training import make_judge
from diffviz.media.latent import LATENT, REACH, maps, shown_as
from diffviz.media.levels import grey_levels
from diffviz.media.registry import medium_of
from diffviz.networks import network_for, parse_network
from diffviz.networks.autoencoder import AutoencoderConfig
from diffviz.networks.text_unet import TextUNet, TextUNetConfig
from diffviz.networks.unet import CrossAttention
from diffviz.runs.conditions import conditions, places_of
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings
from diffviz.serving.frames import stream
from diffviz.training.autoencoding import (
    AutoencoderLearner,
    Autoencoding,
    divergence,
    fitted_preview,
    misfit,
    psnr,
)
from diffviz.training.decoding import DecoderLearner
from diffviz.training.learner import Progress
from diffviz.training.needs import SHEETS, needs_of
from diffviz.training.plan import Plan, begin
from diffviz.training.samples import Latents, load_samples
from tests.oracles.accelerator import DEVICE, Accelerator

SLOT = Slot("words", vocabulary("a square that is red or blue, on the left or right"), 6)
INFO = DataInfo("squares", (3, 16, 16), 0.6, (SLOT,), "CC0-1.0", "nobody")
SMALL = Autoencoding(
    channels=(16, 32), blocks=(1, 0), patch=2, latent_channels=4, batch=8, images=960, hours=10.0,
    learning_rate=2e-2, warmup_images=80, edges=0.5,
)  # fmt: skip
NETWORK = TextUNetConfig(
    image_size=(4, 4), image_channels=4, channels=(8, 16), blocks=(1, 1), heads=2, text_width=8,
    text_layers=1, slots=(len(SLOT.values),) * SLOT.length,
)  # fmt: skip


class Squares:
    """Four pictures: red or blue, with a pale square left or right; and their captions."""

    info = INFO

    def draw(self, size: int, generator: Generator) -> Tensor:
        return torch.randint(4, (size,), generator=generator)

    def pictures(self, rows: Tensor) -> Tensor:
        x = -torch.ones(len(rows), *INFO.shape)
        for i, row in enumerate(rows.tolist()):
            x[i, 2 * (row // 2)] = 1
            x[i, :, 2:14, slice(1, 8) if row % 2 else slice(9, 15)] = 0.5
        return x

    def captions(self, rows: Tensor, generator: Generator) -> Tensor:
        texts = [
            f"{('red', 'blue')[row // 2]} square on the {('right', 'left')[row % 2]}"
            for row in rows.tolist()
        ]
        return torch.stack([numbers(text, SLOT) for text in texts])

    def batch(self, size: int, generator: Generator) -> tuple[Tensor, Tensor]:
        rows = self.draw(size, generator)
        return self.pictures(rows), self.captions(rows, generator)


@pytest.fixture(scope="module")
def learned() -> tuple[list[float], Autoencoder]:
    """The losses of a short training, and what it came to."""
    learner = AutoencoderLearner(Squares(), SMALL, list(Squares().pictures(torch.arange(4))))
    losses = [progress.loss for progress in learner.steps()]
    return losses, learner.autoencoder("squares", "train it")


def test_an_autoencoder_learns_to_keep_pictures(
    learned: tuple[list[float], Autoencoder],
) -> None:
    losses, autoencoder = learned
    assert sum(losses[-10:]) < 0.3 * sum(losses[:10])
    quality = autoencoder.card.quality
    assert quality["pictures"] == 4
    assert quality["psnr"] > 18
    assert quality["psnr_worst"] <= quality["psnr"]


def test_latents_have_unit_variance_and_a_linear_preview(
    learned: tuple[list[float], Autoencoder],
) -> None:
    autoencoder = learned[1]
    x, _ = Squares().batch(256, Generator().manual_seed(0))
    with torch.no_grad():
        z = autoencoder.encode(x)
    assert z.shape == (256, *autoencoder.card.latents.shape) == (256, 4, 4, 4)
    torch.testing.assert_close(z.mean((0, 2, 3)), torch.zeros(4), atol=0.1, rtol=0)
    torch.testing.assert_close(z.std((0, 2, 3)), torch.ones(4), atol=0.1, rtol=0)
    small = nn.functional.avg_pool2d(x, 4)
    error = (autoencoder.preview(z) - small).square().mean()
    assert error < 0.3 * (small - small.mean((0, 2, 3), keepdim=True)).square().mean()


def test_an_autoencoder_comes_back_from_its_files(
    learned: tuple[list[float], Autoencoder], tmp_path: Path
) -> None:
    autoencoder = learned[1]
    save_autoencoder(autoencoder, tmp_path)
    again = load_autoencoder("squares", tmp_path)
    assert again.card == autoencoder.card
    x = Squares().pictures(torch.arange(4))
    with torch.no_grad():
        z = again.encode(x)
        torch.testing.assert_close(z, autoencoder.encode(x), atol=0.02, rtol=0)  # float16
        torch.testing.assert_close(again.decode(z), autoencoder.decode(z), atol=0.02, rtol=0)
    with pytest.raises(ValueError, match="unknown autoencoder 'faces'; choose from squares"):
        load_autoencoder("faces", tmp_path)
    with pytest.raises(ValueError, match="none yet: `python -m diffviz autoencode` trains one"):
        load_autoencoder("faces", tmp_path / "empty")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"scale": [1.0, 1.0, 1.0, 0.0]}, "scaled by"),
        ({"scale": [1.0]}, "scaled by"),
        ({"shift": [float("nan")] * 4}, "scaled by"),
        ({"preview": [[0.0] * 4] * 3}, "its preview is not"),
        ({"network": {"kind": "unet"}}, "kind"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_card_that_is_none_is_refused(
    change: dict[str, object],
    sentence: str,
    learned: tuple[list[float], Autoencoder],
    tmp_path: Path,
) -> None:
    card = tmp_path / "x.json"
    card.write_text(json.dumps({**asdict(learned[1].card), **change}))
    with pytest.raises(ValueError, match=f"x.json is not an autoencoder's card: .*{sentence}"):
        read_autoencoder_card(card)


def test_weights_that_do_not_fit_are_refused(
    learned: tuple[list[float], Autoencoder], tmp_path: Path
) -> None:
    save_autoencoder(learned[1], tmp_path)
    fields = json.loads((tmp_path / "squares.json").read_text())
    fields["network"]["channels"] = [8, 8]
    (tmp_path / "squares.json").write_text(json.dumps(fields))
    with pytest.raises(ValueError, match="weights of autoencoder 'squares' do not fit its card"):
        load_autoencoder("squares", tmp_path)


def test_a_decoder_learns_on_and_latents_stay_what_they_are(
    learned: tuple[list[float], Autoencoder],
) -> None:
    start, pictures = learned[1], Squares().pictures(torch.arange(4))
    settings = SMALL.but(images=640, learning_rate=5e-3, squares=10.0)
    learner = DecoderLearner(Squares(), start, settings, list(pictures))
    for _ in learner.steps():
        pass
    finer = learner.autoencoder("squares", "train its decoder")
    assert torch.equal(finer.encode(pictures), start.encode(pictures))
    assert finer.card.quality["psnr"] > start.card.quality["psnr"] + 1
    assert finer.card.latents == start.card.latents
    assert finer.card.images_seen == start.card.images_seen + 640
    assert finer.card.training["started_from"]["command"] == "train it"


def test_a_decoder_is_not_written_over_what_it_is_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*words: str) -> str:
        assert main(["autoencode", "--decoder-of", "portraits", *words]) == 2
        return capsys.readouterr().err

    assert "another --folder, or --name" in refused()
    there = "--folder", str(tmp_path)
    assert "has that already; leave --latent-channels out" in refused("--latent-channels=4", *there)


def test_an_autoencoder_is_for_pictures_that_it_divides() -> None:
    config = AutoencoderConfig()
    assert config.factor == 8
    assert config.latent_shape((3, 128, 64)) == (8, 16, 8)
    with pytest.raises(ValueError, match="multiples of 8, not 100 × 128"):
        config.latent_shape((3, 100, 128))
    with pytest.raises(ValueError, match="of 3 channels"):
        config.latent_shape((1, 128, 128))
    with pytest.raises(ValueError, match="for each of its levels"):
        config.changed({"blocks": (1,)}).build()


def test_the_losses_are_what_they_say() -> None:
    x = torch.zeros(2, 1, 4, 4)
    y = x.clone()
    y[1, :, :, 2:] = 0.5  # an edge in each of four rows, of three differences each
    weighed = misfit(x, y, SMALL.but(edges=2.0, squares=3.0))
    torch.testing.assert_close(weighed, torch.tensor([0, 0.25 + 2 * 0.5 / 3 + 3 * 0.125]))
    assert psnr(x, y + 0.2)[0].item() == pytest.approx(20.0, abs=1e-4)
    mean, log_variance = torch.randn(2, 3, 2, 2), torch.randn(2, 3, 2, 2)
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (log_variance / 2).exp()),
        torch.distributions.Normal(0.0, 1.0),
    )
    torch.testing.assert_close(divergence(mean, log_variance), expected.flatten(1).mean(1))


def test_a_preview_that_is_exact_is_found() -> None:
    z, table = torch.randn(8, 4, 3, 3), torch.randn(3, 5)
    small = torch.einsum("ck,bkhw->bchw", table[:, :4], z) + table[:, 4, None, None]
    x = small.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(torch.tensor(fitted_preview(z, x)), table)


@pytest.fixture
def squares(
    learned: tuple[list[float], Autoencoder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The data set in the registry, and its autoencoder where it is looked for."""
    source = DataSource(
        "squares", "Squares", lambda choice: Squares(), medium="latent", shape=(4, 4, 4),
        autoencoder="squares", slots=6, held_out=lambda: list(Squares().pictures(torch.arange(4))),
    )  # fmt: skip
    monkeypatch.setitem(diffviz.data.DATA_SETS, "squares", source)
    save_autoencoder(learned[1], tmp_path / "autoencoders")
    for function in (load_autoencoder, diffviz.autoencoders.autoencoder_names):
        monkeypatch.setattr(function, "__defaults__", (tmp_path / "autoencoders",))
    return tmp_path


def test_a_denoiser_of_latents_learns_and_is_shown_as_pictures(squares: Path) -> None:
    settings = {"images": 2560, "batch": 32, "hours": 10.0, "warmup_images": 320}
    network = {"channels": (16, 32), "blocks": (1, 1), "text_width": 16}
    plan = Plan(DataChoice("squares"), "tiny", network=network, config=settings)
    _, trainer = begin(plan, "squares", "train it")
    assert trainer.data.info.medium == "latent"
    assert trainer.data.info.autoencoder == "squares"
    losses = [progress.loss for progress in trainer.steps()]
    assert sum(losses[-20:]) < 0.9 * sum(losses[:20])
    save_checkpoint(trainer.checkpoint("squares", "train it"), squares)
    checkpoint = load_checkpoint("squares", squares)
    assert checkpoint.card.data == trainer.data.info
    asked = RunSettings(
        condition={"words": "a red square on the left"}, count=2, steps=6, guidance=1.0
    )
    last = list(run(asked, checkpoint))[-1]
    assert last.x.shape == (2, 4, 4, 4)
    assert checkpoint.medium.encode(last.x).shape == (2, 3, 16, 16)
    assert checkpoint.medium.seen(last.x.shape[1:]) == (3, 16, 16)
    about = describe_sheet(checkpoint.card.data)
    sheet, results = draw_sheet(checkpoint)
    assert sheet.shape == (2, *about["shape"][:2], 4, 4, 8)  # float16 in bytes
    assert results.shape == about["shape"][1:]
    assert about["undecoded"] == sheet[0, 0].numel()
    assert SHEETS * (sheet.numel() + results.numel()) < 1e6 * needs_of(plan).finished
    first = json.loads(next(iter(stream(asked, (), checkpoint))))["events"][0]
    assert (first["shape"], first["renderer"]) == ([3, 16, 16], "latent")
    assert checkpoint.medium.sheet(last.x, 1, None).shape == (16, 33, 3)
    assert checkpoint.medium.strip(last.x[:, None], 1).shape == (33, 16, 3)


def test_a_command_tells_what_words_it_never_saw(
    squares: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = load_samples(DataChoice("squares")).info
    card = Card("squares", NETWORK, "edm", data, (0.01, 80.0), 0, 0.0)
    save_checkpoint(Checkpoint(card, random_text_unet()), squares)
    monkeypatch.setattr(load_checkpoint, "__defaults__", ("squares", squares))
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    words = ["--condition", r"words=a red Unicorn\, left", "--negative", "words=blue ghosts"]
    made = ["--model", "squares", "--count", "1", "--steps", "2", "--guidance", "3"]
    fingerprints = []
    for more in (words, words[:2]):
        assert main(["sample", *made, *more, "--out", str(squares / "x.png")]) == 0
        told = capsys.readouterr()
        fingerprints.append(told.out)
        assert "not understood: unicorn" in told.err
        assert ("ghosts" in told.err) == ("--negative" in more)
    assert fingerprints[0] != fingerprints[1]  # what is steered away from counts
    with Image.open(squares / "x.png") as image:
        assert min(image.size) % 16 == 0  # as the decoder draws it


def test_latents_are_those_of_their_pictures(squares: Path) -> None:
    data = load_samples(DataChoice("squares"))
    assert isinstance(data, Latents)
    z, condition = data.batch(8, Generator().manual_seed(0))
    rows = Squares().draw(8, Generator().manual_seed(0))
    with torch.no_grad():
        expected = data.autoencoder.encode(Squares().pictures(rows))
    torch.testing.assert_close(z, expected, atol=5e-3, rtol=0)
    assert torch.equal(condition, Squares().captions(rows, Generator()))
    with Accelerator() as accelerator:
        there = load_samples(DataChoice("squares"), DEVICE)
        torch.testing.assert_close(there.batch(8, Generator().manual_seed(0))[0], z)
        there.batch(64, Generator().manual_seed(1))
        waits = accelerator.waits
        there.batch(64, Generator().manual_seed(2))
        assert accelerator.operations > 0
        assert accelerator.waits == waits  # what is known is not encoded again


def test_its_training_goes_on_after_a_stop(
    squares: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(autoencode, "NEED_ONE", diffviz.data.DATA_SETS)
    steps = AutoencoderLearner.steps

    def stopped(self: AutoencoderLearner, threads: int = 1) -> Iterator[Progress]:
        for progress in steps(self, threads):
            if progress.images == 32:
                signal.raise_signal(signal.SIGTERM)
            yield progress

    def train(name: str, **changes: int) -> None:
        settings = {**dict(SMALL.but(images=64, **changes)), "data": "squares", "name": name}
        place = {"folder": squares / "out", "save_minutes": 5.0, "device": "cpu", "threads": 1}
        autoencode.run(autoencode.Options.model_construct(**settings, **place, command_line="go"))

    with monkeypatch.context() as patch:
        patch.setattr(AutoencoderLearner, "steps", stopped)
        with pytest.raises(KeyboardInterrupt):
            train("halved")
    assert "stopped; `go` goes on" in capsys.readouterr().err
    half = load_autoencoder("halved", squares / "out").card
    assert half.images_seen == 32
    assert half.quality["psnr"] > 0
    with pytest.raises(ValueError, match="begun with other settings: `go` goes on with it"):
        train("halved", seed=1)
    train("halved")
    train("whole")
    halved, whole = (load_autoencoder(name, squares / "out") for name in ("halved", "whole"))
    for one, other in zip(halved.network.parameters(), whole.network.parameters(), strict=True):
        assert torch.equal(one, other)
    assert list((squares / "out" / "unfinished").iterdir()) == []


def test_channels_are_shown_side_by_side() -> None:
    z = torch.stack([torch.full((2, 2), float(i)) for i in range(-2, 3)])  # 5 channels
    sheet = maps(z * REACH)
    assert sheet.shape == (1, 4, 6)
    assert LATENT.seen((5, 2, 2)) == (1, 4, 6)
    assert sheet[0, ::2, ::2].tolist() == [[-1, -1, 0], [1, 1, 0]]
    assert torch.equal(LATENT.encode(z[None, None] * REACH), grey_levels(sheet[None, None]))
    info = replace(INFO, shape=(4, 4, 4), medium="latent")
    assert medium_of(info) is LATENT
    with pytest.raises(ValueError, match="no latents have the shape"):
        medium_of(replace(info, shape=(2,)))


def random_text_unet() -> TextUNet:
    network = NETWORK.build()
    torch.manual_seed(0)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.4)
    return network


def test_a_network_for_latents_and_words_is_suited_to_them() -> None:
    info = replace(INFO, shape=(4, 4, 4), medium="latent", sigma_data=1.0)
    usual = network_for(info)
    assert usual == TextUNetConfig(image_size=(4, 4), image_channels=4, slots=NETWORK.slots)
    assert parse_network(json.loads(json.dumps(asdict(usual)))) == usual
    with pytest.raises(ValueError, match="heads do not share"):
        NETWORK.changed({"heads": 3}).build()
    assert NETWORK.sizes((4, 4, 4)).weights == sum(p.numel() for p in NETWORK.build().parameters())


def test_pixels_share_their_attention_among_the_words_that_are_there() -> None:
    network = random_text_unet()
    seen: list[Tensor] = []
    for module in network.modules():
        if isinstance(module, CrossAttention):
            module.attend.register_forward_hook(lambda _m, _i, weights: seen.append(weights))
    condition = torch.tensor([[1, 2, 3, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    x = torch.randn(2, 4, 4, 4)
    out = network(x, torch.zeros(2), condition)
    assert out.shape == x.shape
    assert [weights.shape for weights in seen] == [(2, 2, 7, pixels) for pixels in (16, 4, 4, 16)]
    for weights in seen:
        torch.testing.assert_close(weights.sum(2), torch.ones_like(weights.sum(2)))
        assert not weights[0, :, 4:].any()
        assert not weights[1, :, 1:].any()
    out.square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []


def test_attention_can_be_put_in_the_place_of_another_s() -> None:
    """With the weights of one run, another's words count where the first's were looked up."""
    network = random_text_unet()
    x, level = torch.randn(1, 4, 4, 4), torch.zeros(1)
    one, other = torch.tensor([[1, 2, 3, 0, 0, 0]]), torch.tensor([[1, 2, 4, 0, 0, 0]])
    lookups = [module for module in network.modules() if isinstance(module, CrossAttention)]
    kept: list[Tensor] = []
    hooks = [m.attend.register_forward_hook(lambda _m, _i, w: kept.append(w)) for m in lookups]
    before = network(x, level, one)
    plain = network(x, level, other)
    for hook in hooks:
        hook.remove()
    first = iter(kept[: len(lookups)])
    for module in lookups:
        module.attend.register_forward_hook(lambda _m, _i, _w: next(first))
    injected = network(x, level, other)
    assert not torch.allclose(injected, plain, atol=1e-5)
    assert not torch.allclose(injected, before, atol=1e-5)


def test_words_count_and_their_order_too() -> None:
    network = random_text_unet()
    x, level = torch.randn(1, 4, 4, 4).expand(4, -1, -1, -1), torch.zeros(4)
    condition = torch.tensor([[1, 2, 3, 0, 0, 0], [1, 3, 2, 0, 0, 0], [1, 2, 4, 0, 0, 0], [0] * 6])
    out = network(x, level, condition)
    distances = torch.cdist(out.flatten(1), out.flatten(1)) + torch.eye(4)
    assert distances.min() > 1e-3 * out.abs().mean()


def test_a_sentence_is_a_condition_of_as_many_columns() -> None:
    info = replace(INFO, slots=(Slot("side", ("left", "right")), SLOT))
    assert places_of(info) == {"side": slice(0, 1), "words": slice(1, 7)}
    table = conditions(info, {"side": "right", "words": "Red, a UNICORN"}, 2)
    assert table.shape == (2, 7)
    red, comma, a, unknown = (SLOT.values.index(word) + 1 for word in ("red", ",", "a", "?"))
    assert table[1].tolist() == [2, red, comma, a, unknown, 0, 0]
    assert not conditions(info, {}, 1).any()


def test_a_slot_of_several_words_is_kept_in_a_card() -> None:
    assert DataInfo.from_card(json.loads(json.dumps(asdict(INFO)))) == INFO


# Judged


SEEN = (Slot("colour", ("red", "blue")), Slot("side", ("right", "left")))


def shown(rows: Tensor) -> Tensor:
    return torch.stack([rows // 2, rows % 2], dim=1) + 1


class Obedient(nn.Module):
    """A network that says at once which latents its words mean."""

    def __init__(self, latents: Tensor) -> None:
        super().__init__()
        self.latents = nn.Parameter(latents, requires_grad=False)  # of the four squares

    def forward(self, x: Tensor, noise_level: Tensor, condition: Tensor) -> Tensor:
        blue, left = (
            (condition == SLOT.values.index(word) + 1).any(1) for word in ("blue", "left")
        )
        return self.latents[2 * blue.int() + left.int()]


def test_latents_are_judged_by_the_pictures_that_they_stand_for(squares: Path) -> None:
    """What the denoiser is told are words, what the judge sees colour and side; on any device."""
    data = Squares()

    def batches(size: int, generator: Generator) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            rows = data.draw(size, generator)
            yield data.pictures(rows), shown(rows)

    def test() -> list[tuple[Tensor, Tensor]]:
        return [(data.pictures(torch.arange(4)), shown(torch.arange(4)))]

    info = replace(INFO, slots=SEEN)
    subject = Subject(info, (8, 16), 2, 1280, batches, test, noise=0.2, autoencoder="squares")
    path = squares / "judge.safetensors"
    with Accelerator():
        right = make_judge(subject, lambda text: None, path, DEVICE)
        judge = Judge(subject).to(DEVICE).eval()
        judge.load_state_dict(load_file(path))
        autoencoder = load_autoencoder("squares")
        with torch.no_grad():
            network = Obedient(autoencoder.encode(data.pictures(torch.arange(4))))
        card = Card("squares", NETWORK, "x0", autoencoder.card.latents, (0.01, 80.0), 0, 0.0)
        rows = torch.arange(40) % 4
        told = data.captions(rows, Generator())
        noisy = data.pictures(rows) + 0.1 * torch.randn(40, *INFO.shape)
        reference = Reference(
            Asked(told, shown(rows)),
            [(part, shown(rows[:20])) for part in noisy.split(20)],
            [next(batches(40, Generator()))],
            {
                "blue, left": Asked(told[3:4], shown(rows[3:4])),
                "lies": Asked(told[3:4], shown(rows[2:3])),
                "half said": Asked(told[:2], torch.tensor([[1, 1], [0, 2]])),
            },
        )
        settings = RunSettings(model="squares", steps=2, guidance=1.0)
        checkpoint = Checkpoint(card, network).to(DEVICE)
        figures = evaluate(checkpoint, settings, judge, reference)
    card = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert right == card["accuracy"] == card["accuracy_decoded"] == {"colour": 1, "side": 1}
    assert figures["obeyed"] == {"colour": 1, "side": 1}
    assert figures["obeyed_mean"] == 1
    assert figures["judge"] == {"colour": 1, "side": 1}
    assert figures["held_out"] == {"blue, left": 1, "lies": 0, "half said": 1}
    assert figures["held_out_mean"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["evaluations_per_image"] == 2
    assert figures["device"] == DEVICE.type
    assert 0 < figures["frechet_distance"] < 1e6


def test_a_decoder_is_run_once_to_tell_a_shape() -> None:
    decoded: list[Tensor] = []

    def picture(z: Tensor) -> Tensor:
        decoded.append(z)
        return z[:, :3].repeat_interleave(4, 2).repeat_interleave(4, 3)

    medium = shown_as(picture)
    assert {medium.seen((4, 2, 2)) for _ in range(3)} == {(3, 8, 8)}
    assert len(decoded) == 1
