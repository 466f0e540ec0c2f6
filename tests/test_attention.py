"""Which pixels look a word up, and a word changed while they look where they did."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
import torch
from torch import Tensor

import diffviz.autoencoders
from diffviz.checkpoints import Checkpoint
from diffviz.networks.attention import WatchedAttention, attentions, with_own_hooks
from diffviz.runs.attention import RewordSettings, aligned, reworded, said, watched
from diffviz.runs.conditions import conditions
from diffviz.runs.sampling import run
from diffviz.runs.schema import RunSettings, Variation
from diffviz.serving.engine import LocalEngine
from diffviz.serving.frames import stream
from diffviz.serving.models import bundled
from diffviz.serving.ticket import Ticket
from diffviz.serving.words import LABELS, looked_up, said_otherwise
from tests.oracles import latents

RED, BLUE = {"words": "a red square"}, {"words": "a blue square"}
SETTINGS = RunSettings(condition=RED, count=2, steps=4, guidance=2.0, seed=5)


def last(settings: RunSettings, checkpoint: Checkpoint) -> Tensor:
    *_, step = run(settings, checkpoint)
    return step.x


def close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, atol=1e-3, rtol=1e-3)  # in another batch sums are others


def test_a_network_that_is_watched_shares_its_weights_and_is_not_hooked() -> None:
    network = latents.checkpoint().network
    own = with_own_hooks(network)
    pairs = zip(network.parameters(), own.parameters(), strict=True)
    assert all(one is other for one, other in pairs)
    attention = WatchedAttention(own, (4, 4))
    condition = conditions(latents.PICTURES, RED, 3)
    own(torch.randn(3, *latents.LATENT), torch.zeros(3), condition)
    maps = attention.maps()
    assert maps.shape == (3, 7, 4, 4)
    torch.testing.assert_close(maps.sum(1), torch.ones(3, 4, 4))
    assert not maps[:, 4:].any()  # where there are no words
    assert not any(module._forward_hooks for module in attentions(network))
    own(torch.randn(1, *latents.LATENT), torch.zeros(1), condition[:1])
    assert len(attention.maps()) == 1  # the latest alone is held


def test_a_run_that_is_watched_is_the_run() -> None:
    checkpoint = latents.checkpoint()
    steps = list(watched(SETTINGS, checkpoint))
    assert len(steps) == 5
    for (step, maps), plain in zip(steps, run(SETTINGS, checkpoint), strict=True):
        assert torch.equal(step.x, plain.x)
        assert maps.shape == (2, 3, 4, 4)
        assert (maps > 0).all()
    assert not torch.equal(steps[0].maps, steps[2].maps)
    assert torch.equal(steps[3].maps, steps[4].maps)
    with pytest.raises(ValueError, match="there are no words to look up"):
        watched(SETTINGS.but(condition={}), checkpoint)
    with pytest.raises(ValueError, match="pixels look no words up"):
        watched(RunSettings(condition={"class": "bag"}), bundled("fashion"))


def test_slots_are_looked_up_as_words_are() -> None:
    heroes = bundled("heroes")
    asked = {"species": "orc", "main hand": "axe"}
    settings = RunSettings(model="heroes", condition=asked, steps=2)
    labels = [word.label for word in said(heroes.card.data, asked)]
    assert labels == ["species: orc", "main hand: axe"]
    step = next(iter(watched(settings, heroes)))
    assert step.maps.shape[:2] == (1, 2)


@pytest.mark.parametrize(
    ("old", "new", "places"),
    [
        ("a red square", "a blue square", [0, 1, 2]),
        ("a square", "a small red square", [0, -1, -1, 1]),
        ("a red square", "a square", [0, 2]),
        ("", "red", [-1]),
    ],
)
def test_words_take_the_places_of_those_that_they_stand_for(
    old: str, new: str, places: list[int]
) -> None:
    assert aligned(old.split(), new.split()) == places


def test_with_attention_kept_another_word_changes_less() -> None:
    checkpoint = latents.checkpoint()
    *_, step = reworded(SETTINGS, BLUE, 1.0, checkpoint)
    as_it_was, kept, anew = step.x.chunk(3)
    assert close(as_it_was, last(SETTINGS, checkpoint))
    assert close(anew, last(SETTINGS.but(condition=BLUE), checkpoint))
    assert not close(kept, anew)
    assert not close(kept, as_it_was)
    *_, step = reworded(SETTINGS, RED, 1.0, checkpoint)
    assert close(step.x[2:4], as_it_was)  # the same words, looked up as they were
    *_, step = reworded(SETTINGS, BLUE, 0.0, checkpoint)
    assert close(step.x[2:4], anew)  # nothing is kept


def test_attention_is_kept_in_a_share_of_the_steps() -> None:
    checkpoint = latents.checkpoint()
    halfway = list(reworded(SETTINGS, BLUE, 0.5, checkpoint))
    whole = list(reworded(SETTINGS, BLUE, 1.0, checkpoint))
    same = [torch.equal(a.x0, b.x0) for a, b in zip(halfway, whole, strict=True)]
    assert same == [True, True, False, False, False]
    compared = SETTINGS.but(vary=Variation("guidance", (1.0, 2.0)))
    with pytest.raises(ValueError, match="from column to column"):
        reworded(compared, BLUE, 1.0, checkpoint)


def test_the_player_is_told_where_words_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    coder, checkpoint = latents.autoencoder(), latents.checkpoint()
    monkeypatch.setattr(diffviz.autoencoders, "_loaded", lambda name: coder)
    first = json.loads(next(iter(stream(SETTINGS, (), checkpoint))))["events"][0]
    assert first["lookups"] is True
    engine, ticket = LocalEngine(), Ticket("a visitor", 60)
    try:
        told = list(looked_up(SETTINGS, 3, checkpoint, engine, ticket))
        events = [json.loads(message)["events"][0] for message in told]
        assert events[0]["labels"] == ["a", "red", "square"]
        plain = list(watched(SETTINGS, checkpoint))
        for event, (step, maps) in zip(events[1:], plain, strict=True):
            one = event["one"]
            levels = np.frombuffer(base64.b64decode(one["maps"]), np.uint8).reshape(one["shape"])
            assert one["index"] == step.index
            np.testing.assert_allclose(levels * one["most"] / 255, maps, atol=one["most"] / 500)
        other = RewordSettings(to="a blue square", kept=1.0)
        # Of data that is not in the registry a sentence is the value of its first slot.
        told = list(said_otherwise(SETTINGS, other, 3, checkpoint, engine, ticket))
        events = [json.loads(message)["events"][0] for message in told]
        assert [event["index"] for event in events[:4]] == [0, 1, 2, 3]
        assert [event["one"]["label"] for event in events[4:]] == list(LABELS)
        pictures = base64.b64decode(events[4]["one"]["x"])
        assert len(pictures) == 2 * 3 * 16 * 16
    finally:
        engine.close()
