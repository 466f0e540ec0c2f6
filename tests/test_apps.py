"""Two apps with different settings in one process: nothing of one is seen in the other."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from diffviz.config import Config
from diffviz.ui.app import create_app

PNG = Path(__file__).parent.parent / "diffviz" / "data" / "example_pictures" / "boot.png"


@dataclass(frozen=True)
class App:
    """A running app, as a program on its machine asks it."""

    http: TestClient
    settings: Config

    def upload(self) -> str:
        """Of a picture; returns its path on the server."""
        answer = self.http.post("/gradio_api/upload", files={"files": PNG.read_bytes()})
        return str(answer.json()[0])

    def begin(self, name: str, *values: Any) -> str:
        """Call an endpoint; returns the address of its answer."""
        answer = self.http.post(f"/gradio_api/call/{name}", json={"data": values})
        assert answer.status_code == 200, answer.text
        return f"/gradio_api/call/{name}/{answer.json()['event_id']}"

    def answer(self, address: str) -> Any:
        """What an endpoint answered at last: its values, or {"error": a sentence}."""
        said = self.http.get(address).text
        return json.loads(said.strip().rsplit("data: ", 1)[1])

    def call(self, name: str, *values: Any) -> Any:
        return self.answer(self.begin(name, *values))

    def metric(self, name: str) -> float | None:
        """A sample of that name and labels; None where there is none."""
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.http.get("/metrics").text, re.M)
        return float(found[1]) if found else None


def noise_of(path: str | None) -> tuple[Any, ...]:
    file = path and {"path": path, "meta": {"_type": "gradio.FileData"}}
    return file, "boot", "cosine", 1000, 500, 0, False, {}, [], False


def sample_of(steps: int) -> tuple[Any, ...]:
    run = ("dress", 4, 0, 2.0, steps, "ddim", "cosine", "trailing", 1000, False, False)
    return *run, "fashion", "", "", [], "", {}, {}, [], 0.0, 1000.0


def opened(folder: Path, **settings: Any) -> App:
    config = Config(uploads=folder / "uploads", trainings=folder / "trainings", **settings)

    async def make() -> Any:  # where none runs, Gradio starts an event loop and leaves it open
        return create_app(config)

    return App(TestClient(asyncio.run(make()), client=("127.0.0.1", 50_000)), config)


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, App]]:
    """One that trains and has one place; another that does not train, with many places."""
    one = opened(tmp_path_factory.mktemp("one"), places=1, line=0)
    other = opened(tmp_path_factory.mktemp("other"), training=False, frame_ancestors="'none'")
    with one.http, other.http:
        yield one, other


def test_each_has_its_page_and_its_policy(apps: tuple[App, App]) -> None:
    for app in apps:
        page = app.http.get("/")
        assert page.status_code == 200
        policy = page.headers["content-security-policy"]
        assert f"frame-ancestors {app.settings.frame_ancestors}" in policy
    shown = ["Training is switched off" in app.http.get("/config").text for app in apps]
    assert shown == [False, True]


def test_each_has_its_uploads_and_takes_no_other_s(apps: tuple[App, App]) -> None:
    paths = [app.upload() for app in apps]
    for app, own, foreign in zip(apps, paths, reversed(paths), strict=True):
        assert Path(own).is_relative_to(app.settings.uploads)
        noisy, facts = app.call("noise", *noise_of(own))
        assert facts["t"] == 500
        assert Path(noisy["path"]).is_relative_to(app.settings.uploads)
        assert app.http.get(f"/gradio_api/file={noisy['path']}").status_code == 200
        refused = app.http.post("/gradio_api/call/noise", json={"data": noise_of(foreign)})
        assert refused.status_code == 400
        assert "uploaded here first" in refused.text
        assert app.http.get(f"/gradio_api/file={foreign}").status_code == 403


def test_one_trains_and_the_other_does_not(apps: tuple[App, App]) -> None:
    one, other = apps
    job = "0" * 16
    assert "no such training" in one.call("train_status", job, 0)["error"]
    assert "switched off" in other.call("train_status", job, 0)["error"]
    assert one.metric('diffviz_trainings{state="running"}') == 0
    assert other.metric('diffviz_trainings{state="running"}') is None
    assert (one.settings.trainings / "supervisor.lock").exists()
    assert not other.settings.trainings.exists()


def test_each_has_its_places(apps: tuple[App, App]) -> None:
    one, other = apps
    long, refused = one.begin("sample", *sample_of(30)), one.begin("sample", *sample_of(1))
    both = [other.begin("sample", *sample_of(2)) for _ in range(2)]
    assert "busy: 1 runs are under way" in one.answer(refused)["error"]
    assert all(other.answer(address)[1]["fingerprint"] for address in both)
    assert one.answer(long)[1]["fingerprint"]


def test_each_counts_its_own(apps: tuple[App, App]) -> None:
    one, other = apps
    page = 'diffviz_requests_total{route="/",status="200"}'
    closed = 'diffviz_refused_total{reason="closed"}'
    before = [(app.metric(page) or 0, app.metric(closed) or 0) for app in apps]
    other.http.get("/")
    one.http.get("/monitoring")
    after = [(app.metric(page) or 0, app.metric(closed) or 0) for app in apps]
    assert after == [(before[0][0], before[0][1] + 1), (before[1][0] + 1, before[1][1])]


def test_a_failure_is_counted_where_it_was(
    apps: tuple[App, App], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("ours")

    _, other = apps
    monkeypatch.setattr("diffviz.ui.forward.api.facts_of", fail)
    before = [app.metric("diffviz_errors_total") for app in apps]
    other.call("noise", *noise_of(None))
    assert [app.metric("diffviz_errors_total") for app in apps] == [before[0], before[1] + 1]
