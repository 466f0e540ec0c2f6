"""Behind nginx, as deploy/nginx has it: under a path, and as several replicas."""

from __future__ import annotations

import io
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from diffviz.data.examples import example_path
from tests.e2e.nginx import nginx
from tests.e2e.test_sample import ALL, PLAYER, quick
from tests.running import Server, running_server
from tests.waiting import PATIENCE, eventually

GUESS = (Path(__file__).parent / "scripts" / "guess.js").read_text()
MANY = 20  # visitors, of whom all are on one of two replicas once in half a million times


@pytest.fixture(scope="module")
def prefixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the app under a path."""
    folder = tmp_path_factory.mktemp("prefixed")
    settings = {"DIFFVIZ_ROOT_PATH": "/diffviz", "DIFFVIZ_TRUSTED_PROXIES": "1"}
    with (
        running_server(folder, **settings) as app,
        nginx("prefix.conf", folder, {"http://127.0.0.1:7860;": f"{app.url};"}) as url,
    ):
        yield f"{url}/diffviz"


def generate(page: Page, patience: float = PATIENCE) -> None:
    """Click, and wait for the run's last frame."""
    page.get_by_role("tab", name="Sample").click()
    page.locator("#sample-canvas").wait_for()
    quick(page)
    run = page.locator(PLAYER).get_attribute("data-run")
    page.locator("#sample-run").click()
    page.wait_for_function(
        f"run => (data => data.run !== run && data.frames == {ALL})"
        f"(document.querySelector('{PLAYER}').dataset)",
        arg=run,
        timeout=patience * 1000,
    )


def generates(page: Page) -> bool:
    """Whether a click brings pictures: one in the moment of a replica's death is lost with it, and
    the page may begin anew meanwhile."""
    try:
        generate(page, PATIENCE / 6)
    except PlaywrightError:
        return False
    return True


def test_every_event_goes_under_the_path(prefixed: str, page: Page) -> None:
    asked: list[str] = []
    failed: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda r: failed.append(r.url) if r.status >= 400 else None)
    page.on("console", lambda m: said.append(f"{m.text} {m.location['url']}"))
    page.goto(prefixed)  # without a slash at its end
    assert page.url == f"{prefixed}/"

    canvas = page.locator("#forward-canvas[data-t]")
    canvas.wait_for()
    picture = io.BytesIO()
    Image.new("RGB", (300, 100), (255, 128, 0)).save(picture, "PNG")
    with page.expect_response(lambda answer: "gradio_api/upload" in answer.url):
        page.locator("#forward-upload").set_input_files(
            {"name": "wide.png", "mimeType": "image/png", "buffer": picture.getvalue()}
        )
    page.wait_for_function(
        "() => (c => c.width > 2 * c.height)(document.querySelector('#forward-canvas'))"
    )
    page.locator("#forward-t").dispatch_event("pointerdown")  # ends the introduction
    page.evaluate(GUESS, 300)

    generate(page)
    page.get_by_role("button", name="GIF").click()
    with page.expect_download() as download:
        page.locator("#sample-file a[href]").first.click(timeout=PATIENCE * 1000)
    assert Path(download.value.path()).read_bytes().startswith(b"GIF8")

    page.get_by_role("tab", name="Train").click()
    page.locator("#train-canvas[data-sheet]").wait_for()
    page.locator("#train-start").click()
    state = page.locator("#train-view .live-view:not([data-job=recorded])[data-state=running]")
    state.wait_for(timeout=PATIENCE * 1000)
    with page.expect_response(lambda answer: "/train/" in answer.url) as polled:
        pass
    assert polled.value.ok
    with page.expect_response(lambda answer: "component_server" in answer.url) as stopped:
        page.locator("#train-view [data-action=stop]").click()
    assert stopped.value.ok

    outside = [url for url in asked if not url.startswith((f"{prefixed}/", "data:", "blob:"))]
    assert outside == [prefixed]
    assert failed == []
    host = prefixed.removesuffix("/diffviz")
    # The browser looks for an icon by itself; what else is on the host is not ours.
    assert [line for line in said if not line.endswith(f" {host}/favicon.ico")] == []


def test_programs_go_under_the_path(prefixed: str, tmp_path: Path) -> None:
    client = Client(f"{prefixed}/", download_files=str(tmp_path), verbose=False)
    picture = handle_file(str(example_path("marbles")))
    noised, _ = client.predict(picture=picture, t=300, api_name="/noise")
    with Image.open(noised) as image:
        assert image.size == (256, 256)
    started = client.predict(data="digits", minutes=1, api_name="/train_start")
    with urllib.request.urlopen(f"{prefixed}/train/{started['id']}", timeout=10) as answer:
        assert answer.status == 200
    client.predict(started["id"], started["owner"], api_name="/train_delete")


@pytest.fixture
def replicas(server: Server, tmp_path: Path) -> Iterator[tuple[str, Path, Server]]:
    """nginx before the browser tests' own server and a second one on the same trainings: its URL,
    its log, and the second one."""
    shared = str(server.log.parent / "trainings")
    with running_server(tmp_path, DIFFVIZ_TRAININGS=shared) as second:
        places = {
            "127.0.0.1:7861": server.url.removeprefix("http://"),
            "127.0.0.1:7862": second.url.removeprefix("http://"),
        }
        with nginx("replicas.conf", tmp_path, places) as url:
            yield url, tmp_path / "nginx" / "access.log", second


def homes(log: Path, cookie: str) -> set[str]:
    """The addresses of those that answered requests with that cookie."""
    lines = [line.split(" ", 1) for line in log.read_text().splitlines()]
    return {rest.rsplit(" ", 4)[0] for value, rest in lines if value == cookie}


def test_each_visitor_stays_with_a_replica_until_it_dies(
    replicas: tuple[str, Path, Server], browser: Browser, tmp_path: Path
) -> None:
    url, log, second = replicas
    cookies: dict[str, str] = {}
    for _ in range(MANY):
        with httpx.Client(base_url=url) as visitor:
            for _ in range(4):
                assert visitor.get("/healthz").status_code == 200
            cookie = visitor.cookies["diffviz"]
            (home,) = homes(log, cookie)
        cookies[home] = cookie
    assert len(cookies) == 2

    program = Client(url, download_files=str(tmp_path), verbose=False)  # keeps no cookies
    for seed in range(4):
        program.predict(what="bag", count=1, steps=2, seed=seed, api_name="/sample")

    # A training begun at one is seen at the other, and run by one of them.
    direct = Client(second.url, download_files=str(tmp_path), verbose=False)
    training = direct.predict(minutes=5, api_name="/train_start")
    job, owner = training["id"], training["owner"]

    def runs() -> bool:
        return bool(program.predict(job, api_name="/train_status")["state"] == "running")

    eventually(runs, "it runs")
    direct.predict(job, owner, api_name="/train_delete")

    # Two visitors that sample: each on its own, then both on the one that is left.
    contexts = [browser.new_context() for _ in cookies]
    try:
        pages = [context.new_page() for context in contexts]
        for page, (home, cookie) in zip(pages, cookies.items(), strict=True):
            page.context.add_cookies([{"name": "diffviz", "value": cookie, "url": url}])
            page.goto(url)
            generate(page)
            assert homes(log, cookie) == {home}
        second.process.kill()
        second.process.wait()
        for page in pages:
            eventually(partial(generates, page), "it runs at the one that is left")
    finally:
        for context in contexts:
            context.close()
    program.predict(what="bag", count=1, steps=2, api_name="/sample")
