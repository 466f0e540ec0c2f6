"""Portraits: the pictures that ship, what may be said of them, and their latents."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Generator

from diffviz.autoencoders import load_autoencoder
from diffviz.data import DATA_SETS, DataChoice, load_data_set
from diffviz.data.language import MAX_LENGTH, singular, split
from diffviz.data.portraits import making, pictures
from diffviz.data.portraits.captions import GLASSES, WORDS, Chance, caption
from diffviz.data.portraits.making import RECIPE, nearest, palette_of
from diffviz.data.portraits.measured import reference, subject
from diffviz.data.portraits.pictures import (
    FOLDER_VARIABLE,
    INFO,
    SHIPPED,
    Drawn,
    Portraits,
    encode,
    held_out,
    load_portraits,
)
from diffviz.data.portraits.words import HELD_OUT, SLOTS
from diffviz.data.sentences import UNKNOWN, numbers, words
from diffviz.measure.judge import Judge, accuracy, load_judge, verdicts
from diffviz.measure.judge_training import came_through


@pytest.fixture(scope="module")
def shipped() -> Portraits:
    return load_portraits("all")


def test_what_ships_is_small_and_says_whose_it_is(shipped: Portraits) -> None:
    assert SHIPPED.stat().st_size < 6_000_000
    assert len(shipped) == making.FEW
    licence = (SHIPPED.parent / "LICENCE-portraits.txt").read_text("utf-8")
    for author in ("Draftbit", "Pablo Stanley", "DiceBear", "Johan Melin", "Ashley Seo"):
        assert author in licence
        assert author in INFO.credit


def test_every_word_is_there_and_says_what_is_seen(shipped: Portraits) -> None:
    for column, slot in enumerate(SLOTS):
        assert shipped.words[:, column].unique().tolist() == list(range(len(slot.values)))
    # A background fills the picture's upper corners, whatever the style.
    rows = torch.arange(600)
    corners = shipped.pictures(rows)[:, :, 0, 0]
    grounds = shipped.words[rows][:, [slot.name for slot in SLOTS].index("background")]
    for ground in grounds.unique():
        assert corners[grounds == ground].std(0).max() < 0.02


def test_sigma_data_is_the_root_mean_square_of_the_pictures(shipped: Portraits) -> None:
    x = shipped.pictures(shipped.rows[:1000])
    assert x.aminmax()[0] >= -1
    assert x.square().mean().sqrt().item() == pytest.approx(INFO.sigma_data, abs=0.01)


def test_pairs_that_are_held_out_are_in_no_training(shipped: Portraits) -> None:
    hidden, seen = load_portraits("held-out"), load_portraits("train")
    assert set(hidden.rows.tolist()).isdisjoint(seen.rows.tolist())
    assert len(hidden) + len(seen) == len(shipped)
    for pair in HELD_OUT:
        shows = [row for row in range(len(shipped)) if pair.items() <= shipped.shown(row).items()]
        assert set(shows) <= set(hidden.rows.tolist())
        assert len(shows) > 20  # of 4,000
    with pytest.raises(ValueError, match="unknown split 'test'; choose from train, held-out"):
        load_portraits("test")


def test_the_recipe_draws_these_words_and_no_package_comes_from_elsewhere() -> None:
    recipe = (RECIPE / "make.mjs").read_text("utf-8")
    for slot in SLOTS:
        for value in slot.values:
            assert re.search(rf"\b{value}\b", recipe), value
    needs = json.loads((RECIPE / "package.json").read_text())["dependencies"]
    lock = json.loads((RECIPE / "package-lock.json").read_text())["packages"]
    assert all(lock[f"node_modules/{name}"]["version"] == needs[name] for name in needs)
    assert not [name for name, entry in lock.items() if "resolved" in entry]


def test_a_palette_keeps_flat_colours() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (200, 3), dtype=np.uint8)
    some = colours[np.arange(4 * 32 * 32).reshape(4, 32, 32) // 16 % 200]
    palette = palette_of(some)
    again = palette[nearest(palette)(some)]
    assert np.abs(again.astype(int) - some).max() <= making.STEP


def test_the_many_are_read_from_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped: Portraits
) -> None:
    drawn: list[tuple[int, int]] = []

    def draw(recipe: Path, seed: int, start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        drawn.append((start, count))
        rows = torch.arange(start, start + count)
        levels = shipped.pictures(rows).add(1).mul(127.5).round().byte()
        return levels.permute(0, 2, 3, 1).numpy(), shipped.words[rows].numpy()

    monkeypatch.setattr(making, "draw", draw)
    monkeypatch.setattr(making, "prepared", lambda place: place)
    monkeypatch.setattr(making, "AT_ONCE", 20)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert making.make_many(count=40) > 40 * 128 * 128
    assert making.make_many(count=50) > 50 * 128 * 128
    assert drawn == [(0, 20), (20, 20), (40, 10)]  # what is there is not drawn again
    many, rows = load_portraits("all"), torch.tensor([0, 19, 20, 49])
    assert len(many) == 50
    assert torch.equal(many.words[rows], shipped.words[rows])
    # Colours that are a few levels apart may be taken for one another.
    error = (many.pictures(rows) - shipped.pictures(rows)).abs().max()
    assert error <= 2 * making.STEP / 127.5
    assert load_data_set(DataChoice("portraits")).info == INFO


def test_without_node_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match="drawn in Node, and there is no npm here"):
        making.make_few(tmp_path / "few.npz")


def test_captions_are_of_known_words_alone_and_fit(shipped: Portraits) -> None:
    chance = Chance(Generator().manual_seed(0))
    seen: set[str] = set()
    for row in range(1500):
        text = caption(shipped.shown(row), chance, whole=row % 3 == 0)
        assert "{" not in text
        found = words(text, WORDS)
        assert all(word.known for word in found), text
        assert len(found) < WORDS.length
        seen |= {WORDS.values[number - 1] for number in numbers(text, WORDS).tolist() if number}
    assert set(WORDS.values) - seen <= {UNKNOWN, "the"}  # a denoiser learns them all


def test_a_whole_caption_tells_portraits_apart(shipped: Portraits) -> None:
    """What differs in one slot is said in other words."""
    shown = shipped.shown(0)
    for slot, value in (("background", "green"), ("skin", "dark"), ("clothes", "purple")):
        texts = [
            {
                *caption({**shown, slot: value}, Chance(Generator().manual_seed(seed)), whole=True)
                .replace(",", "")
                .split()
            }
            for seed in range(20)
        ]
        table = {"background": "green emerald", "skin": "dark black", "clothes": "purple violet"}
        assert all(text & set(table[slot].split()) for text in texts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "🧙‍♂️🧙",
        "a " * 150,
        "ÀÉ'ß",
        "x" * MAX_LENGTH,
        "\x00\u202e",
        "DROP TABLE;--",
        "𝔞 𝔟",
    ],
)
def test_a_stranger_s_sentence_becomes_some_condition(text: str) -> None:
    row = numbers(text, WORDS)
    assert row.shape == (WORDS.length,)
    assert row.min() >= 0
    assert row.max() <= len(WORDS.values)


def test_words_that_are_none_of_ours_are_told() -> None:
    found = words("A wizard with Sunglasses", WORDS)
    assert [(word.word, word.known) for word in found] == [
        ("a", True),
        ("wizard", False),
        ("with", True),
        ("sunglasses", True),
    ]
    row = numbers("a wizard", WORDS)
    assert row[1] == WORDS.values.index(UNKNOWN) + 1
    assert torch.equal(row, numbers("a dragon", WORDS))
    with pytest.raises(ValueError, match="at most 400 characters"):
        words("a" * 401, WORDS)


def test_a_batch_has_other_captions_each_time(shipped: Portraits) -> None:
    x0, condition = shipped.batch(8, Generator().manual_seed(1))
    again, same = shipped.batch(8, Generator().manual_seed(1))
    assert torch.equal(x0, again)
    assert torch.equal(condition, same)
    assert x0.shape == (8, *INFO.shape)
    assert condition.shape == (8, WORDS.length)
    rows = torch.zeros(40, dtype=torch.int64)
    said = shipped.captions(rows, Generator().manual_seed(2))
    assert len(said.unique(dim=0)) > 30
    lost = (said == WORDS.values.index(UNKNOWN) + 1).sum() / (said > 0).sum()
    assert 0 < lost < 3 * pictures.LOST_WORDS


def test_held_out_is_both_words_of_a_pair() -> None:
    pair = {"style": "soft", "background": "red"}
    rows = torch.zeros(3, len(SLOTS), dtype=torch.uint8)
    for column, slot in enumerate(SLOTS):
        if slot.name in pair:
            rows[0, column] = slot.values.index(pair[slot.name])
    rows[1, 0] = rows[0, 0]
    rows[2, 1] = rows[0, 1]
    assert held_out(rows).tolist() == [True, False, False]


def test_a_part_may_begin_anywhere() -> None:
    parts = [
        Drawn(np.full((n, 128, 128), n, np.uint8), np.zeros((n, len(SLOTS)), np.uint8))
        for n in (1, 3, 2)
    ]
    palette = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, 1)
    data = Portraits(parts, palette, "all")
    found = data.pictures(torch.tensor([5, 0, 1, 3, 4]))[:, 0, 0, 0].add(1).mul(127.5)
    assert found.round().tolist() == [2, 1, 3, 3, 2]


def test_the_page_offers_what_has_its_autoencoder() -> None:
    from diffviz.autoencoders import autoencoder_names, is_ready

    source = DATA_SETS["portraits"]
    assert is_ready(source) == (source.autoencoder in autoencoder_names())
    assert is_ready(DATA_SETS["fashion"])


def test_the_judge_learns_what_is_shown_and_is_tested_on_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped: Portraits
) -> None:
    known = subject()
    assert known.info.slots == SLOTS
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(ValueError, match=r"others: draw them with .*make portraits-all"):
        next(known.batches(4, Generator()))
    (part,) = shipped.parts
    np.save(tmp_path / "indices-000000.npy", part.indices[:40])
    np.save(tmp_path / "words-000000.npy", part.words[:40])
    batches = known.batches(16, Generator().manual_seed(0))
    seen = [next(batches) for _ in range(2)]
    rows = torch.cat([condition for _, condition in seen])
    shown = shipped.words[:40].long() + 1
    assert all(any(torch.equal(row, other) for other in shown) for row in rows)
    assert Judge(known)(seen[0][0]).features.shape == (16, 512)
    x0, condition = next(iter(known.test()))
    assert torch.equal(x0, shipped.pictures(torch.arange(len(x0))))
    assert torch.equal(condition, shipped.words[: len(x0)].long() + 1)


def test_what_a_denoiser_is_asked_for_is_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped: Portraits
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))  # where there are none
    wanted = reference(200)
    known, true = (torch.cat([c for _, c in parts]) for parts in (wanted.known, wanted.true))
    assert torch.equal(wanted.asked.shown, known)
    assert not held_out(known - 1).any()
    assert len(known) + len(true) == len(load_portraits("train"))
    assert torch.equal(wanted.asked.condition, reference(200).asked.condition)

    def texts(condition: torch.Tensor) -> list[set[str]]:
        return [{WORDS.values[n - 1] for n in row if n} for row in condition.tolist()]

    glasses = {
        singular(word) for texts in GLASSES.values() for text in texts for word in split(text)
    }
    for said in texts(wanted.asked.condition):
        assert said & (glasses - {"no", "without", "dark", "round"})  # or that there are none
        assert UNKNOWN not in said
    assert list(wanted.held_out) == [", ".join(pair.values()) for pair in HELD_OUT]
    for asked, pair in zip(wanted.held_out.values(), HELD_OUT, strict=True):
        assert torch.equal(asked.shown, encode(pair).expand(4, -1))
        assert len(asked.condition.unique(dim=0)) == 4
    mohawks = texts(wanted.held_out["mohawk, green"].condition)
    assert all({"mohawk", "punk"} & said and {"green", "emerald"} & said for said in mohawks)
    with pytest.raises(
        ValueError, match=r"from 10 to 16\d\d, not 2000; .*make portraits-all.* more"
    ):
        reference(2000)


def test_the_judge_knows_portraits_and_such_as_were_decoded() -> None:
    """Each slot, small flowers and earrings too; and none of what another picture shows."""
    known = subject()
    judge, coder = load_judge(known), load_autoencoder("portraits")
    some = list(islice(known.test(), 2))
    for parts in (some, [(came_through(coder, x0), shown) for x0, shown in some]):
        found, shown = verdicts(judge, parts)
        right = accuracy(found.logits, shown)
        assert len(right) == len(SLOTS)
        assert min(right.values()) > 0.97
        other = accuracy(found.logits, shown.roll(1, 0))
        assert all(other[slot] < right[slot] - 0.3 for slot in right)
