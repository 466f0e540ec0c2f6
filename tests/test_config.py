"""What a host may set: each value is read, and a wrong one told in a sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from diffviz.__main__ import main
from diffviz.config import Config, read_config
from diffviz.metrics import Metrics
from diffviz.serving.backend import make_backend

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("DIFFVIZ_", "GRADIO_")):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("DIFFVIZ_THREADS", "3", "threads", 3),
        ("DIFFVIZ_TRAINING", "off", "training", False),
        ("DIFFVIZ_ROOT_PATH", "/a/b-c/", "root_path", "/a/b-c"),
        ("GRADIO_ROOT_PATH", "/space", "root_path", "/space"),
        ("DIFFVIZ_UPLOADS", "/srv/up", "uploads", Path("/srv/up")),
        ("GRADIO_TEMP_DIR", "/srv/up", "uploads", Path("/srv/up")),
        ("DIFFVIZ_TRAININGS", "/srv/jobs", "trainings", Path("/srv/jobs")),
        ("DIFFVIZ_PUBLIC", "yes", "public", True),
        ("DIFFVIZ_TRUSTED_PROXIES", "2", "trusted_proxies", 2),
        ("DIFFVIZ_FRAME_ANCESTORS", "*", "frame_ancestors", "*"),
        ("DIFFVIZ_LOG_FORMAT", "json", "log_format", "json"),
        ("DIFFVIZ_SLOW_SECONDS", "2.5", "slow_seconds", 2.5),
    ],
)
def test_a_value_is_read(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, field: str, value: object
) -> None:
    monkeypatch.setenv(name, text)
    assert getattr(Config(), field) == value


@pytest.mark.parametrize(
    ("host", "proxies", "public"),
    [
        ("127.0.0.1", "0", False),
        ("localhost", "0", False),
        ("::1", "0", False),
        ("127.0.0.1", "1", True),
        ("0.0.0.0", "0", True),
        ("192.168.1.2", "0", True),
        ("example.org", "0", True),
    ],
)
def test_strangers_come_where_others_can_reach_it(
    monkeypatch: pytest.MonkeyPatch, host: str, proxies: str, public: bool
) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", host)
    monkeypatch.setenv("DIFFVIZ_TRUSTED_PROXIES", proxies)
    assert Config().public is public


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("DIFFVIZ_THREADS", "-1"),
        ("DIFFVIZ_THREADS", "many"),
        ("DIFFVIZ_THREADS", ""),
        ("DIFFVIZ_TRAINING", "perhaps"),
        ("DIFFVIZ_ROOT_PATH", "diffviz"),
        ("DIFFVIZ_ROOT_PATH", "/a?b"),
        ("DIFFVIZ_ROOT_PATH", "https://example.org/a"),
        ("GRADIO_ROOT_PATH", "/a\r\nSet-Cookie: b"),
        ("DIFFVIZ_FRAME_ANCESTORS", "'self'; script-src *"),
        ("DIFFVIZ_FRAME_ANCESTORS", ""),
        ("DIFFVIZ_SLOW_SECONDS", "nan"),
        ("DIFFVIZ_SLOW_SECONDS", "0"),
        ("DIFFVIZ_TRUSTED_PROXIES", "11"),
        ("DIFFVIZ_RATE_EVENTS", "0"),
        ("DIFFVIZ_LOG_LEVEL", "loud"),
        ("DIFFVIZ_TRAINING_HOURS", "inf"),
    ],
)
def test_a_wrong_value_is_told(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SystemExit) as end:
        read_config()
    assert re.match(rf"{name}=.* will not do: \w+", str(end.value))
    assert "\n" not in str(end.value)


def test_the_server_does_not_start_with_a_wrong_value() -> None:
    started = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={"DIFFVIZ_TRUSTED_PROXIES": "all", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert started.returncode == 1
    assert started.stderr.startswith("DIFFVIZ_TRUSTED_PROXIES='all' will not do")
    assert "Traceback" not in started.stderr


def test_the_readme_tells_every_setting() -> None:
    told = set(re.findall(r"`(DIFFVIZ_[A-Z_]+)`", (ROOT / "README.md").read_text()))
    assert told == {f"DIFFVIZ_{name}".upper() for name in Config.model_fields}


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="that device is here")
def test_a_device_that_is_not_here_is_told_at_start(tmp_path: Path) -> None:
    settings = Config(device="mps", trainings=tmp_path / "trainings", uploads=tmp_path)
    with pytest.raises(SystemExit, match="DIFFVIZ_DEVICE=mps will not do: there is no mps device"):
        make_backend(settings, Metrics())


def test_a_command_tells_a_wrong_setting_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DIFFVIZ_DEVICE", "tpu")
    assert main(["sample"]) == 2
    assert "DIFFVIZ_DEVICE='tpu' will not do" in capsys.readouterr().err
