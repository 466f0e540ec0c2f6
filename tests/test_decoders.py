"""Strangers' pictures in processes of their own: their bounds, and who waits for whom."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffviz.media.decoding import load_picture, load_squares
from diffviz.media.raster import MOST_SCANS, PictureError
from diffviz.serving import decoders as module
from diffviz.serving.decoders import CHILDREN, EACH, TOO_MUCH, Decoders
from diffviz.web.clients import CLIENT
from tests.bombs import scan_bomb
from tests.running import ROOT, running_server
from tests.test_pictures import BAD, largest_of_each_kind
from tests.waiting import eventually
from tests.web.visitor import Visitor

SLOW = scan_bomb(5000, 5000, MOST_SCANS - 2)  # within all bounds, and a second or two of a core
FILE = {"meta": {"_type": "gradio.FileData"}, "orig_name": "x.png"}


@pytest.fixture
def decoders() -> Iterator[Decoders]:
    made = Decoders()
    yield made
    made.close()


@pytest.fixture(scope="module")
def lasting() -> Iterator[Decoders]:
    """Whose children see one file after the other."""
    made = Decoders()
    yield made
    made.close()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.png"
    pixels = np.random.default_rng(0).integers(0, 256, (60, 40, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def child_that(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """From now on the processes run another program."""
    monkeypatch.setattr(module, "WORDS", (sys.executable, "-c", program))


def children_of(process: int) -> list[int]:
    """Those that open pictures."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == process and b"diffviz.media.child" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (OSError, ValueError):
            continue
    return found


def test_they_give_what_is_given_here(decoders: Decoders, small: Path) -> None:
    assert (decoders.picture(small) == load_picture(small)).all()
    assert decoders.picture(small, 16).shape == (3, 16, 11)
    for channels in (1, 3):
        squares = decoders.squares(small.read_bytes(), 28, channels)
        assert (squares == load_squares(small.read_bytes(), 28, channels)).all()


@pytest.mark.parametrize("name", BAD)
def test_bad_files_give_the_same_sentence(lasting: Decoders, tmp_path: Path, name: str) -> None:
    content, sentence = BAD[name]
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=sentence):
        lasting.picture(path)


def test_more_scans_than_any_camera_writes_are_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "bomb.jpg").write_bytes(scan_bomb(5000, 5000, 400))
    assert len((tmp_path / "bomb.jpg").read_bytes()) < 70_000
    started = time.process_time()
    with pytest.raises(PictureError, match="more parts than any camera"):
        load_picture(tmp_path / "bomb.jpg")
    assert time.process_time() - started < 0.5
    for progressive in (False, True):
        for mode in ("L", "RGB", "CMYK"):
            Image.new(mode, (300, 200), 90).save(tmp_path / "a.jpg", progressive=progressive)
            assert load_picture(tmp_path / "a.jpg").shape[1:] == (171, 256)


@pytest.mark.parametrize("filling", [b"\xff\xd0", b"\xff\x00", b"\xff\xfe\0\2", b"\xff", b"\xff\1"])
def test_counting_scans_takes_little_time(tmp_path: Path, filling: bytes) -> None:
    start = scan_bomb(2000, 2000, 1)[:-2]
    path = tmp_path / "long.jpg"
    path.write_bytes(start + filling * (9_900_000 // len(filling)))
    started = time.process_time()
    with contextlib.suppress(PictureError):
        load_picture(path)
    assert time.process_time() - started < 2


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_the_largest_files_fit_into_a_child(decoders: Decoders, tmp_path: Path) -> None:
    paths = largest_of_each_kind(tmp_path)
    for path in paths:
        decoders.picture(path)
    (child,) = decoders._idle  # one after the other needs one
    status = Path(f"/proc/{child._process.pid}/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(f"{peak:.0f} MB at most")
    assert peak < 160


SPIN = """
import diffviz.media.child as child
child.CPU_SECONDS = 0
def spin(*_):
    while True: pass
child.shrunk = spin
child.main()
"""
EAT = """
import diffviz.media.child as child
def eat(*_):
    held = []
    while True: held.append(bytes(2**20))
child.shrunk = eat
child.main()
"""
WRITE = """
import diffviz.media.child as child
def write(*_): open("written-by-a-picture", "w").write("x" * 9000)
child.shrunk = write
child.main()
"""
LIES = (
    "print('{}', flush=True); input()",
    """print('{"shape": [9, 9, 9, 9]}', flush=True); input()""",
    """print('{"shape": [100000, 100000]}', flush=True); input()""",
    """print('{"shape": [-1, 5]}', flush=True); input()""",
    """print('{"shape": [20, 20]}'); print('short', flush=True)""",
    "print('[' * 1990, flush=True); input()",
    "print('x' * 10**6, flush=True); input()",
    "raise SystemExit(3)",
)


@pytest.mark.parametrize("program", [SPIN, EAT, WRITE, *LIES])
def test_a_child_that_goes_wrong_is_replaced(
    decoders: Decoders, small: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    written = ROOT / "written-by-a-picture"
    with monkeypatch.context() as patched:
        child_that(patched, program)
        with pytest.raises(PictureError, match=TOO_MUCH):
            decoders.picture(small)
    assert not written.exists() or written.stat().st_size == 0
    written.unlink(missing_ok=True)
    assert decoders.picture(small).shape == (3, 60, 40)


def test_a_child_that_stands_still_is_ended(
    decoders: Decoders, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        child_that(patched, "import time; time.sleep(600)")
        patched.setattr(module, "WALL_SECONDS", 1.0)
        started = time.monotonic()
        with pytest.raises(PictureError, match=TOO_MUCH):
            decoders.picture(small)
        assert 1 <= time.monotonic() - started < 20
    assert decoders.picture(small).shape == (3, 60, 40)


@pytest.mark.alone
def test_what_one_visitor_sends_holds_up_no_other(decoders: Decoders, small: Path) -> None:
    slow = small.with_name("slow.jpg")
    slow.write_bytes(SLOW)
    took: list[float] = []

    def send() -> None:
        CLIENT.set("203.0.113.5")
        started = time.monotonic()
        with contextlib.suppress(PictureError):  # who waits for too long is told so
            decoders.picture(slow)
        took.append(time.monotonic() - started)

    def other() -> float:
        started = time.monotonic()
        decoders.picture(small)
        return time.monotonic() - started

    others: list[threading.Thread] = []
    for visitor in ("198.51.100.1", "198.51.100.2"):  # both children are warm
        others.append(threading.Thread(target=lambda v=visitor: (CLIENT.set(v), other())))
        others[-1].start()
    for thread in others:
        thread.join()
    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    eventually(lambda: len(decoders._served) == 1)
    waits = [other() for _ in range(5)]
    for sender in senders:
        sender.join()
    print(f"the sender waited {max(took):.2f} s, another visitor {max(waits):.2f} s")
    assert max(waits) < 1
    assert max(took) > 2 * min(took)  # one after the other


def test_so_many_of_one_visitor_may_wait(
    decoders: Decoders, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child_that(monkeypatch, "import time; time.sleep(600)")
    monkeypatch.setattr(module, "WALL_SECONDS", 3.0)
    monkeypatch.setattr(module, "WAIT_SECONDS", 1.0)
    said: list[str] = []

    def send() -> None:
        try:
            decoders.picture(small)
        except PictureError as error:
            said.append(str(error))

    threads = [threading.Thread(target=send) for _ in range(EACH + 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count(module.BUSY) >= EACH + 4
    assert decoders._line == []
    assert decoders._served == set()


def zip_of(content: bytes, count: int) -> bytes:
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number}.jpg", content)
    return file.getvalue()


def test_all_are_ready_and_one_that_died_is_replaced_at_once(
    decoders: Decoders, small: Path
) -> None:
    decoders.start()
    first = {child._process.pid for child in decoders._idle}
    assert len(first) == CHILDREN
    os.kill(decoders._idle[-1]._process.pid, signal.SIGKILL)
    with pytest.raises(PictureError):
        decoders.picture(small)
    now = {child._process.pid for child in decoders._idle}
    assert len(now) == CHILDREN
    assert len(now & first) == CHILDREN - 1
    assert decoders.picture(small).shape[0] in (1, 3)


@pytest.mark.alone
def test_a_training_s_pictures_hold_up_nobody(tmp_path: Path, small: Path) -> None:
    """Through the running server: pictures that take seconds each are being read for a training of
    one visitor, while others ask how trainings go and have a picture opened. When the app is
    killed nothing is left of it."""
    with running_server(tmp_path, DIFFVIZ_PUBLIC="on", DIFFVIZ_TRUSTED_PROXIES="1") as server:
        attacker, victim = Visitor(server.url), Visitor(server.url)
        attacker.http.headers["X-Forwarded-For"] = "203.0.113.5"
        victim.http.headers["X-Forwarded-For"] = "198.51.100.7"
        archive = attacker.upload(zip_of(SLOW, 20), "pictures.zip").json()[0]
        picture = victim.upload(small.read_bytes()).json()[0]
        victim.call_view("load", {"path": picture, "seed": 0, "denoiser": "fashion"})  # warm
        start = attacker.named("train_start")
        values = attacker.initial(start)
        names = [attacker.components[i]["props"].get("label") for i in start["inputs"]]
        values[0] = "own"
        files = next(i for i, name in enumerate(names) if name and "zip" in name)
        values[files] = [{**FILE, "path": archive}]
        values[names.index("Owner")] = "0" * 16
        for session in ("one", "two", "three"):
            assert attacker.join(start, values, session_hash=session).status_code == 200
        eventually(lambda: children_of(server.process.pid))
        picture = victim.upload(small.read_bytes()).json()[0]
        waits = []
        for _ in range(3):
            started = time.monotonic()
            assert victim.join(victim.named("train_status"), ["0" * 16, 0]).status_code == 200
            victim.outcome()
            waits.append(time.monotonic() - started)
        started = time.monotonic()
        noise = victim.named("noise")
        values = [{**FILE, "path": picture}, *victim.initial(noise)[1:]]
        victim.join(noise, values)
        assert victim.outcome()[0]
        opened = time.monotonic() - started
        print(f"status {max(waits):.2f} s, another's picture {opened:.2f} s")
        assert max(waits) < 1
        assert opened < 1  # with what is drawn of it
        children = children_of(server.process.pid)
        assert 1 <= len(children) <= CHILDREN
        os.kill(server.process.pid, signal.SIGKILL)
        eventually(lambda: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in children))
        attacker.http.close()
        victim.http.close()


def test_a_child_loads_little() -> None:
    import subprocess

    words = "import sys, diffviz.media.child; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert not {"torch", "gradio", "pydantic", "diffviz.samplers"} & set(loaded)
