"""The Train tab, as a visitor uses it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from conftest import Server, start_server
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.e2e.controls import enter
from tests.e2e.test_sample import ALL, quick
from tests.waiting import PATIENCE, eventually

VIEW = "#train-view .live-view"
QUICK: dict[str, Any] = {"data": "digits", "channels": "16,32", "minutes": 0.3}


class Jobs:
    """A server's trainings, over its API; knows those that it has to delete at the end."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.client = Client(server.url, download_files=str(folder), verbose=False)
        self.owners: dict[str, str] = {}

    def start(self, owner: str = "", **settings: Any) -> str:
        started = self.client.predict(
            **{**QUICK, **settings}, owner=owner or secrets.token_hex(8), api_name="/train_start"
        )
        self.owners[started["id"]] = started["owner"]
        return str(started["id"])

    def act(self, action: str, job: str, owner: str = "") -> dict[str, Any]:
        owner = owner or self.owners[job]
        told: dict[str, Any] = self.client.predict(job, owner, api_name=f"/train_{action}")
        return told

    def status(self, job: str) -> dict[str, Any] | None:
        """None when it is gone."""
        try:
            with urllib.request.urlopen(f"{self.server.url}/train/{job}", timeout=10) as answer:
                told: dict[str, Any] = json.load(answer)
                return told
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 404:
                raise
            return None

    def await_state(self, job: str, state: str, images: int = 0) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            status = self.status(job)
            assert status, "the training is gone"
            assert status["state"] != "failed" or state == "failed", status["message"]
            return status if status["state"] == state and status["images"] >= images else None

        return eventually(there, f"{job} {state} after {images} pictures")

    def run(self, owner: str = "", **settings: Any) -> str:
        """Start one and wait until it trains."""
        job = self.start(owner, **settings)
        self.await_state(job, "running", images=1)
        return job

    def delete_all(self) -> None:
        for job in self.owners:
            if self.status(job):
                self.act("delete", job)
        for job in self.owners:
            eventually(lambda job=job: self.status(job) is None, f"{job} deleted")
        self.owners.clear()


@pytest.fixture(scope="module")
def api(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    return Jobs(server, tmp_path_factory.mktemp("got"))


@pytest.fixture
def jobs(api: Jobs) -> Iterator[Jobs]:
    """None of them is left after the test."""
    yield api
    api.delete_all()


def open_tab(page: Page, server: Server, owner: str = "") -> None:
    """owner: whose browser it is; a stranger's when there is none."""
    if owner:
        page.add_init_script(f"localStorage.setItem('diffviz.owner', '{owner}')")
    page.goto(server.url)
    page.get_by_role("tab", name="Train").click()
    page.wait_for_selector("#train-canvas[data-sheet]", timeout=PATIENCE * 1000)


def data(page: Page, name: str) -> str:
    return str(page.eval_on_selector(VIEW, f"e => e.dataset.{name} ?? ''"))


def await_data(page: Page, condition: str) -> None:
    """condition: in JavaScript, of `data`, the view's dataset."""
    page.wait_for_function(
        f"(data => data && {condition})(document.querySelector('{VIEW}')?.dataset)",
        timeout=PATIENCE * 1000,
    )


def press(page: Page, action: str) -> None:
    page.locator(f"{VIEW} [data-action={action}]").click()


def slide(page: Page, slider: str, value: int) -> None:
    page.eval_on_selector(
        slider, "(e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }", value
    )


def painted(page: Page) -> list[int]:
    canvas = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    return list(page.eval_on_selector("#train-canvas", canvas))


def token_of(page: Page) -> str:
    return str(page.evaluate("localStorage.getItem('diffviz.owner')"))


def choose_own_pictures(page: Page, files: list[Path]) -> None:
    page.locator("#train-data input").click()
    page.get_by_role("option", name="Your own pictures").click()
    page.locator("#train-size").get_by_text("16", exact=True).click()
    with page.expect_response(lambda answer: "upload" in answer.url):
        page.locator("#train-files input[type=file]").set_input_files(files)
    page.locator("#train-files").get_by_text(files[0].stem).first.wait_for()


def set_minutes(page: Page, minutes: float) -> None:
    page.get_by_role("button", name="All settings").click()
    enter(page, "#train-minutes input", minutes)


def pictures(folder: Path, count: int) -> list[Path]:
    pixels = np.random.default_rng(1).integers(0, 255, (count, 20, 20, 3), dtype=np.uint8)
    paths = [folder / f"picture{i}.png" for i in range(count)]
    for path, values in zip(paths, pixels, strict=True):
        Image.fromarray(values).save(path)
    return paths


def test_a_recorded_training_is_there_before_the_first_click(server: Server, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_tab(page, server)
    assert data(page, "job") == "recorded"
    slide(page, "#train-time", 0)
    page.wait_for_selector("#train-canvas[data-sheet='0']")
    first = painted(page)
    slide(page, "#train-time", 10)
    page.wait_for_selector("#train-canvas:not([data-sheet='0'])")
    later = painted(page)
    slide(page, "#train-step", 0)
    page.wait_for_selector("#train-canvas[data-step='0']")
    assert first != later != painted(page)
    assert not [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]


def test_a_training_from_its_start_to_its_end(server: Server, page: Page, jobs: Jobs) -> None:
    open_tab(page, server)
    set_minutes(page, 0.5)
    page.evaluate(
        f"""() => {{
            const view = document.querySelector("{VIEW}");
            window.states = [];
            new MutationObserver(() => {{
                const {{ job, state }} = view.dataset;
                if (job !== "recorded" && state && window.states.at(-1) !== state)
                    window.states.push(state);
            }}).observe(view, {{ attributeFilter: ["data-state"] }});
        }}"""
    )
    page.locator("#train-start").click()
    await_data(page, "data.job !== 'recorded' && data.state === 'running'")
    job = data(page, "job")
    jobs.owners[job] = token_of(page)
    assert page.evaluate("window.states") in (["queued", "running"], ["running"])
    await_data(page, "data.sheets >= 2")
    page.reload()  # as when the laptop was closed: its owner finds it again
    page.get_by_role("tab", name="Train").click()
    await_data(page, f"data.job === '{job}' && data.state === 'running'")
    expect(page.locator(f"{VIEW} [data-action=pause]")).to_be_visible()
    expect(page.locator(f"{VIEW} [data-action=stop]")).to_be_visible()
    await_data(page, "data.state === 'finished' && data.sheets >= 3")
    expect(page.locator(f"{VIEW} .train-state")).to_have_text("finished")
    assert int(page.locator("#train-loss").get_attribute("data-points") or 0) > 3


def test_those_who_have_the_link_may_watch(
    server: Server, page: Page, browser: Browser, jobs: Jobs
) -> None:
    owner = secrets.token_hex(8)
    job = jobs.run(owner, minutes=5)
    page.goto(f"{server.url}/?train={job}")  # the link opens the tab
    await_data(page, f"data.job === '{job}' && data.state === 'running'")
    expect(page.get_by_role("button", name="Link to watch")).to_be_visible()
    assert page.locator(f"{VIEW} [data-action]:not([data-action=take])").count() == 0
    for action in ("pause", "stop", "delete"):
        with pytest.raises(AppError, match="nly the one who started this training can"):
            jobs.act(action, job, token_of(page))

    # With one at work, the next waits.
    second = jobs.start(owner)
    status = jobs.status(second)
    assert status
    assert (status["state"], status["position"]) == ("queued", 1)
    third = jobs.start(owner)
    page.goto(f"{server.url}/?train={second}")
    expect(page.locator(f"{VIEW} .train-state")).to_have_text("next in the queue")
    page.goto(f"{server.url}/?train={third}")
    expect(page.locator(f"{VIEW} .train-state")).to_have_text("number 2 in the queue")


def test_a_link_names_a_training_and_nothing_else(server: Server, page: Page) -> None:
    """What looks like a status, uploaded by a stranger, is not shown as one of ours."""
    words = {"title": "A stranger's words", "state": "running", "sheets": [], "points": []}
    form = {
        "files": {"name": "a.json", "mimeType": "text/plain", "buffer": json.dumps(words).encode()}
    }
    (path,) = page.request.post(f"{server.url}/gradio_api/upload", multipart=form).json()
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if path in r.url else None)
    page.goto(f"{server.url}/?train={quote(f'../gradio_api/file={path}?x=')}")
    expect(page.locator(f"{VIEW} .train-message")).to_contain_text("the link is wrong")
    assert page.get_by_text("A stranger's words").count() == 0
    assert [url for url in asked if "/?train=" not in url] == []


def test_nobody_asks_while_nobody_looks(server: Server, page: Page, jobs: Jobs) -> None:
    owner = secrets.token_hex(8)
    job = jobs.run(owner, minutes=5)
    open_tab(page, server, owner)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url) if f"/train/{job}?" in r.url else None)

    def polls(seconds: float) -> int:
        asked.clear()
        page.wait_for_timeout(1000 * seconds)
        return len(asked)

    assert polls(3) >= 1
    page.get_by_role("tab", name="Forward").click()
    page.wait_for_timeout(500)
    assert polls(3) == 0
    page.get_by_role("tab", name="Train").click()
    assert polls(3) >= 1
    page.evaluate(
        """() => {
            const get = () => window.shown ?? "hidden";
            Object.defineProperty(document, "visibilityState", { get });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    page.wait_for_timeout(500)
    assert polls(3) == 0
    page.evaluate(
        "window.shown = 'visible', document.dispatchEvent(new Event('visibilitychange')), 0"
    )
    assert polls(3) >= 1


def test_its_owner_controls_it_and_uses_it(
    server: Server, page: Page, jobs: Jobs, tmp_path: Path
) -> None:
    owner = secrets.token_hex(8)
    job = jobs.run(owner, minutes=5)
    open_tab(page, server, owner)
    page.locator(f"{VIEW} [data-action=pause]").press("Enter")
    await_data(page, "data.state === 'paused'")
    assert page.evaluate("document.activeElement.matches('.player-files')")  # not lost
    page.keyboard.press("Tab")
    expect(page.locator(f"{VIEW} [data-action=resume]")).to_be_focused()
    reached = int(data(page, "images"))
    press(page, "resume")
    await_data(page, f"data.state === 'running' && data.images > {reached}")
    press(page, "stop")
    await_data(page, "data.state === 'stopped'")

    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert sorted(archive.namelist()) == ["my-digits.json", "my-digits.safetensors"]
        assert json.loads(archive.read("my-digits.json"))["images_seen"] >= reached
    got = jobs.client.predict(job, owner, api_name="/train_download")
    assert zipfile.is_zipfile(got)
    with pytest.raises(AppError, match="nly the one who trained this denoiser"):
        jobs.client.predict(job, "0" * 16, api_name="/train_download")

    for token in ("", "0" * 16):
        with pytest.raises(AppError, match="nly the one who trained this denoiser"):
            jobs.client.predict(denoiser=f"training:{job}", owner=token, api_name="/sample")
    press(page, "use")
    page.wait_for_selector("#sample-canvas")
    expect(page.locator("#sample-model input")).to_have_value("yours: digits · tiny")
    player = "#sample-player .live-view"
    quick(page)
    before = page.eval_on_selector(player, "e => e.dataset.run")
    page.locator("#sample-run").click()
    page.wait_for_function(
        f"(({{run, frames}}) => run !== '{before}' && frames == {ALL})"
        f"(document.querySelector('{player}').dataset)"
    )
    size = page.eval_on_selector("#sample-canvas", "c => [c.width, c.height]")
    assert all(side % 16 == 0 or side % 17 in (15, 16) for side in size), size

    page.get_by_role("tab", name="Train").click()
    page.on("dialog", lambda dialog: dialog.accept())
    press(page, "delete")
    expect(page.locator(f"{VIEW} .train-message")).to_contain_text("“digits · tiny” is deleted")
    assert data(page, "job") == "recorded"
    expect(page.locator(f"{VIEW} .train-title")).to_contain_text("A recorded training")
    assert jobs.status(job) is None


def test_ones_own_pictures(server: Server, page: Page, jobs: Jobs, tmp_path: Path) -> None:
    open_tab(page, server)
    choose_own_pictures(page, pictures(tmp_path, 20))
    page.locator("#train-start").click()
    expect(page.locator(".toast-body")).to_contain_text("20 pictures")  # it fades by itself
    await_data(page, "data.job !== 'recorded' && data.state === 'running' && data.images > 0")
    job = data(page, "job")
    jobs.owners[job] = token_of(page)
    expect(page.locator(f"{VIEW} .train-title")).to_contain_text("own pictures")
    status = jobs.status(job)
    assert status
    assert status["sheet"]["shape"][2:] == [3, 16, 16]


def test_what_will_not_do_is_told_in_the_page(
    server: Server, page: Page, jobs: Jobs, tmp_path: Path
) -> None:
    log = server.log.read_text()
    few = tmp_path / "three.zip"
    with zipfile.ZipFile(few, "w") as archive:
        for path in pictures(tmp_path, 3):
            archive.write(path, path.name)
    open_tab(page, server)
    choose_own_pictures(page, [few])
    page.locator("#train-start").click()
    toast = page.locator(".toast-body")
    expect(toast).to_contain_text("It takes at least 16 pictures, and here are 3 that can be used")
    ours: list[tuple[dict[str, Any], str]] = [
        ({"channels": "7"}, "hannels"),
        ({"channels": "many"}, "hannels must be whole numbers"),
        ({"batch": 9999}, "4096"),
        ({"learning_rate": 5}, "0.1"),
        ({"minutes": 1e6}, "inutes must be a number from 0 to 60000"),
        ({"minutes": 1000}, "720 minutes"),
        ({"minutes": -3}, "inutes must be a number from 0 to 60000, not -3"),
        ({"p_std": 9}, "p std must be a number from 0.1 to 5"),
        ({"seed": -1}, "eed must be a whole number from 0"),
        ({"objective": "magic"}, "nknown parametrization 'magic'; choose from"),
        ({"data": "cats"}, "nknown data 'cats'; choose from"),
        ({"classes": ["eleven"]}, "eleven"),
        ({"preset": "huge"}, "nknown preset 'huge'; choose from tiny"),
        ({"start_from": "nothing"}, "nknown start from 'nothing'; choose from"),
        ({"data": "own"}, "at least 16 pictures"),
        ({"owner": "short"}, "16 to 64"),
    ]
    for wrong, told in ours:
        with pytest.raises(AppError, match=told):
            jobs.start(**wrong)
    for job in ("../jobs", "0" * 16):
        with pytest.raises(AppError, match="here is no such training"):
            jobs.act("stop", job, "0" * 16)
    assert server.log.read_text() == log


def processes(word: str) -> list[int]:
    """Those that run and have this among their arguments, or in one of them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:  # ended meanwhile
            continue
    return found


def test_a_training_outlives_the_app(tmp_path: Path) -> None:
    app = start_server(tmp_path)
    try:
        jobs = Jobs(app, tmp_path)
        job = jobs.start(minutes=5)
        reached = jobs.await_state(job, "running", images=1000)["images"]
        app.process.kill()
        app.process.wait()
        owners = jobs.owners
        app = start_server(tmp_path)
        jobs = Jobs(app, tmp_path)
        jobs.owners = owners
        jobs.await_state(job, "running", images=reached + 1)
        eventually(lambda: len(processes(job)) == 1, "one process trains it")
        jobs.delete_all()
        eventually(lambda: not processes(str(tmp_path)), "no process left")
    finally:
        app.process.kill()
        app.process.wait()
        for left in processes(str(tmp_path)):
            os.kill(left, signal.SIGKILL)
