"""Links: the address says what is seen, and leads back to it; so do files."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
import torch
from conftest import Server
from playwright.sync_api import Page, expect

from diffviz.media.files import save_png
from diffviz.runs.notes import note_of
from diffviz.runs.schema import RunSettings
from tests.e2e.controls import enter

PLAYER = "#sample-player .live-view"
STEPS = "#sample-steps input[type=number]"
LINKS = {  # what a link sets → what it looks like then
    "forward?example_name=boot&schedule=linear&schedule_parameters=beta_end%3D0.03&T=500&t=120"
    "&seed=3&rivals=flow&denoiser=fashion&what=sneaker&steps=20": {
        "#forward-canvas[data-t='120']": "",
        "#forward-schedule select": "linear",
        "#forward-T input": "500",
        "#forward-beta_end input": "0.03",
        "#forward-seed input": "3",
        "#forward-figures-of-rivals select, .forward-figures select": "flow",
        "#forward-denoiser select": "fashion",
        "#forward-back-class select": "sneaker",
        "#forward-back-steps select": "20",
    },
    "edit?task=upscale&factor=2&method=dps&denoiser=heroes&what=a+troll&example_name=hero": {
        "#edit-task": "upscale",
        "#edit-factor": "2",
        "#edit-method": "dps",
        "#edit-denoiser": "heroes",
        "#edit-words": "a troll",
    },
    "plane?data=spiral&sampler=heun&steps=20&schedule=linear&schedule_parameters=beta_end%3D0.03"
    "&count=300&beside=euler": {
        "#plane-sampler": "heun",
        "#plane-schedule": "linear",
        "#plane-steps": "20",
        "#plane-beside": "euler",
    },
    "train?data=fashion&classes=bag%2Cdress&preset=small&batch=64&channels=16%2C32": {
        "#train-preset input:checked": "small",
    },
}


def follow(page: Page, link: str) -> None:
    """As one who opens it in the page that is there already."""
    page.evaluate("link => { location.hash = link; }", link)


def test_a_link_restores_each_tab(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/#{next(iter(LINKS))}")
    for link, shown in LINKS.items():
        follow(page, link)
        for place, value in shown.items():
            element = page.locator(place).first
            element.wait_for(state="attached")
            if value:
                expect(element).to_have_value(value)
        expect(page).to_have_url(re.compile(f"#{link.partition('?')[0]}"))
        page.wait_for_function(
            "link => `${location.hash.slice(1).split(/[?&]/).sort()}` == link.split(/[?&]/).sort()",
            arg=link,
        )
    expect(page.locator("#link-told")).to_be_empty()
    page.goto("about:blank")
    # The tab begins with what the link says, without what it hides, be it with a label.
    page.goto(f"{server.url}/#edit?example_name=hero&hide=seed,negative,tries")
    expect(page.locator(".edit-sources [aria-pressed=true]")).to_have_attribute("data-name", "hero")
    expect(page.locator("#edit-mask")).not_to_have_attribute("data-share", "0.0000")
    for name in ("seed", "negative"):
        expect(page.locator(f"label:has(#edit-{name})")).to_be_hidden()
    expect(page.locator("#edit-steps")).to_be_visible()


def test_the_address_follows_and_leads_back_and_files_lead_there_too(
    server: Server, page: Page, tmp_path: Path
) -> None:
    def address() -> str:
        return str(page.evaluate("location.hash"))

    def run(frames: int) -> None:
        page.wait_for_function(f"document.querySelector('{PLAYER}')?.dataset.frames == {frames}")
        page.wait_for_timeout(500)  # an event is over a moment after its last message

    page.goto(server.url)
    page.locator("#forward-canvas").wait_for()
    assert address() == ""
    page.get_by_role("tab", name="Sample").click()
    page.locator("#sample-canvas").wait_for()
    enter(page, STEPS, 6)
    page.wait_for_function("location.hash == '#sample?steps=6'")
    page.locator("#sample-run").click()
    run(7)
    enter(page, STEPS, 5)
    page.locator("#sample-run").click()
    run(6)
    for go, steps in ((page.go_back, "6"), (page.go_back, "20"), (page.go_forward, "6")):
        go()
        expect(page.locator(STEPS)).to_have_value(steps)
        run(int(steps) + 1)  # what the address says is what is seen
    page.go_back()
    page.go_back()
    expect(page.get_by_role("tab", selected=True)).to_have_text("Forward")

    page.goto(f"{server.url}/#sample?denoiser=heroes&words=a+naga&count=1&steps=4&hide=seed,train")
    page.reload()
    run(5)
    expect(page.locator("#sample-words").get_by_role("textbox")).to_have_value("a naga")
    expect(page.locator("#sample-seed")).to_be_hidden()
    expect(page.get_by_role("tab", name="Train")).to_have_count(0)
    page.context.grant_permissions(["clipboard-write"])
    page.get_by_role("button", name="Share").click()
    expect(page.locator("#share")).to_contain_text("Link copied")

    file = tmp_path / "run.png"
    settings = RunSettings(condition={"class": "bag"}, steps=3, guidance=1.2, sampler="heun")
    save_png(torch.zeros(1, 1, 8, 8), file, note=note_of(settings))
    page.get_by_role("tab", name="Forward").click()
    page.evaluate(
        """([content, where]) => {
            const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], "run.png", { type: "image/png" }));
            document.querySelector(where).dispatchEvent(
                new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }));
        }""",
        [base64.b64encode(file.read_bytes()).decode(), "#forward-view .live-view"],
    )
    run(4)
    # What a class is not to see stays out of sight.
    assert address() == "#sample?count=1&steps=3&sampler=heun&what=bag&hide=seed%2Ctrain"


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("nowhere?steps=3", "This link leads nowhere; there is forward, sample, edit"),
        ("sample?steps=999&wings=2", "Steps must be a whole number from 1 to 250, not 999."),
        ("forward?schedule=straight", "Unknown schedule 'straight'; choose from linear"),
    ],
)
def test_a_broken_link_is_told(server: Server, page: Page, link: str, told: str) -> None:
    page.goto(f"{server.url}/#{link}")
    expect(page.locator("#link-told")).to_contain_text(told)
    page.locator("#forward-canvas:visible, #sample-canvas:visible").wait_for()
