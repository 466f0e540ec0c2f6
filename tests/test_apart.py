"""Latent diffusion taken apart: encoded, noised, denoised, mixed and decoded, and what it costs."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

import diffviz.autoencoders
from diffviz.config import Config
from diffviz.data.portraits.captions import WORDS as CAPTIONS
from diffviz.data.portraits.sentences import WORDS
from diffviz.forward import noise
from diffviz.guidance.operators import Mask
from diffviz.measure.latents import costs
from diffviz.media.levels import grey_levels
from diffviz.metrics import Metrics
from diffviz.runs.conditions import conditions
from diffviz.runs.editing import run_edit
from diffviz.runs.guess import guess
from diffviz.runs.latents import MixSettings, encode, mixed, take_apart
from diffviz.runs.posing import pose
from diffviz.runs.restoration import RestoreSettings
from diffviz.runs.restoring import in_latents, restore
from diffviz.runs.sampling import run
from diffviz.runs.schema import EditSettings, RunSettings
from diffviz.schedules import make_schedule
from diffviz.serving.backend import Backend, make_backend
from diffviz.serving.frames import frame
from diffviz.serving.models import Models
from diffviz.ui.sample import apart
from tests.oracles import latents

ASKED = {"denoiser": "squares", "owner": ""}


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    """One that has the random denoiser of latents, and a picture that no training saw."""
    coder, checkpoint = latents.autoencoder(), latents.checkpoint()
    monkeypatch.setattr(diffviz.autoencoders, "_loaded", lambda name: coder)
    monkeypatch.setattr(Models, "model", lambda self, name, owner="": checkpoint)
    backend = make_backend(Config(), Metrics())
    yield backend
    backend.close()


def picture(seed: int = 0) -> Tensor:
    return torch.rand(3, 16, 16, generator=Generator().manual_seed(seed)) * 2 - 1


def base64_of(x: Tensor) -> str:
    return base64.b64encode(x.contiguous().numpy().tobytes()).decode()


def test_each_arrow_is_what_it_says() -> None:
    coder, checkpoint = latents.autoencoder(), latents.checkpoint()
    seen = encode(coder, picture())
    assert torch.equal(seen.z, coder.encode(picture()[None])[0])
    error = (seen.decoded.clamp(-1, 1) - picture()).square().mean()
    assert seen.psnr == pytest.approx(-10 * math.log10(error / 4), abs=1e-3)
    schedule, denoiser = make_schedule("cosine"), checkpoint.denoiser()
    said = conditions(checkpoint.card.data, {"words": "red square"}, 1)
    parts = take_apart(coder, denoiser, seen.z, schedule, 400, 3, said)
    alpha, sigma = float(schedule.alpha[400]), float(schedule.sigma[400])
    x_t = alpha * seen.z + sigma * noise(3, latents.LATENT)
    assert torch.equal(parts.x_t, x_t)
    expected = denoiser(x_t[None], alpha, sigma, said).x0
    assert torch.equal(parts.x0, expected[0])
    torch.testing.assert_close(parts.decoded, coder.decode(expected)[0])
    torch.testing.assert_close(parts.noisy, coder.decode(x_t[None])[0], atol=1e-4, rtol=1e-4)
    assert parts.distance == pytest.approx(float((expected[0] - seen.z).square().mean().sqrt()))
    assert set(parts.milliseconds) == {"noise", "denoiser", "decoder"}
    assert all(spent > 0 for spent in parts.milliseconds.values())


def test_between_two_latents_the_great_circle_keeps_their_length() -> None:
    one, other = noise(0, (8, 16, 16)), noise(1, (8, 16, 16))
    for way in ("linear", "spherical"):
        assert torch.equal(mixed(one, other, MixSettings(share=0, way=way)), one)
        torch.testing.assert_close(mixed(one, other, MixSettings(share=1, way=way)), other)
    halves = {way: mixed(one, other, MixSettings(way=way)).std() for way in ("linear", "spherical")}
    assert halves["linear"] == pytest.approx(math.sqrt(0.5), abs=0.03)
    assert halves["spherical"] == pytest.approx(1.0, abs=0.03)
    with pytest.raises(ValueError, match="unknown way 'zigzag'; choose from linear, spherical"):
        MixSettings(way="zigzag")


def test_a_step_is_measured_in_pixels_and_in_latents() -> None:
    in_pixels, in_latents = costs(latents.checkpoint(), latents.autoencoder())
    assert (in_pixels.shape, in_pixels.numbers) == ((3, 16, 16), 768)
    assert (in_latents.shape, in_latents.numbers) == (latents.LATENT, 64)
    assert in_pixels.milliseconds > 0 < in_latents.milliseconds
    assert in_pixels.weights == pytest.approx(in_latents.weights, rel=0.05)  # the same network


def test_frames_carry_latents_and_the_last_one_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    coder, checkpoint = latents.autoencoder(), latents.checkpoint()
    monkeypatch.setattr(diffviz.autoencoders, "_loaded", lambda name: coder)
    settings = RunSettings(condition={"words": "a red square"}, count=2, steps=3)
    for step in run(settings, checkpoint):
        sent = frame(checkpoint.medium, 0, step, step.nfe, 0.0)
        x, x0, eps = (base64.b64decode(sent[view]) for view in ("x", "x0", "eps"))
        assert eps == step.eps.half().numpy().tobytes()
        if step.index < 3:
            assert x0 == step.x0.half().numpy().tobytes()
            assert len(x) == len(x0)
        else:
            assert x == x0 == grey_levels(coder.decode(step.x)).numpy().tobytes()
    assert checkpoint.medium.facts == {"preview": coder.card.preview}


def test_a_hole_is_filled_in_latents(monkeypatch: pytest.MonkeyPatch) -> None:
    coder, checkpoint = latents.autoencoder(), latents.checkpoint()
    monkeypatch.setattr(diffviz.autoencoders, "_loaded", lambda name: coder)
    hole = -torch.ones(1, 16, 16)
    hole[:, :, 6:9] = 1  # columns 1 and 2 of the latent's four
    asked = RestoreSettings(condition={"words": "red"}, count=2, steps=4, method="ddnm")
    posed = pose(asked, checkpoint.card, picture(), hole)
    inner = in_latents(posed, coder)
    assert isinstance(inner.measurement.operator, Mask)
    assert inner.measurement.operator.kept.tolist() == [[1, 0, 0, 1]] * 4
    steps = list(restore(asked, posed, checkpoint))
    assert [step.x.shape for step in steps] == [(2, 3, 16, 16)] * 5
    seen = picture()[None].expand(2, -1, -1, -1)
    result, kept = steps[-1].x, (hole < 0).expand(2, 3, -1, -1)
    torch.testing.assert_close(result[kept], seen[kept], atol=0.01, rtol=0)  # grey levels
    assert not torch.allclose(result[~kept], posed.cheap.expand_as(seen)[~kept], atol=0.05)
    assert not torch.allclose(result[0], result[1])
    assert steps[-1].nfe == 2 * 4
    with pytest.raises(ValueError, match="nothing but holes can be filled"):
        pose(RestoreSettings(task="deblur"), checkpoint.card, picture())
    dots = -torch.ones(1, 16, 16)
    dots[:, ::4, ::4] = 1
    with pytest.raises(ValueError, match="no square of 4 × 4 pixels is whole"):
        in_latents(pose(asked, checkpoint.card, picture(), dots), coder)


def test_a_denoiser_of_latents_guesses_and_edits_pictures() -> None:
    coder, checkpoint = latents.autoencoder(), latents.checkpoint()
    denoiser, x0 = checkpoint.denoiser(), picture()
    seen = guess(denoiser, x0, 3, 0.8, 0.6, 6, coder)
    z = coder.encode(x0[None])[0]
    inner = guess(denoiser, z, 3, 0.8, 0.6, 6)
    assert torch.equal(seen.x0, coder.decode(inner.x0[None])[0])
    assert (seen.x_t.shape, seen.eps.shape) == (x0.shape, x0.shape)
    assert seen.eps_error == inner.eps_error
    for mode in ("back", "invert"):
        settings = EditSettings(t=400, steps=4, mode=mode)
        stages = list(run_edit(settings, denoiser, make_schedule("cosine"), x0[None], coder=coder))
        plain = list(run_edit(settings, denoiser, make_schedule("cosine"), z[None]))
        assert [stage.back for stage in stages] == [stage.back for stage in plain]
        torch.testing.assert_close(stages[-1].step.x, coder.decode(plain[-1].step.x))
        assert all(stage.step.x.shape == (1, 3, 16, 16) for stage in stages)


def test_the_page_s_requests_are_answered_and_checked(backend: Backend) -> None:
    levels = grey_levels(picture())
    seen = apart.encode_picture(backend, {**ASKED, "levels": base64_of(levels)})
    assert seen["picture"] == base64_of(levels)
    z = torch.from_numpy(np.frombuffer(base64.b64decode(seen["latent"]), np.float16).copy())
    assert z.numel() == 64
    wanted = {**ASKED, "id": 7, "latent": seen["latent"], "t": 400, "seed": 1, "what": ""}
    parts = apart.take_latent_apart(backend, wanted)
    assert (parts["id"], parts["t"], len(base64.b64decode(parts["decoded"]))) == (7, 400, 768)
    mix = {**ASKED, "id": 8, "one": seen["latent"], "other": parts["x0"], "way": "spherical"}
    assert apart.mix_latents(backend, {**mix, "share": 0})["latent"] == seen["latent"]
    both = base64_of(torch.cat([z, z]))
    pictures = apart.decode_latents(backend, {**ASKED, "latents": both})["pictures"]
    assert len(base64.b64decode(pictures)) == 2 * 768
    assert json.dumps(apart.latent_costs(backend, ASKED))
    nan = base64_of(torch.full((64,), float("nan")).half())
    for function, request, sentence in (
        (apart.take_latent_apart, {**wanted, "t": 0}, "t must be a whole number from 1"),
        (apart.take_latent_apart, {**wanted, "latent": nan}, "Latents are finite numbers"),
        (apart.take_latent_apart, {**wanted, "latent": both}, "One sample of 4 × 4 × 4 numbers"),
        (apart.mix_latents, {**mix, "share": 2}, "Share must be a number from 0 to 1"),
        (apart.decode_latents, {**ASKED, "latents": ""}, "1 to 16 samples"),
        (apart.encode_picture, ASKED, "not one that this page makes"),
    ):
        assert sentence in function(backend, request)["error"]


def test_a_sentence_about_a_portrait_is_its_condition() -> None:
    said = WORDS.understand("A smiling Unicorn with a beard")
    assert said.condition == {"words": "A smiling Unicorn with a beard"}
    assert said.unknown == ("unicorn",)
    assert WORDS.sentence(said.condition) == "A smiling Unicorn with a beard"
    assert WORDS.understand("  ").condition == {}
    assert WORDS.understand("an angry man").unknown == ()  # which is learned as "a"
    long = WORDS.understand("a man, " * 30)
    assert "only the first 40 words are read" in long.contradictions[0]
    for seed in range(20):
        sentence = WORDS.sentence(WORDS.dice(Generator().manual_seed(seed)))
        assert WORDS.understand(sentence).unknown == ()
        assert len(sentence.split()) <= CAPTIONS.length
