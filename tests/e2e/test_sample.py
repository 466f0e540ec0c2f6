"""The Sample tab, as a visitor uses it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, Server
from playwright.sync_api import Page, expect

from diffviz.media.notes import read_note
from diffviz.runs.notes import run_of
from tests.e2e.controls import beyond, enter
from tests.waiting import PATIENCE

TICKS = os.sysconf("SC_CLK_TCK")
PLAYER = "#sample-player .live-view"
TOGETHER = (Path(__file__).parent / "scripts" / "together.js").read_text()


def cpu_seconds(server: Server) -> float:
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def open_tab(page: Page, server: Server) -> None:
    page.goto(server.url)
    page.get_by_role("tab", name="Sample").click()
    page.wait_for_selector("#sample-canvas")


def set_slider(page: Page, element: str, value: float) -> None:
    enter(page, f"#{element} input[type=number]", value)


def choose(page: Page, element: str, label: str) -> None:
    page.locator(f"#{element} input").click()
    page.get_by_role("option", name=label, exact=True).click()


STEPS = 4  # of a run that is to be quick
ALL = STEPS + 1  # its frames


def quick(page: Page) -> None:
    """Ask for one sample in few steps, where no more is to be seen."""
    set_slider(page, "sample-count", 1)
    set_slider(page, "sample-steps", STEPS)


def generate(page: Page) -> None:
    page.locator("#sample-run").click()


def await_frames(page: Page, count: int, timeout: float = PATIENCE * 1000) -> None:
    page.wait_for_function(
        f"document.querySelector('{PLAYER}:not([data-recorded])')?.dataset.frames == {count}"
        " && document.querySelector('#sample-canvas').dataset.index == "
        "document.querySelector('.player-scrubber').max",
        timeout=timeout,
    )


def other_run(page: Page, button: str) -> None:
    """Press a button, and wait for all frames of the run that it begins."""
    run = page.eval_on_selector(PLAYER, "e => e.dataset.run")
    page.locator(button).click()
    page.wait_for_function(
        f"(({{run, frames}}) => run != {run} && frames == {ALL})"
        f"(document.querySelector('{PLAYER}').dataset)"
    )


def pixels(page: Page, canvas: str = "#sample-canvas") -> list[int]:
    return page.eval_on_selector(
        canvas,
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]",
    )


def scrub(page: Page, index: int) -> None:
    page.eval_on_selector(
        ".player-scrubber",
        "(e, index) => { e.value = index; e.dispatchEvent(new Event('input')); }",
        index,
    )


def test_something_real_plays_before_the_first_click(server: Server, page: Page) -> None:
    open_tab(page, server)
    expect(page.locator(".player-status")).to_contain_text("recorded run")
    first = page.eval_on_selector("#sample-canvas", "c => c.dataset.index")
    page.wait_for_function(
        f"document.querySelector('#sample-canvas').dataset.index != {first}", timeout=5_000
    )


def test_every_frame_arrives_and_scrubs_without_a_request(server: Server, page: Page) -> None:
    open_tab(page, server)
    set_slider(page, "sample-count", 1)
    set_slider(page, "sample-steps", 30)
    generate(page)
    await_frames(page, 31)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    shown = set()
    for index in range(31):
        scrub(page, index)
        assert page.eval_on_selector("#sample-canvas", "c => c.dataset.index") == str(index)
        shown.add(tuple(pixels(page)))
    assert len(shown) == 31
    for view in ("x̂0", "ε̂", "xₜ"):
        page.get_by_role("button", name=view, exact=True).click()
    assert requests == []


@pytest.mark.alone
def test_frames_that_come_together_are_shown_one_by_one(server: Server, page: Page) -> None:
    open_tab(page, server)
    shown: list[tuple[float, int]] = page.evaluate(TOGETHER)
    assert [index for _, index in shown if index > 1] == [2, 3, 4, 5, 6, 7]
    assert 450 < shown[-1][0] < 1_500, "in about as long as they were awaited, 600 ms"


def test_a_new_run_is_followed_unless_the_step_is_pinned(server: Server, page: Page) -> None:
    open_tab(page, server)
    quick(page)
    generate(page)
    await_frames(page, ALL)
    scrub(page, 2)
    other_run(page, "#sample-dice")
    other_run(page, "#sample-run")  # pressed while the event before has not quite ended
    await_frames(page, ALL)  # which is at its end
    scrub(page, 2)
    page.get_by_role("button", name="Pin", exact=True).click()
    before = pixels(page)
    other_run(page, "#sample-dice")
    assert page.eval_on_selector("#sample-canvas", "c => c.dataset.index") == "2"
    assert pixels(page) != before


def test_a_race_runs_from_the_same_noise(server: Server, page: Page) -> None:
    open_tab(page, server)
    page.get_by_role("button", name="Sampler and schedule").click()
    quick(page)
    set_slider(page, "sample-T", 16)  # what it is measured against has no more steps then
    page.get_by_role("button", name="Race").click()
    page.get_by_label("DPM-Solver++ 2M", exact=True).check()
    page.get_by_label("Heun", exact=True).check()
    generate(page)
    page.wait_for_function(f"document.querySelector('{PLAYER}').dataset.frames == {3 * ALL}")
    scrub(page, 0)
    lanes = [pixels(page, c) for c in ("#sample-canvas", "#sample-canvas-2", "#sample-canvas-3")]
    assert lanes[0] == lanes[1] == lanes[2]
    scrub(page, STEPS)
    lanes = [pixels(page, c) for c in ("#sample-canvas", "#sample-canvas-2", "#sample-canvas-3")]
    assert lanes[0] != lanes[1] != lanes[2]
    # It ends in a table, and one of its samples can be enlarged and saved alone.
    page.locator("#sample-measure").click()
    nearest = page.locator("#sample-race tr[data-nearest]")
    expect(nearest).to_have_count(1, timeout=120_000)
    page.locator("#sample-slopes").click()
    expect(page.locator(".sample-orders")).to_contain_text("Measured orders:", timeout=120_000)
    # Two have one end; 2, 4 and 8 of 16 steps.
    assert page.locator("#sample-orders circle").count() == 2 * 3
    page.locator("#sample-canvas-2").click(position={"x": 5, "y": 5})
    with page.expect_download() as download:
        page.locator("#sample-one-save").click()
    assert run_of(read_note(download.value.path())).count == 1


@pytest.mark.alone
@pytest.mark.parametrize("leave", ["stop", "elsewhere", "close"])
def test_leaving_ends_the_work_on_the_server(server: Server, page: Page, leave: str) -> None:
    open_tab(page, server)
    set_slider(page, "sample-steps", 250)
    set_slider(page, "sample-count", 16)
    generate(page)
    page.wait_for_function(
        f"!document.querySelector('.player-status').textContent.includes('recorded')"
        f" && document.querySelector('{PLAYER}').dataset.frames > 3"
    )
    if leave == "stop":
        generate(page)  # what gives way to it is not what is stopped then
        page.wait_for_timeout(1_000)
        page.locator("#sample-stop").click()
    elif leave == "elsewhere":  # a reload would repeat the run, which the address names
        page.goto("about:blank")
    else:
        page.close()
    time.sleep(1.5)  # the step under way, and a reloaded page's own start
    busy, started = cpu_seconds(server), time.monotonic()
    time.sleep(2)
    share = (cpu_seconds(server) - busy) / (time.monotonic() - started)
    assert share < 0.25, f"{share:.2f} of a core is still at work"
    if leave == "stop":
        expect(page.locator(".player-status")).to_contain_text("stopped")


def test_the_exported_code_repeats_the_run_to_the_bit(
    server: Server, page: Page, tmp_path: Path
) -> None:
    open_tab(page, server)
    quick(page)
    generate(page)
    await_frames(page, ALL)
    fingerprint = page.locator("figcaption code").inner_text()
    page.get_by_role("button", name="Python code").click()
    source = page.locator("#sample-code .cm-content")
    source.wait_for()
    program = tmp_path / "repeat.py"
    program.write_text("\n".join(source.locator(".cm-line").all_inner_texts()))
    printed = subprocess.run(
        [sys.executable, program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.splitlines()[-1] == f"fingerprint {fingerprint}"
    assert (tmp_path / "diffviz.png").stat().st_size > 0


def test_runs_can_be_taken_home(server: Server, page: Page, subtests: pytest.Subtests) -> None:
    open_tab(page, server)
    quick(page)
    generate(page)
    await_frames(page, ALL)
    kinds = {"GIF": ("gif", b"GIF89a"), "MP4": ("mp4", b"ftyp"), "PNG strip": ("png", b"\x89PNG")}
    for button, (suffix, magic) in kinds.items():
        with subtests.test(button):
            page.get_by_role("button", name=button, exact=True).click()
            link = page.locator(f"#sample-file a[href$='.{suffix}']").first
            link.wait_for()
            with page.expect_download() as download:
                link.click()
            assert magic in download.value.path().read_bytes()[:12]


def test_the_picture_is_seen_where_generate_is_pressed(
    server: Server, page: Page, subtests: pytest.Subtests
) -> None:
    open_tab(page, server)  # at 320 pixels it is in the menu of what does not fit
    page.locator("#sample-model input").click()
    page.get_by_role("option", name="heroes").click()
    expect(page.locator("#sample-words")).to_be_visible()
    quick(page)
    for width, height in ((1280, 720), (390, 844), (320, 640)):
        with subtests.test(width=width):
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            expect(page.locator("#sample-run")).to_be_in_viewport(ratio=1)
            other_run(page, "#sample-run")
            expect(page.locator("#sample-canvas")).to_be_in_viewport(ratio=0.99)
            for control in ("#sample-run", "#sample-stop", ".player-scrubber"):
                expect(page.locator(control)).to_be_in_viewport(ratio=1)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert beyond(page, "#sample-player") == []


def test_terms_are_explained_by_keyboard_too(server: Server, page: Page) -> None:
    open_tab(page, server)
    term = page.locator("#sample-player .explained", has_text="ᾱ")
    term.focus()
    page.keyboard.press("Enter")
    said = page.locator("#sample-player").get_by_text("The picture’s share of xₜ")
    expect(said).to_be_in_viewport(ratio=1)
    expect(term).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(said).to_be_hidden()
    expect(page.locator(".player-outside")).to_be_hidden()  # the first run has nothing to excuse
    # A dropdown that one comes to by Tab is closed until it is asked to open.
    page.locator("#sample-tries a").last.focus()
    page.keyboard.press("Tab")
    denoiser = page.locator("#sample-model input")
    expect(denoiser).to_be_focused()
    expect(denoiser).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(denoiser).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")  # who leaves it leaves it closed
    page.wait_for_timeout(300)  # for as long as Gradio would take to open it
    expect(denoiser).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("listbox")).to_have_count(0)
    denoiser.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # who chooses is still there
    page.wait_for_timeout(300)
    expect(denoiser).to_be_focused()
    expect(denoiser).to_have_attribute("aria-expanded", "false")


def test_what_is_shown_belongs_to_the_run_on_show(server: Server, page: Page) -> None:
    open_tab(page, server)
    # The controls say what plays beside them, with what was measured best for this denoiser.
    expect(page.locator("#sample-class input")).to_have_value("one of each")
    expect(page.locator("#sample-guidance input[type=number]")).to_have_value("1.2")
    film = page.locator("#sample-player figcaption strong").first.inner_text()
    assert film == "DPM-Solver++ 2M SDE"
    page.get_by_role("button", name="Python code").click()
    expect(page.locator("#sample-code")).to_be_visible(timeout=30_000)
    quick(page)
    generate(page)
    await_frames(page, ALL)
    expect(page.locator("#sample-code")).to_be_hidden()
    # One click downloads, under a name that tells what it is.
    with page.expect_download(timeout=60_000) as download:
        page.get_by_role("button", name="GIF", exact=True).click()
        status = page.locator("#sample-player .player-files [role=status]")
        expect(status).to_have_text("Making the GIF …")
    assert download.value.suggested_filename == "diffviz-fashion-one-of-each-seed-0.gif"
    expect(page.locator("#sample-file")).to_be_visible()
    expect(page.get_by_role("button", name="MP4", exact=True)).to_be_enabled()
    page.locator("#sample-model input").click()
    page.get_by_role("option", name="heroes").click()
    expect(page.locator("#sample-guidance input[type=number]")).to_have_value("2")
    generate(page)
    await_frames(page, ALL)
    expect(page.locator("#sample-file")).to_be_hidden()
    title = page.locator("#sample-player figcaption strong").first
    expect(title).to_have_text("DDIM")


def test_bad_settings_are_told_in_the_page(server: Server, page: Page) -> None:
    log = server.log.read_text()
    open_tab(page, server)
    page.get_by_role("button", name="Sampler and schedule").click()
    choose(page, "sample-schedule", "Drawn in Forward")
    generate(page)
    expect(page.locator(".toast-body")).to_contain_text("Draw a schedule in the Forward tab first")
    assert server.log.read_text() == log


def test_what_cannot_go_together_is_not_offered(server: Server, page: Page) -> None:
    open_tab(page, server)
    page.get_by_role("button", name="Sampler and schedule").click()
    set_slider(page, "sample-T", 10)
    expect(page.locator("#sample-steps input[type=number]")).to_have_value("10")
    expect(page.locator("#sample-steps")).to_contain_text("At most T = 10")
    set_slider(page, "sample-T", 1000)
    expect(page.locator("#sample-steps")).not_to_contain_text("At most")
    zero = page.locator("#sample-ztsnr input")
    zero.check()
    choose(page, "sample-schedule", "Karras (EDM)")
    expect(zero).to_be_disabled()
    expect(zero).not_to_be_checked()
    expect(page.locator("#sample-ztsnr")).to_contain_text("Only for schedules with α² + σ² = 1")
    page.locator("#sample-seed input").fill("1.5")
    page.locator("#sample-seed input").blur()
    expect(page.locator("#sample-seed input")).to_have_value("2")
    page.get_by_role("button", name="Race").click()
    rivals = page.locator("#sample-rivals")
    expect(rivals.get_by_label("DPM-Solver++ 2M SDE", exact=True)).to_have_count(0)
    for name in ("Heun", "UniPC"):
        rivals.get_by_label(name, exact=True).check()
    expect(rivals.locator("input")).to_have_count(2)
    expect(rivals).to_contain_text("take one away")
    choose(page, "sample-sampler", "Heun")
    expect(rivals.locator("input:checked")).to_have_count(1)
    expect(rivals.get_by_label("DDIM", exact=True)).to_be_enabled()
