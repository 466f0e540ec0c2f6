"""The app as a Space runs it: no root, nothing to write to but a temporary folder, one core."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from gradio_client import Client, handle_file

from diffviz.data.examples import example_path
from tests.running import ROOT, Server, free_port, launch
from tests.waiting import PATIENCE

MEMORY = 2 * 2**30
READ_ALL = "dac_read_search"
# What the container does, which is run here without one: each instruction's last words.
DOCKERFILE = {
    line.split(" ", 1)[0]: line.split(" ", 1)[1]
    for line in (ROOT / "Dockerfile").read_text().splitlines()
    if re.match("[A-Z]+ ", line)
}
USER = int(DOCKERFILE["USER"])
COMMAND = json.loads(DOCKERFILE["CMD"])
COMPLAINT = re.compile(r"error|warning|traceback", re.IGNORECASE)
START, STATUS = "/train_start", "/train_status"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What git tracks, in a folder that its reader cannot write."""
    if os.getuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root, with setpriv of util-linux, can start the app as somebody else")
    folder = tmp_path_factory.mktemp("space") / "project"
    for path in tracked():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return folder


def tracked() -> list[Path]:
    """What git knows, or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def as_user() -> list[str]:
    """The words before a command that let the container's user run it: they may read and run all
    files, since Python itself may be root's alone, but write none that are not theirs."""
    return [
        "setpriv",
        f"--reuid={USER}",
        f"--regid={USER}",
        "--clear-groups",
        f"--inh-caps=-all,+{READ_ALL}",
        f"--ambient-caps=-all,+{READ_ALL}",
        f"--bounding-set=-all,+{READ_ALL}",
        "--no-new-privs",
    ]


@contextmanager
def space(project: Path, folder: Path, **settings: str) -> Iterator[Server]:
    """The app as the container's user, on one core, with the few variables that a Space sets.
    `folder` gets a HOME that the user cannot write, and a temporary folder."""
    home, temporary = folder / "home", folder / "tmp"
    home.mkdir(mode=0o500)
    temporary.mkdir()
    os.chown(temporary, USER, USER)
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "SYSTEM": "spaces",
        "SPACE_ID": "somebody/diffviz",
        "GRADIO_SERVER_PORT": str(free_port()),
        "GRADIO_THEME": "huggingface",
        **dict(pair.split("=", 1) for pair in DOCKERFILE["ENV"].split()),
        **{name: value.format(tmp=temporary) for name, value in settings.items()},
    }
    core = str(min(os.sched_getaffinity(0)))
    python = ["taskset", "-c", core, *as_user(), sys.executable]
    for place in (project, home):
        written = subprocess.run(
            [*python, "-c", "open('written', 'w')"], cwd=place, capture_output=True, text=True
        )
        assert "Permission denied" in written.stderr
    assert COMMAND[0] == "python"
    running = launch([*python, *COMMAND[1:]], project, environment, folder / "log.txt")
    try:
        yield running
    finally:
        running.stop()
    assert list(home.iterdir()) == []


def memory_peak(pid: int) -> int:
    """Bytes that a process and its children have held at most; what they share counts twice."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        tasks = [task.read_text().split() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has just ended
        return 0
    if "VmHWM:" not in status:
        return 0
    own = int(status.split("VmHWM:")[1].split()[0]) * 1024
    return own + sum(memory_peak(int(child)) for task in tasks for child in task)


def test_without_a_place_for_trainings_all_else_works(project: Path, tmp_path: Path) -> None:
    with space(project, tmp_path, DIFFVIZ_TRAININGS=str(project / "trainings")) as server:
        uids = Path(f"/proc/{server.process.pid}/status").read_text().split("Uid:")[1].split()[:4]
        assert {int(uid) for uid in uids} == {USER}
        with urllib.request.urlopen(server.url, timeout=30) as answer:
            assert "Training is switched off on this server" in answer.read().decode()
        client = Client(server.url, download_files=str(tmp_path), verbose=False)
        picture = handle_file(str(example_path("marbles")))
        noised, _ = client.predict(picture=picture, t=300, api_name="/noise")
        *_, facts = client.predict(t=300, api_name="/denoise")
        sampled, _ = client.predict(what="bag", count=16, steps=5, api_name="/sample")
        heroes, _ = client.predict(denoiser="heroes", what="an elf", steps=3, api_name="/sample")
        assert facts["x0_error"] < 0.5
        assert all(Path(file).stat().st_size > 100 for file in (noised, sampled, heroes))
        with pytest.raises(Exception, match="raining is switched off"):
            client.predict(api_name="/train_start")
        assert memory_peak(server.process.pid) < MEMORY
        # Whoever runs it is told why; and nothing else went wrong.
        log = server.log.read_text()
        assert f"no training: {project / 'trainings'} cannot be written" in log
        assert not COMPLAINT.search(log), log


def test_with_a_place_for_them_trainings_run(project: Path, tmp_path: Path) -> None:
    with space(project, tmp_path, DIFFVIZ_TRAININGS="{tmp}/trainings") as server:
        client = Client(server.url, download_files=str(tmp_path), verbose=False)
        started = client.predict(data="digits", channels="16,32", minutes=0.1, api_name=START)
        job, owner = started["id"], started["owner"]
        sampled, held = False, 0
        deadline = time.monotonic() + PATIENCE
        while (status := client.predict(job, api_name=STATUS))["state"] in ("queued", "running"):
            assert time.monotonic() < deadline, status
            if status["images"] and not sampled:
                client.predict(count=16, steps=5, api_name="/sample")
                sampled = True
            held = max(held, memory_peak(server.process.pid))
            time.sleep(0.1)
        assert status["state"] == "finished", status["message"]
        client.predict("7", denoiser=f"training:{job}", owner=owner, steps=5, api_name="/sample")
        assert sampled
        assert 2**29 < held < MEMORY  # of two processes with torch
        assert not COMPLAINT.search(server.log.read_text()), server.log.read_text()


def test_the_front_matter_is_a_spaces() -> None:
    _, front, _ = (ROOT / "README.md").read_text().split("---\n", 2)
    told = yaml.safe_load(front)
    assert told["sdk"] == "docker"
    assert str(told["app_port"]) == DOCKERFILE["EXPOSE"]
    assert (ROOT / COMMAND[1]).is_file()
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {told["colorFrom"], told["colorTo"]} <= colours
    assert len(told["title"]) > 0
    assert len(told["short_description"]) <= 60
    # Larger files have to go another way, which a plain push does not know.
    assert max(path.stat().st_size for path in tracked()) < 10 * 2**20
