"""A run's nearest training pictures, as a visitor asks for them."""

from __future__ import annotations

from pathlib import Path

from conftest import Server
from gradio_client import Client, handle_file
from playwright.sync_api import Page, expect

from diffviz.data.fashion.pictures import load_fashion_subset
from diffviz.media.files import save_png

PLAYER = "#sample-player .live-view"
PANEL = "#sample-nearest-panel"


def open_tab(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("tab", name="Sample").click()
    page.wait_for_selector("#sample-canvas")


def generate(page: Page) -> None:
    before = page.eval_on_selector(PLAYER, "e => e.dataset.run")
    page.locator("#sample-run").click()
    page.wait_for_function(
        f"(({{run, frames}}) => run !== '{before}' && frames == 21)"
        f"(document.querySelector('{PLAYER}').dataset)"
    )


def test_each_sample_stands_beside_its_nearest(server: Server, page: Page) -> None:
    open_tab(page, server)
    expect(page.locator(PANEL)).to_be_hidden()
    generate(page)
    page.locator("#sample-nearest").click()
    page.wait_for_selector(f"{PANEL}[data-state=answered]")
    cards = page.locator(f"{PANEL} .nearest-card")
    assert cards.count() == 9
    for card in cards.all():
        assert card.locator("canvas").count() == 4
        assert card.get_attribute("data-verdict") in ("new", "near", "copy")
    expect(page.locator(PANEL)).to_contain_text("60,000 pictures")

    # The next run is looked up without another click, and its answer takes the old one's place.
    first = page.locator(PANEL).inner_text()
    page.get_by_role("button", name="Other noise").click()
    page.wait_for_function(
        "([panel, first]) => (({dataset, innerText}) => "
        "dataset.state === 'answered' && innerText !== first)(document.querySelector(panel))",
        arg=[PANEL, first],
    )


def test_programs_find_a_training_picture(server: Server, tmp_path: Path) -> None:
    pictures, _ = load_fashion_subset("train").rows(slice(5, 6))
    save_png(pictures, tmp_path / "copy.png", scale=1)
    client = Client(server.url, download_files=str(tmp_path), verbose=False)
    facts = client.predict(handle_file(str(tmp_path / "copy.png")), api_name="/nearest")
    assert facts["verdict"] == "copy"
    assert facts["neighbours"][0]["distance"] < 0.06
    assert facts["nearer"] > 0.999
