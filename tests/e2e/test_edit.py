"""A picture to t and back in a real browser, and for programs."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
import torch
from conftest import Server
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import Page, expect

from diffviz.data.examples import example, example_path
from diffviz.forward import add_noise, noise
from diffviz.media.decoding import fitted
from diffviz.media.levels import grey_levels
from diffviz.schedules import make_schedule
from tests.e2e.controls import beyond
from tests.e2e.test_forward import levels, pixels, png, set_range, two_frames, upload

PANEL = "#forward-back"
PLAYER = "#forward-back-player"


@pytest.fixture
def panel(server: Server, page: Page) -> Page:
    """The panel, open, with the example that is a boot."""
    page.goto(server.url)
    page.locator("#forward-canvas[data-t]").wait_for()
    page.locator("#forward-t").dispatch_event("pointerdown")  # ends the introduction
    expect(page.locator(PLAYER)).to_be_hidden()
    page.locator(f"{PANEL} summary").click()
    page.locator("#forward-back-denoiser select").select_option("fashion")
    choose(page, "boot")
    return page


def choose(page: Page, name: str) -> None:
    page.locator(f'.forward-sources button[data-name="{name}"]').click()
    page.locator(f'.forward-sources button[data-name="{name}"][aria-pressed="true"]').wait_for()
    page.locator(f"{PANEL}[data-state=new]").wait_for()


def at(page: Page, t: int, steps: int) -> None:
    set_range(page, "#forward-back-t input", t)
    page.locator(f'#forward-canvas[data-t="{t}"]').wait_for()
    page.locator("#forward-back-steps select").select_option(str(steps))


def walk(page: Page, button: str) -> float:
    """Press the button and wait for the end; returns how far the result is from the picture."""
    before = page.locator(PANEL).get_attribute("data-run") or ""
    page.locator(button).click()
    page.locator(f"{PANEL}[data-state=done]:not([data-run='{before}'])").wait_for(timeout=60_000)
    return float(page.locator(PLAYER).get_attribute("data-apart") or "nan")


def test_an_upload_is_brought_back(panel: Page) -> None:
    rows, columns = np.mgrid[:60, :90]
    photo = Image.fromarray(np.stack([rows * 4, columns * 2, 255 - rows * 2], -1).astype(np.uint8))
    upload(panel, png(photo))
    panel.locator("#forward-canvas[width='90'][height='60']").wait_for()
    panel.locator("#forward-back-denoiser select").select_option("heroes")
    expect(panel.locator(PANEL)).to_contain_text("32 × 32, in colour")
    expect(panel.locator(PANEL)).to_contain_text("Of a photograph it keeps")
    panel.locator("#forward-back-words input").fill("a troll and a unicorn")
    expect(panel.locator("#forward-back-heard")).to_contain_text("species troll")
    expect(panel.locator("#forward-back-heard")).to_contain_text("Not understood: “unicorn”")
    at(panel, 640, 10)

    # What stands there before anything is asked of the server: the picture at the denoiser's size,
    # and its x_t at the slider's t, as the server will make them.
    with Image.open(io.BytesIO(png(photo))) as image:
        planes = np.asarray(image).transpose(2, 0, 1).astype(np.float32)
    x0 = fitted(torch.from_numpy(planes) / 127.5 - 1, (3, 32, 32))
    assert (pixels(panel, "#forward-back-picture") == levels(x0)).all()
    x_t = add_noise(x0, noise(0, x0.shape), make_schedule("cosine"), 640)
    assert np.abs(pixels(panel, "#forward-back-noisy") - levels(x_t)).max() <= 1

    assert walk(panel, "#forward-back-run") > 0.05
    assert panel.locator(PLAYER).get_attribute("data-frames") == "11"
    result = pixels(panel, "#forward-back-result")
    assert (result == pixels(panel, "#forward-back-way")).all()

    # The frames stay: the first of them is x_t, and nothing is asked to see it.
    panel.locator('#forward-guess[data-t="640"][data-state="answered"]').wait_for()
    requests: list[str] = []
    panel.on("request", lambda request: requests.append(request.post_data or request.url))
    panel.locator(f"{PLAYER} [data-view=x]").click()
    set_range(panel, f"{PLAYER} input[type=range]", 0)
    assert np.abs(pixels(panel, "#forward-back-way") - levels(x_t)).max() <= 1
    panel.locator(f"{PLAYER} .player-strip button").last.click()
    assert (pixels(panel, "#forward-back-way") == result).all()
    # What the guess asks for when the slider has come to rest is about something else.
    assert not [asked for asked in requests if '"denoise"' not in asked]


def test_a_class_is_asked_for_and_the_guess_follows_the_denoiser(panel: Page) -> None:
    expect(panel.locator("#forward-back-guidance")).to_be_hidden()
    at(panel, 800, 10)
    walk(panel, "#forward-back-run")
    anything = pixels(panel, "#forward-back-result")
    panel.locator("#forward-back-class select").select_option("bag")
    expect(panel.locator("#forward-back-guidance")).to_be_visible()
    walk(panel, "#forward-back-run")
    assert (pixels(panel, "#forward-back-result") != anything).any()
    panel.locator("#forward-denoiser select").select_option("heroes")
    expect(panel.locator("#forward-back-denoiser select")).to_have_value("heroes")
    two_frames(panel)
    panel.locator('#forward-guess[data-state="answered"]').wait_for()
    assert pixels(panel, "#forward-guess-x0").shape == (32, 32, 3)
    panel.locator("#forward-back-denoiser select").select_option("optimal")
    two_frames(panel)
    panel.locator('#forward-guess[data-state="answered"]').wait_for()
    assert pixels(panel, "#forward-guess-x0").shape == (28, 28, 3)


def test_the_error_of_inversion_is_shown_and_falls_with_the_steps(panel: Page) -> None:
    errors = []
    for steps in (10, 20, 50):
        at(panel, 600, steps)
        errors.append(walk(panel, "#forward-back-invert"))
        assert panel.locator(PLAYER).get_attribute("data-frames") == str(2 * steps + 2)
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.03
    rows = panel.locator("#forward-back-errors li")
    expect(rows).to_have_count(3)
    shown = [float(row.get_attribute("data-error") or 0) for row in rows.all()]
    assert shown == errors
    expect(panel.locator(f"{PLAYER} figure").last).to_contain_text(f"error {errors[-1]:.4f}")
    original = levels(example("boot"))
    assert np.abs(pixels(panel, "#forward-back-result") - original).mean() < 4
    # The first frame is the picture itself, the middle one the noise that was found.
    panel.locator(f"{PLAYER} [data-view=x]").click()
    set_range(panel, f"{PLAYER} input[type=range]", 0)
    assert (pixels(panel, "#forward-back-way") == original).all()
    set_range(panel, f"{PLAYER} input[type=range]", 50)
    assert (pixels(panel, "#forward-back-way") == pixels(panel, "#forward-back-noisy")).all()
    # Of another t they would be other errors.
    set_range(panel, "#forward-back-t input", 500)
    expect(panel.locator("#forward-back-errors")).to_be_hidden()
    expect(panel.locator(PANEL)).to_have_attribute("data-state", "stale")


def test_stop_and_start_again(panel: Page) -> None:
    at(panel, 900, 200)
    panel.locator("#forward-back-invert").click()
    panel.wait_for_function(f"document.querySelector('{PLAYER}').dataset.frames > 3")
    panel.locator("#forward-back-stop").click()
    expect(panel.locator(PANEL)).to_have_attribute("data-state", "stopped")
    frames = panel.locator(PLAYER).get_attribute("data-frames")
    panel.wait_for_timeout(700)
    assert panel.locator(PLAYER).get_attribute("data-frames") == frames
    expect(panel.locator("#forward-back-stop")).to_be_hidden()
    at(panel, 900, 10)
    walk(panel, "#forward-back-run")
    assert panel.locator(PLAYER).get_attribute("data-frames") == "11"


def test_any_schedule_will_do_and_what_cannot_be_is_said(panel: Page) -> None:
    panel.locator("#forward-schedule select").select_option("karras")
    at(panel, 1000, 10)
    walk(panel, "#forward-back-run")
    expect(panel.locator(PANEL)).to_contain_text("outside the noise that this network was trained")
    panel.locator("#forward-schedule select").select_option("drawn")
    at(panel, 5, 10)
    walk(panel, "#forward-back-invert")
    expect(panel.locator(PANEL)).to_contain_text("From t = 5 there are 5 steps and no more.")
    set_range(panel, "#forward-t input", 0)
    panel.locator("#forward-back-run").click()
    expect(panel.locator(PANEL)).to_contain_text("nothing to bring back")


def test_the_panel_is_no_wider_than_the_screen(panel: Page, subtests: pytest.Subtests) -> None:
    panel.locator("#forward-back-denoiser select").select_option("heroes")
    at(panel, 400, 10)
    for width in (390, 768, 1280):
        panel.set_viewport_size({"width": width, "height": 844})
        walk(panel, "#forward-back-invert")
        with subtests.test(width=width):
            assert panel.evaluate("document.documentElement.scrollWidth") <= width
            assert beyond(panel, PANEL) == []


# -- for programs


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(server.url, verbose=False, download_files=tmp_path_factory.mktemp("answers"))


def read(path: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_edit_endpoint(client: Client) -> None:
    file = handle_file(str(example_path("hero")))
    asked: dict[str, Any] = {"denoiser": "heroes", "t": 700, "steps": 5, "api_name": "/edit"}
    result, noisy, facts = client.predict(file, what="an orc with a bow", seed=3, **asked)
    assert read(result).shape == (32, 32, 3)
    x0 = example("hero")
    x_t = add_noise(x0, noise(3, x0.shape), make_schedule("cosine"), 700)
    assert np.abs(read(noisy) - levels(x_t)).max() <= 1
    assert facts["condition"] == {"species": "orc", "main hand": "bow"}
    assert facts["evaluations"] == 10
    assert facts["strength"] == pytest.approx(0.7)
    *_, again = client.predict(file, what="an orc with a bow", seed=3, **asked)
    *_, other = client.predict(file, what="an orc with a bow", seed=4, **asked)
    assert facts["fingerprint"] == again["fingerprint"] != other["fingerprint"]


def test_edit_endpoint_inverts(client: Client) -> None:
    errors = []
    for steps in (5, 20):
        result, _, facts = client.predict(
            example_name="boot", mode="invert", t=500, steps=steps, api_name="/edit"
        )
        errors.append(facts["error"])
    assert errors[0] > 1.5 * errors[1] > 0
    *_, facts = client.predict(
        example_name="boot", mode="invert", was="ankle boot", what="sandal", t=500, steps=20,
        api_name="/edit",
    )  # fmt: skip
    assert facts["condition"] == {"class": "sandal"}
    assert facts["error"] > 1.5 * errors[1]  # it is meant to be another
    apart = read(result) - grey_levels(example("boot"))[0, ..., None].numpy()
    assert np.sqrt(np.square(apart / 127.5).mean()) == pytest.approx(errors[1], abs=0.01)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"t": 600, "T": 500}, "t must be a whole number from 1 to T = 500"),
        ({"t": 10.5}, "whole number"),
        ({"steps": 201}, "200"),
        ({"mode": "up"}, "back"),
        ({"denoiser": "nobody"}, "fashion"),
        ({"what": "unicorn"}, "Unknown class 'unicorn'"),
        ({"guidance": 99}, "10"),
        ({"seed": -1}, "0"),
    ],
)
def test_wrong_values_name_the_right_ones(
    client: Client, server: Server, arguments: dict[str, Any], sentence: str
) -> None:
    log = server.log.read_text()
    with pytest.raises(AppError, match=re.escape(sentence)):
        client.predict(api_name="/edit", **arguments)
    assert "diffviz" not in server.log.read_text().removeprefix(log)
