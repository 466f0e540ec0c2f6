"""The Sample tab in words: a hero from a sentence, and columns that differ in one thing."""

from __future__ import annotations

import pytest
from conftest import Server
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Page, expect

from diffviz.serving.sampling import SPEAKING
from tests.e2e.controls import enter

PLAYER = "#sample-player .live-view"


@pytest.fixture
def in_words(server: Server, page: Page) -> Page:
    page.goto(server.url)
    page.get_by_role("tab", name="Sample").click()
    page.wait_for_selector("#sample-canvas")
    page.locator("#sample-model input").click()
    page.get_by_role("option", name="heroes").click()
    expect(page.locator("#sample-words textarea")).to_be_visible()
    expect(page.locator("#sample-class")).to_be_hidden()
    return page


def say(page: Page, text: str) -> None:
    box = page.locator("#sample-words textarea")
    box.fill("")
    box.press_sequentially(text)


def generate(page: Page) -> None:
    for name, value in (("steps", 4), ("count", 1)):
        enter(page, f"#sample-{name} input[type=number]", value)
    page.locator("#sample-run").click()
    page.wait_for_function(f"document.querySelector('{PLAYER}').dataset.frames == 5")


def test_a_sentence_is_understood_and_drawn(in_words: Page) -> None:
    heard = in_words.locator("#sample-heard")
    say(in_words, "an elf in blue robes, a minotaur with a crown and a unicorn <b>")
    expect(heard).to_contain_text("species deep elf")
    expect(heard).to_contain_text("Not understood: “unicorn”")
    expect(heard).to_contain_text("species: deep elf and minotaur, but a picture shows only one")
    generate(in_words)
    words = in_words.locator(".player-words")
    expect(words).to_have_text("a deep elf in a blue robe and a crown")


def test_a_pasted_sentence_is_heard(in_words: Page) -> None:
    box = in_words.locator("#sample-words textarea")
    box.click()
    box.press("Control+a")
    in_words.keyboard.insert_text("a frog with an axe")  # no key is pressed, as in pasting
    expect(in_words.locator("#sample-heard")).to_contain_text("species frog")
    expect(in_words.locator("#sample-heard")).not_to_contain_text("beard")
    in_words.get_by_role("button", name="Word by word").click()
    expect(in_words.locator("#sample-slot-species input")).to_have_value("frog")


def test_choices_and_dice_write_the_sentence(in_words: Page) -> None:
    box = in_words.locator("#sample-words textarea")
    in_words.get_by_role("button", name="Word by word").click()
    in_words.locator("#sample-slot-off-hand input").click()
    in_words.get_by_role("option", name="orb", exact=True).click()
    expect(box).to_have_value(
        "a deep dwarf with a red beard in a blue robe, holding an axe and an orb"
    )
    before = box.input_value()
    in_words.locator("#sample-words-dice").click()
    expect(box).not_to_have_value(before)
    say(in_words, "a troll")
    expect(in_words.locator("#sample-slot-species input")).to_have_value("troll")
    expect(in_words.locator("#sample-slot-off-hand input")).to_have_value("not said")


def test_columns_differ_in_one_word(in_words: Page) -> None:
    in_words.get_by_role("button", name="Compare, from the same noise").click()
    in_words.locator("#sample-vary input").click()
    in_words.get_by_role("option", name="Off hand", exact=True).click()
    expect(in_words.locator("#sample-values")).to_be_visible()
    generate(in_words)
    headings = in_words.locator(".player-headings span")
    expect(headings).to_have_text(["none", "round shield", "kite shield", "tower shield"])
    width = in_words.eval_on_selector("#sample-canvas", "c => c.width")
    assert width == 4 * 33 - 1


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_a_denoiser_of_other_words_is_asked_in_its_own(
    server: Server, page: Page, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    box, heard = page.locator("#sample-words textarea"), page.locator("#sample-heard")
    page.goto(f"{server.url}/#sample?denoiser=portraits")
    expect(box).to_have_value(SPEAKING["portraits"].example)
    expect(heard).to_contain_text(SPEAKING["portraits"].example)
    page.goto("about:blank")
    page.goto(f"{server.url}/#sample?denoiser=portraits&words=a+man+with+a+red+mohawk")
    expect(box).to_have_value("a man with a red mohawk")
    expect(heard).to_contain_text("a man with a red mohawk")
    page.locator("#sample-canvas").wait_for()  # which on phones moves what is below it
    page.locator("#sample-model input").click()
    page.get_by_role("option", name="heroes", exact=True).click()
    expect(box).to_have_value(SPEAKING["heroes"].example)
    expect(heard).to_contain_text("species deep dwarf")


def test_what_was_never_seen_stands_beside_what_was(in_words: Page) -> None:
    enter(in_words, "#sample-steps input[type=number]", 4)
    enter(in_words, "#sample-count input[type=number]", 2)
    in_words.get_by_role("button", name="Never seen together").click()
    in_words.locator("#sample-unseen input").click()
    in_words.get_by_role("option", name="a naga in a crown").click()
    headings = in_words.locator(".player-headings span")
    expect(headings).to_have_text(["wizard hat", "feathered hat", "hood", "crown"])
    expect(in_words.locator(".player-words")).to_have_text("a naga")
    expect(in_words.locator("#sample-heard")).to_contain_text("species naga")
    in_words.wait_for_function(f"document.querySelector('{PLAYER}').dataset.frames == 5")
    width = in_words.eval_on_selector("#sample-canvas", "c => [c.width, c.height]")
    assert width == [4 * 33 - 1, 2 * 33 - 1]


def test_words_for_programs(server: Server) -> None:
    client = Client(server.url, verbose=False)
    asked = {"denoiser": "heroes", "steps": 2, "count": 2, "api_name": "/sample"}
    _, facts = client.predict(
        what="a troll with a club", vary="guidance", negative="a hat", **asked
    )
    settings = facts["settings"]
    assert settings["condition"] == {"species": "troll", "main hand": "club"}
    assert settings["negative"] == {"headgear": "wizard hat"}
    assert settings["count"] == 14
    assert facts["evaluations"] == 4
    for wrong, told in (
        ({"vary": "species", "values": ["troll"]}, "Choose 2 to 8 values"),
        ({"vary": "species", "values": ["troll", "unicorn"]}, "Unknown species 'unicorn'"),
        ({"vary": "mood", "values": ["a", "b"]}, "mood' cannot differ"),
        ({"what": "x" * 401}, "[Aa]t most 400 characters"),
    ):
        with pytest.raises(AppError, match=told):
            client.predict(**{"what": "a troll", **wrong}, **asked)
