"""The Edit tab in a real browser: painted over, filled, compared, undone, stopped, taken home."""

from __future__ import annotations

import re

import numpy as np
from conftest import Server
from PIL import Image
from playwright.sync_api import Page, expect

from diffviz.media.notes import read_note
from diffviz.runs.notes import noted
from tests.e2e.test_forward import pixels, png, set_range, upload

TAB = ".live-view.edit"


def opened(server: Server, page: Page) -> None:
    page.goto(server.url)
    page.get_by_role("tab", name="Edit").click()
    page.locator("#edit-picture[data-frames]").wait_for()
    page.locator("#edit-mask[data-share]:not([data-share='0.0000'])").wait_for()


def share(page: Page) -> float:
    return float(page.locator("#edit-mask").get_attribute("data-share") or "nan")


def run(page: Page, state: str = "done") -> None:
    before = page.locator(TAB).get_attribute("data-run") or ""
    page.locator("#edit-run").click()
    page.locator(f"{TAB}[data-state={state}]:not([data-run='{before}'])").wait_for(timeout=90_000)


def quick(page: Page) -> None:
    """The clothes' denoiser on the boot, in a few steps."""
    page.locator('.edit-sources [data-name="boot"]').click()
    page.locator('.edit-sources [data-name="boot"][aria-pressed="true"]').wait_for()
    page.locator("#edit-denoiser").select_option("fashion")
    set_range(page, "#edit-steps", 6)


def test_a_hole_is_painted_by_pointer_and_keys_and_filled(server: Server, page: Page) -> None:
    opened(server, page)
    quick(page)
    run(page, "failed")  # nothing is painted over of the new picture
    expect(page.locator("#edit-message")).to_have_text(
        "Paint over something of your picture first: what is painted over is made anew."
    )
    page.locator('[data-view="rectangle"]').click()
    canvas = page.locator("#edit-mask")
    box = canvas.bounding_box()
    assert box
    corner = lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])  # noqa: E731
    page.mouse.move(*corner(0.5, 0.25))
    page.mouse.down()
    page.mouse.move(*corner(1, 0.75))
    page.mouse.up()
    assert abs(share(page) - 0.25) < 0.03
    page.locator("#edit-undo").click()
    assert share(page) == 0
    page.locator("#edit-redo").click()
    painted = share(page)
    canvas.focus()
    for key in ("e", "[", "Space", "ArrowLeft", "ArrowLeft", "Space"):
        page.keyboard.press(key)
    assert 0 < share(page) < painted
    page.keyboard.press("Control+z")
    assert share(page) == painted
    page.locator("#edit-thing").select_option("sandal")
    set_range(page, "#edit-count", 2)
    run(page)
    assert page.locator("#edit-canvas").get_attribute("data-index") == "6"
    for name in ("measured", "cheap", "look", "ours", "original", "mean", "spread"):
        expect(page.locator(f'[data-answer="{name}"]')).to_be_visible()
    expect(page.locator('[data-answer="ours"]')).to_contain_text(re.compile(r"PSNR \d+\.\d\d dB"))
    expect(page.locator('[data-answer="ours"]')).to_contain_text("A(x) 0.00 levels")
    measured = pixels(page, '[data-answer="measured"] canvas')
    ours = pixels(page, '[data-answer="ours"] canvas')
    assert (ours[:, :13] == measured[:, :13]).all()  # what was not painted over
    assert not (ours == measured).all()
    page.get_by_role("button", name="Seed 1", exact=True).click()
    assert not (pixels(page, "#edit-canvas") == ours).all()
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG", exact=True).click()
    assert download.value.suggested_filename == "restored-seed-1.png"
    tab, settings, _ = noted(read_note(download.value.path()))
    assert (tab, settings["seed"], settings["count"]) == ("edit", 1, 1)
    set_range(page, "#edit-divider", 50)
    stage = page.locator(".edit-result .edit-stage")
    assert stage.evaluate("e => getComputedStyle(e).getPropertyValue('--divide')") == "50%"
    with page.expect_download(timeout=30_000) as download:  # by one click
        page.get_by_role("button", name="SVG").click()
    assert download.value.suggested_filename.endswith("-figure.svg")
    page.locator("#edit-file a[href$='-figure.svg']").wait_for(timeout=30_000)
    expect(page.locator("#edit-message")).to_have_text("")
    page.get_by_role("button", name="Python code").click()
    expect(page.locator("#edit-code")).to_contain_text("diffviz.restore(", timeout=30_000)
    # What the code reads is there to be had, and black and white, as programs take a mask.
    read = {name: saved(page, f"{name}.png") for name in ("picture", "mask")}
    assert read["picture"].size == read["mask"].size
    white = np.asarray(read["mask"].convert("L")) / 255
    assert set(white.ravel().tolist()) == {0, 1}
    assert abs(white.mean() - painted) < 1e-3
    run(page)  # which that code is not of
    expect(page.locator("#edit-code")).to_be_hidden()
    expect(page.locator("#edit-needs")).to_be_hidden()


def test_what_was_worked_at_smaller_is_kept_at_full_size(server: Server, page: Page) -> None:
    opened(server, page)
    set_range(page, "#edit-steps", 2)
    run(page)
    whole, result = saved(page, "PNG at full size"), saved(page, "PNG")
    assert (whole.size, result.size) == ((256, 171), (128, 86))
    picture, made = pixels(page, "#edit-picture"), np.asarray(whole.convert("RGB"))
    changed = (made != picture[..., :3]).any(-1).mean()
    assert 0.05 < changed < share(page) + 0.02
    page.locator('.edit-sources [data-name="boot"]').click()  # of which nothing was made
    page.locator("#edit-picture[width='28']").wait_for()
    again = saved(page, "PNG at full size")
    assert (np.asarray(again) == np.asarray(whole)).all()


def saved(page: Page, name: str) -> Image.Image:
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    return Image.open(download.value.path()).copy()


def test_pictures_are_opened_here_or_by_the_server_and_stay(server: Server, page: Page) -> None:
    opened(server, page)
    frames = [Image.new("RGB", (400, 300), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    film = png(frames[0], format="GIF", save_all=True, append_images=frames[1:])
    upload(page, film, mime="image/gif", tab="edit")
    page.locator("#edit-picture[width='256'][height='192']").wait_for()
    assert (pixels(page, "#edit-picture") == [255, 0, 0]).all()
    page.locator("#edit-frame input").press("ArrowRight")
    page.wait_for_function(
        """document.querySelector('#edit-picture').getContext('2d')
        .getImageData(0, 0, 1, 1).data[2] > 0"""
    )
    upload(page, b"hello, world", tab="edit")
    expect(page.locator("#edit-error")).to_contain_text("no picture that can be read")
    grey = png(Image.new("L", (40, 24), 99), format="TIFF")  # which no Chromium opens
    upload(page, grey, mime="image/tiff", tab="edit")
    page.locator("#edit-picture[width='40'][height='24']").wait_for()
    expect(page.locator("#edit-error")).to_be_hidden()
    assert (pixels(page, "#edit-picture") == 99).all()
    page.get_by_role("button", name="Your picture 1").click()
    page.locator("#edit-picture[width='256'][height='192']").wait_for()


def test_tasks_have_their_settings_and_a_run_is_stopped(server: Server, page: Page) -> None:
    opened(server, page)
    quick(page)
    page.locator("#edit-task").select_option("upscale")
    expect(page.locator("#edit-mask")).to_be_hidden()
    expect(page.locator("#edit-blur")).to_be_hidden()
    assert page.locator("#edit-method option[value=repaint]").is_disabled()
    page.locator("#edit-factor").select_option("8")
    page.locator("#edit-degrade").check()
    run(page, "failed")
    expect(page.locator("#edit-message")).to_contain_text("28 × 28 pixels are not blocks of 8 × 8")
    page.locator("#edit-factor").select_option("4")
    page.locator("#edit-method").select_option("pigdm")
    expect(page.locator("#edit-cost")).to_contain_text("6 steps × 3 = 18 network evaluations")
    run(page)
    expect(page.locator('[data-answer="cheap"]')).to_contain_text("bicubic")
    set_range(page, "#edit-steps", 250)
    page.locator("#edit-method").select_option("mmps")  # long enough for a slow hand
    page.locator("#edit-run").click()
    page.locator(f"{TAB}[data-state=running]").wait_for()
    page.locator("#edit-stop").click()
    expect(page.locator("#edit-message")).to_have_text("Stopped.")
    page.locator("#edit-task").select_option("denoise")
    set_range(page, "#edit-steps", 6)
    run(page)
    expect(page.locator("#edit-message")).to_contain_text(re.compile(r"Noise: 2\d\.\d of 255"))
