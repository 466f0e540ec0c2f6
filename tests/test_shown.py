"""What the page says of a run, and offers first: it belongs together."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast

import pytest
from gradio.routes import templates

from diffviz.checkpoints import Card, checkpoint_names, load_card, load_checkpoint
from diffviz.data import DATA_SETS
from diffviz.runs.schema import EACH, RunSettings, Variation
from diffviz.runs.suited import suited
from diffviz.schedules import make_schedule
from diffviz.serving.cards import card_text
from diffviz.serving.exports import file_name
from diffviz.serving.frames import outside, words
from diffviz.serving.models import Models
from diffviz.ui.gradio_seams import tell_of_links
from diffviz.ui.messages import capital, sentence
from diffviz.ui.page import SHARED_LINK
from diffviz.ui.sample.choices import denoisers
from diffviz.ui.sample.tab import first_run
from tests.running import ROOT

UI = ROOT / "diffviz" / "ui"
FASHION, HEROES = (load_checkpoint(name).card for name in ("fashion", "heroes"))
DRESS = {"class": "dress"}
CLASSES = Variation("class", ("bag", "coat"))
SCALES = Variation("guidance", (1.0, 3.0))


@pytest.mark.parametrize(
    ("card", "settings", "said"),
    [
        (FASHION, {"condition": DRESS}, "dress"),
        (FASHION, {"condition": {"class": EACH}}, "one of each"),
        (FASHION, {}, "anything"),
        (FASHION, {"condition": DRESS, "vary": CLASSES, "count": 2}, ""),  # no column is a dress
        (FASHION, {"vary": CLASSES, "count": 2}, ""),
        (FASHION, {"condition": DRESS, "vary": SCALES, "count": 2}, "dress"),
        (HEROES, {"condition": {"species": "frog"}}, "a frog"),
    ],
)
def test_the_words_above_are_true_of_all_columns(
    card: Card, settings: dict[str, Any], said: str
) -> None:
    assert words(RunSettings(**settings), card.data) == said


def test_symbols_are_no_letters_to_be_capitals() -> None:
    texts = ["η", "β start", "σ must be", "ρ", "x_t is", "steps must be"]
    assert list(map(capital, texts)) == [
        "η",
        "β start",
        "σ must be",
        "ρ",
        "x_t is",
        "Steps must be",
    ]
    assert sentence(ValueError("β start must be a number")) == "β start must be a number."


@pytest.mark.parametrize(
    ("schedule", "steps", "beyond"),
    [
        ("cosine", 20, 0),
        ("cosine", 1000, 16),
        ("linear", 20, 4),
        ("flow", 20, 0),
        ("karras", 20, 3),
    ],
)
def test_steps_outside_of_training_are_told_where_that_can_be_seen(
    schedule: str, steps: int, beyond: int
) -> None:
    path = make_schedule(schedule)
    assert outside(path, path.grid(steps), FASHION.ratio_range) == beyond


def test_a_file_s_name_tells_what_it_is() -> None:
    asked = RunSettings(condition={"species": "frog", "main hand": "axe"}, seed=7)
    assert file_name(asked, HEROES) == "diffviz-heroes-a-frog-holding-an-axe-seed-7"
    assert file_name(first_run(), FASHION, "x0") == "diffviz-fashion-one-of-each-x0-seed-0"


def test_the_page_offers_what_was_measured_best() -> None:
    assert suited("heroes") == {"guidance": 2.0, "sampler": "ddim", "steps": 20}
    assert suited("fashion") == {"guidance": 1.2, "sampler": "dpmpp-2m-sde", "steps": 20}
    assert suited("of a stranger") == {"guidance": 1.5, "sampler": "ddim", "steps": 20}
    student = {"guidance": 1, "sampler": "consistency", "steps": 4}
    assert suited("fashion", {"teacher": "fashion"}) == student
    for name, source in DATA_SETS.items():
        assert suited(name)["guidance"] == (source.guidance or 1.5)


def test_a_shared_link_tells_of_us() -> None:
    for _ in range(2):  # as two apps of a process would
        tell_of_links(SHARED_LINK)
    environment = templates.env
    assert environment.loader
    source, *_ = environment.loader.get_source(environment, "frontend/index.html")
    told = re.findall(
        r'<meta\s+(?:property|name)="(og:|twitter:)([^"]+)"\s+content="([^"]*)"', source
    )
    names = [name for _, name, _ in told]
    assert sorted(names) == sorted(set(names))
    assert {"title", "description", "image"} <= set(names)
    assert not [text for _, _, text in told if "radio" in text or "{url}" in text or not text]
    picture = next(text for _, name, text in told if name == "image")
    assert (UI / picture.partition("/live/")[2]).is_file()


def test_what_a_list_is_filled_with_leaves_the_choice() -> None:
    # A visitor who has chosen by the time when the answer comes would find the older choice there.
    filled = denoisers(
        cast(Any, SimpleNamespace(models=Models(cast(Any, None), None))), ""
    ).constructor_args
    assert ("heroes", "heroes") in filled["choices"]
    assert "value" not in filled


def test_every_card_tells_its_figures_and_how_they_were_measured() -> None:
    told = {name: card_text(load_card(name)) for name in checkpoint_names()}
    assert "BM3D 34.09, 31.36, 27.98, 26.16 dB" in told["photos"]
    for name in set(told) - {"photos"}:
        assert re.search(r"times that of other real pictures \(\d+ evaluations, .+\)\.", told[name])
