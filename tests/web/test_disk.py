"""What strangers take of the disk and of file descriptors: each address its share, and no more than
is counted."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from diffviz.checkpoints import load_checkpoint, save_checkpoint
from diffviz.data import DataChoice
from diffviz.jobs.store import JobStore
from diffviz.serving.made_files import MadeFiles
from diffviz.training.plan import Plan
from diffviz.web.clients import CLIENT
from diffviz.web.uploads import FILE_BYTES, Room, tidy
from tests.running import Server, running_server, start_server
from tests.waiting import eventually
from tests.web.visitor import Visitor

OWNER = "d" * 16
ROOM = 100  # MB, of which 12.5 are one address's at once
PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n1\r\n'
MOST_SECONDS = "0.05"
TAKEN = "Files from your address fill its share; please try again in an hour."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("disk")


@pytest.fixture(scope="module")
def job(folder: Path) -> str:
    """A training that was stopped when it had learned something."""
    store = JobStore(folder / "trainings")
    made = store.add(Plan(DataChoice("fashion"), "tiny"), OWNER)
    store.ask(made.id, OWNER, "stop")
    checkpoint = load_checkpoint("fashion")
    card = replace(checkpoint.card, name="my-fashion")
    save_checkpoint(replace(checkpoint, card=card), store.folder(made.id))
    store.close()
    return made.id


@pytest.fixture(scope="module")
def small(folder: Path, job: str) -> Iterator[Server]:
    """Behind a proxy, with little room."""
    running = start_server(
        folder,
        DIFFVIZ_PUBLIC="on",
        DIFFVIZ_TRUSTED_PROXIES="1",
        DIFFVIZ_UPLOADS_MB=str(ROOM),
        DIFFVIZ_METRICS_TOKEN="let-me-see",
    )
    yield running
    running.stop()


def uploaded(server: Server, address: str, count: int) -> httpx.Response:
    """The answer to so many files of a byte or two in one form."""
    files = [("files", (f"{i}.png", f"{address} {i}".encode())) for i in range(count)]
    headers = {"X-Forwarded-For": address}
    return httpx.post(f"{server.url}/gradio_api/upload", files=files, headers=headers, timeout=60)


def lying(folder: Path) -> int:
    """Files and folders in it."""
    return sum(len(folders) + len(files) for _, folders, files in os.walk(folder))


def test_small_files_count_for_what_they_take_of_the_disk(small: Server, folder: Path) -> None:
    """999 of a byte each make 2,000 files and folders, of 8 MB."""
    before = lying(folder / "uploads")
    answer = uploaded(small, "8.1.0.1", 999)
    assert (answer.status_code, answer.json()["detail"]) == (507, TAKEN)
    eventually(lambda: lying(folder / "uploads") <= before)
    assert uploaded(small, "8.1.0.2", 500).status_code == 200
    again = [uploaded(small, "8.1.0.2", 400).status_code for _ in range(5)]
    assert again[-1] == 507
    assert uploaded(small, "8.1.0.3", 100).status_code == 200  # and others have their own


FORMS = {
    "a long boundary": ("x" * 500, b""),
    "a text of 5 MB": (
        "x",
        b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n' + b"a" * 5_000_000,
    ),
    "1,500 parts": ("x", PART * 1500 + b"--x--\r\n"),
    "no end": ("x", PART * 3 + b"--x"),
    "names of other places": ("x", PART.replace(b'"a"', b'"../../a"') + b"--x--\r\n"),
}


@pytest.mark.parametrize("name", FORMS)
def test_odd_forms_are_refused_or_stay_in_the_folder(
    small: Server, folder: Path, name: str
) -> None:
    boundary, content = FORMS[name]
    headers = {"X-Forwarded-For": f"8.1.2.{len(name)}"}
    headers["Content-Type"] = f"multipart/form-data; boundary={boundary}"
    url = f"{small.url}/gradio_api/upload"
    answer = httpx.post(url, content=content, headers=headers, timeout=60)
    if answer.status_code == 200:
        paths = map(Path, answer.json())
        assert all(path.resolve().parent.parent == folder / "uploads" for path in paths)
    else:
        assert answer.status_code in (400, 413, 507)
    eventually(lambda: not list((folder / "uploads").glob("part-*")))
    assert "Traceback" not in small.log.read_text()


def test_stalled_uploads_hold_no_files_open(small: Server, folder: Path) -> None:
    descriptors = Path(f"/proc/{small.process.pid}/fd")
    before = len(list(descriptors.iterdir()))
    lines = (
        "POST /gradio_api/upload HTTP/1.1",
        "Host: x",
        "X-Forwarded-For: 8.1.0.4",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 1000000",
        "\r\n",
    )
    uploads = folder / "uploads"
    with ExitStack() as open_ones:
        for _ in range(2):
            connection = socket.create_connection(("127.0.0.1", small.port), 30)
            open_ones.enter_context(closing(connection))
            connection.sendall("\r\n".join(lines).encode() + PART * 200)
        eventually(lambda: len(list(uploads.glob("part-*"))) >= 390)
        held = len(list(descriptors.iterdir())) - before
        print(f"{held} descriptors for two uploads of 200 parts under way")
        assert held < 20
    eventually(lambda: not list(uploads.glob("part-*")))


def long_turns(visitor: Visitor) -> float:
    headers = {"Authorization": "Bearer let-me-see"}
    text = visitor.http.get("/metrics", headers=headers).text
    found = dict(re.findall(r'diffviz_loop_work_seconds_bucket\{le="(.+)"\} (.+)', text))
    return float(found["+Inf"]) - float(found[MOST_SECONDS])


def test_many_parts_do_not_hold_the_loop_up(small: Server) -> None:
    visitor = Visitor(small.url, "8.1.0.5")
    before = long_turns(visitor)
    assert uploaded(small, "8.1.0.5", 600).status_code == 200
    assert long_turns(visitor) <= before + 1  # a collection of garbage may be among them
    visitor.http.close()


def test_folders_are_not_walked_on_the_loop_and_empty_ones_go(tmp_path: Path) -> None:
    """Those that are new stay, and a walk takes longer than a turn may; those that are old go as
    soon as it starts."""
    old, uploads = time.time() - 100, tmp_path / "uploads"
    uploads.mkdir()
    gone = [uploads / f"old{number}" for number in range(50)]
    for path in [*gone, *(uploads / f"new{number}" for number in range(5_000))]:
        path.mkdir()
    for path in gone:
        os.utime(path, (old, old))
    settings = {"DIFFVIZ_TRUSTED_PROXIES": "1", "DIFFVIZ_METRICS_TOKEN": "let-me-see"}
    with running_server(tmp_path, DIFFVIZ_PUBLIC="on", **settings) as server:
        visitor = Visitor(server.url, "8.1.0.6")
        before = long_turns(visitor)
        for number in range(4):
            assert uploaded(server, f"8.1.1.{number}", 1).status_code == 200
            time.sleep(0.6)  # longer than what was measured used to be good for
        assert long_turns(visitor) <= before + 1
        eventually(lambda: not any(path.exists() for path in gone))
        visitor.http.close()


def test_a_download_is_made_once(small: Server, folder: Path, job: str) -> None:
    visitor = Visitor(small.url, "8.1.0.7")

    def download() -> None:
        assert visitor.join(visitor.named("train_download"), [job, OWNER]).status_code == 200
        success, output = visitor.outcome()
        assert success, output

    url, headers = f"/train/{job}/denoiser.zip", {"X-Owner": OWNER}
    whole = visitor.http.get(url, headers=headers)
    assert whole.headers["content-type"] == "application/zip"
    download()
    before = lying(folder / "uploads")
    for _ in range(5):
        download()
        assert visitor.http.get(url, headers=headers).content == whole.content
    assert lying(folder / "uploads") <= before
    assert visitor.http.get(url, headers={"X-Owner": "e" * 16}).status_code == 404
    visitor.http.close()


def test_a_made_file_counts_twice_and_is_gone_where_there_is_no_room(tmp_path: Path) -> None:
    files = MadeFiles(Room(tmp_path, 10, share=0.2))  # a megabyte at once
    before = CLIENT.set("8.8.8.8")
    try:
        with files.new("a.gif") as path:
            path.write_bytes(bytes(400_000))
        with (
            pytest.raises(ValueError, match="files from your address fill its share"),
            files.new("b.gif") as second,
        ):
            second.write_bytes(bytes(400_000))
        assert path.exists()
        assert not second.parent.exists()
        CLIENT.set("9.9.9.9")
        made = files.once("c.zip", "key", lambda path: path.write_bytes(b"once") and None)
        again = files.once("c.zip", "key", lambda path: path.write_bytes(b"twice") and None)
        assert (made, again.read_bytes()) == (again, b"once")
    finally:
        CLIENT.reset(before)


def test_what_is_let_in_counts_until_it_is_measured(tmp_path: Path) -> None:
    room = Room(tmp_path, 1)
    room.take("", 900_000)
    with pytest.raises(ValueError, match="no room for files just now"):
        room.take("", 900_000)
    room.measure()
    room.take("", 900_000)


def test_tidying_counts_blocks_and_removes_empty_folders(tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / f"folder{number}" / "file"
        path.parent.mkdir()
        path.write_bytes(b"1")
    assert tidy(tmp_path) >= 20 * FILE_BYTES / 2
    long_ago = time.time() - 10_000
    for path in tmp_path.glob("*/file"):
        os.utime(path, (long_ago, long_ago))
        os.utime(path.parent, (long_ago, long_ago))
    (tmp_path / "new").mkdir()
    tidy(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
