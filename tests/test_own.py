"""One's own pictures: good uploads, bad ones of every kind, and what they cost."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import stat
import struct
import subprocess
import sys
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Generator

from diffviz.data import DataChoice, load_data_set
from diffviz.data.own.pictures import MIN_SIGMA_DATA, OwnPictures, load_own, pack
from diffviz.data.own.uploads import (
    LIMITS,
    LOCAL,
    UPLOADED,
    Gathered,
    Limits,
    gather,
    preview,
)
from diffviz.data.own.zips import ENTRY_BYTES
from diffviz.media.decoding import load_squares
from diffviz.media.kinds import KINDS
from diffviz.training.plan import Plan, begin
from diffviz.ui.train.crops import crops_of
from tests.test_twins import twin

MEGABYTE = 2**20


def picture(seed: int = 0, side: int = 20, format: str = "PNG", **options: Any) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **options)
    return file.getvalue()


GOOD = [(f"picture-{k}.png", picture(k)) for k in range(16)]
Entry = tuple[str | zipfile.ZipInfo, bytes]


def zipped(path: Path, entries: Sequence[Entry], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", method) as archive:
        warnings.simplefilter("ignore")  # of names twice
        for name, content in entries:
            archive.writestr(name, content)
    return path


def skipped(path: Path, size: int = 16, limits: Limits = UPLOADED) -> dict[str, int]:
    """What is left out beside the 16 good ones."""
    gathered = gather([path], size, 3, limits)
    assert len(gathered.images) == 16
    return gathered.skipped


def refusal(paths: Sequence[Path], limits: Limits = UPLOADED) -> str:
    with pytest.raises(ValueError, match=r"pictures|MB") as caught:
        gather(paths, 16, 3, limits)
    return str(caught.value)


def raw_zip(
    path: Path,
    stream: bytes,
    length: int,
    crc: int = 0,
    names: Sequence[bytes] = (b"a.png",),
    method: int = 8,
    flags: int = 0,
    count: int | None = None,
    listed: int | None = None,
) -> Path:
    """A zip made by hand: one stream of bytes, listed under all the names; as many entries and
    bytes of list as the end says that there are."""
    about = struct.pack("<4H3L", flags, method, 0, 33, crc, len(stream), length)
    local = b"PK\3\4" + struct.pack("<H", 20) + about + struct.pack("<2H", len(names[0]), 0)
    body = local + names[0] + stream
    directory = b"".join(
        b"PK\1\2"
        + struct.pack("<2H", 20, 20)
        + about
        + struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, 0)
        + name
        for name in names
    )
    count = len(names) % 65536 if count is None else count
    listed = len(directory) if listed is None else listed
    end = b"PK\5\6" + struct.pack("<4H2LH", 0, 0, count, count, listed, len(body), 0)
    path.write_bytes(body + directory + end)
    return path


def gigabyte(start: bytes) -> bytes:
    """What unpacks to `start` and 1 GB of zeros, in 1 MB: a block that stands for itself, often."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(8 * MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    return first + block * 128 + packer.flush()


# --- Good uploads ---


@pytest.mark.parametrize("size", [16, 28, 32])
@pytest.mark.parametrize("channels", [1, 3])
def test_files_and_zips_together(tmp_path: Path, size: int, channels: int) -> None:
    paths = [zipped(tmp_path / "some.zip", GOOD[:10])]
    for name, content in GOOD[10:]:
        paths.append(tmp_path / name)
        paths[-1].write_bytes(content)
    gathered = gather(paths, size, channels)
    assert gathered.images.shape == (16, channels, size, size)
    assert gathered.images.dtype == torch.uint8
    assert gathered.sentence == "16 pictures"


def test_the_square_centre_upright_on_white(tmp_path: Path) -> None:
    wide = np.zeros((300, 900, 4), np.uint8)  # transparent, and a red square in the centre
    wide[:, 300:450] = (250, 0, 0, 255)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(wide).save(tmp_path / "wide.png", exif=exif)
    images = gather([tmp_path / "wide.png"] * 16, 28, 3).images
    assert (images[0, 0] >= 250).all()
    assert images[0, 1, :13].max() <= 12  # red is left, and turned to the top
    assert images[0, 1, 15:].min() >= 243
    grey = gather([tmp_path / "wide.png"] * 16, 28, 1).images
    assert abs(int(grey[0, 0, 5, 5]) - 0.299 * 250) < 3


def test_large_pictures_are_averaged_not_sampled(tmp_path: Path) -> None:
    lines = np.zeros((2_000, 3_000), np.uint8)
    lines[::2] = 255
    for format in ("PNG", "JPEG"):
        path = tmp_path / f"lines.{format}"
        Image.fromarray(lines).save(path, format)
        assert (gather([path] * 16, 32, 1).images.float() - 127.5).abs().max() < 5


def test_small_pictures_are_enlarged(tmp_path: Path) -> None:
    (tmp_path / "small.png").write_bytes(picture(side=8))
    assert gather([tmp_path / "small.png"] * 16, 32, 3).images.shape == (16, 3, 32, 32)


def test_folders_for_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / ".hidden").mkdir()
    for k, (name, content) in enumerate(GOOD):
        (tmp_path / "a" / ("b" if k % 2 else "") / name).write_bytes(content)
    (tmp_path / "a" / ".hidden" / "x.png").write_bytes(GOOD[0][1])
    (tmp_path / "a" / "notes.txt").write_text("…")
    found = [tmp_path / "a", tmp_path / "a" / "notes.txt"]
    gathered = pack(found, 28, 1, tmp_path / "packed", LOCAL)
    assert gathered.sentence == "16 pictures; skipped: 2 that held no picture"


# --- Labels ---


def in_folders(*folders: str) -> list[Entry]:
    """The good pictures, in these folders by turns."""
    return [(folders[k % len(folders)] + name, content) for k, (name, content) in enumerate(GOOD)]


def labelled(paths: Sequence[Path]) -> dict[str, int]:
    """How many pictures have each label."""
    gathered = gather(paths, 16, 1)
    counts = gathered.labels.bincount(minlength=len(gathered.classes) + 1).tolist()
    return dict(zip(("", *gathered.classes), counts, strict=True))


@pytest.mark.parametrize(
    ("folders", "counts"),
    [
        (("cat/", "dog/"), {"": 0, "cat": 8, "dog": 8}),
        (("pets/cat/", "pets/dog/"), {"": 0, "cat": 8, "dog": 8}),
        (("pets/train/cat/", "pets/test/cat/", "pets/train/dog/", "pets/test/dog/"), None),
        (("cat/young/", "cat/old/", "dog/", ""), {"": 4, "cat": 8, "dog": 4}),
        (("cat\\", "dog\\"), {"": 0, "cat": 8, "dog": 8}),
        (("cat/",), {"": 16}),
        (("",), {"": 16}),
    ],
)
def test_folders_are_labels(
    tmp_path: Path, folders: tuple[str, ...], counts: dict[str, int] | None
) -> None:
    entries = in_folders(*folders)
    counts = counts or {"": 0, "cat": 8, "dog": 8}
    assert labelled([zipped(tmp_path / "a.zip", entries)]) == counts
    if "\\" in folders[0]:
        return
    for name, content in entries:
        (tmp_path / "whole" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "whole" / name).write_bytes(content)
    assert labelled([tmp_path / "whole"]) == counts


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("folder", ["", "deep/er/"])
def test_a_table_says_the_labels(tmp_path: Path, kind: str, folder: str) -> None:
    told = {name: ("red", "a very, very dark blue", "")[k % 3] for k, (name, _) in enumerate(GOOD)}
    rows = [json.dumps({"label": label, "file_name": name}) for name, label in told.items()]
    if kind == "csv":
        rows = ["\ufefffile_name,text,label", *(f'{n},"x","{label}"' for n, label in told.items())]
    table = (f"{folder}metadata.{kind}", "\r\n".join(rows).encode())
    counts = {"": 5, "a very, very dark blue": 5, "red": 6}
    for entries in ([table, *in_folders(folder)], [*in_folders(folder), table]):
        assert labelled([zipped(tmp_path / "a.zip", entries)]) == counts
    gathered = gather([zipped(tmp_path / "a.zip", entries)], 16, 1)
    assert gathered.sentence == (
        "16 pictures, of them 5 a very, very dark blue, 6 red, 5 without a label"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.csv", b"name,label\na.png,cat\n"),
        ("metadata.csv", b"\xff\xfe\x00"),
        ("metadata.jsonl", b"{}"),
        ("metadata.jsonl", b"[" * 100_000),
        ("metadata.jsonl", b"3\n"),
    ],
)
def test_a_table_that_is_none_is_a_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(ValueError, match=f"{name} is no table with file_name and label"):
        gather([zipped(tmp_path / "a.zip", [*GOOD, (name, content)])], 16, 1)


def test_more_labels_than_can_be_learned(tmp_path: Path) -> None:
    many = "".join(f"{k}.png,{k}\n" for k in range(101))
    pictures = [(f"{k}.png", GOOD[0][1]) for k in range(101)]
    table = ("metadata.csv", f"file_name,label\n{many}".encode())
    with pytest.raises(ValueError, match="the table has 101 labels; at most 100"):
        gather([zipped(tmp_path / "a.zip", [*pictures, table])], 16, 1)
    folders = [(f"{k}/a.png", GOOD[0][1]) for k in range(101)]
    assert gather([zipped(tmp_path / "b.zip", folders)], 16, 1).classes == ()


def test_a_long_table_is_passed_over(tmp_path: Path) -> None:
    table = ("metadata.csv", b"file_name,label\n" + b"x" * (4 * MEGABYTE))
    assert skipped(zipped(tmp_path / "a.zip", [table, *GOOD])) == {"had more than 4 MB": 1}


def test_a_denoiser_learns_the_labels(tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    gathered = pack([zipped(tmp_path / "a.zip", in_folders("cat/", "dog/", ""))], 16, 1, path)
    data = load_data_set(DataChoice("own", path=str(path)))
    assert [(slot.name, slot.values) for slot in data.info.slots] == [("class", ("cat", "dog"))]
    x0, condition = data.batch(60, Generator().manual_seed(0))
    assert condition.shape == (60, 1)
    of = {image.numpy().tobytes(): label for image, label in zip(*told(gathered), strict=True)}
    levels = x0.add(1).mul(127.5).round().byte()
    assert [of[image.numpy().tobytes()] for image in levels] == condition[:, 0].tolist()
    plan = Plan(DataChoice("own", path=str(path)), "tiny", config={"images": 64, "batch": 32})
    order, trainer = begin(plan, "my-own", "")
    assert order.network.slots == (2,)
    assert [progress.images for progress in trainer.steps()] == [32, 64]


def told(gathered: Gathered) -> tuple[Any, list[int]]:
    return gathered.images, gathered.labels.tolist()


# --- Sheets, and what is shown before a training ---


def test_a_sheet_is_cut(tmp_path: Path) -> None:
    tiles = np.random.default_rng(0).integers(0, 256, (3, 7, 3)).astype(np.uint8)
    tiles[2, 6] = 255
    sheet = np.kron(tiles, np.ones((16, 20, 1), np.uint8))
    sheet[::16, 4::20] ^= 32  # that none is of one colour alone
    sheet[32:, 120:] = 255  # but the last
    Image.fromarray(sheet).save(tmp_path / "sheet.png")
    gathered = gather([tmp_path / "sheet.png"], 16, 3, across=7, down=3)
    assert gathered.images.shape == (20, 3, 16, 16)
    middles = gathered.images[:, :, 8, 8].numpy()
    assert np.abs(middles.astype(int) - tiles.reshape(21, 3)[:20].astype(int)).max() <= 2
    with pytest.raises(ValueError, match="cut 40 × 1 its pictures would have 3 × 48 pixels"):
        gather([tmp_path / "sheet.png"], 16, 3, across=40)
    with pytest.raises(ValueError, match="cut into 1 to 1,024 pictures"):
        gather([tmp_path / "sheet.png"], 16, 3, across=100, down=100)


def test_the_page_s_own_zip_is_one(tmp_path: Path) -> None:
    entries = dict(in_folders("katze/", "hündin/"))
    files = {str(name): base64.b64encode(content).decode() for name, content in entries.items()}
    (made,) = twin([("zip", files)])
    path = tmp_path / "folder.zip"
    path.write_bytes(base64.b64decode(made))
    with zipfile.ZipFile(path) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == entries
    assert labelled([path]) == {"": 0, "hündin": 8, "katze": 8}


def test_a_preview_is_of_all(tmp_path: Path) -> None:
    entries = [(f"{'cat' if k < 150 else 'dog'}/{k:03}.png", picture(k, 16)) for k in range(200)]
    read: list[bytes] = []

    def load(content: bytes, *more: int) -> Any:
        read.append(content)
        return load_squares(content, *more)

    shown = preview([zipped(tmp_path / "a.zip", entries)], 16, 3, load=load)
    assert len(read) == len(shown.images) == 40
    assert shown.labels.tolist() == [1] * 30 + [2] * 10
    assert shown.classes == ("cat", "dog")
    with pytest.raises(ValueError, match="none of the files can be used; skipped: 1 that held no"):
        preview([zipped(tmp_path / "b.zip", [("a.txt", b"text")])], 16, 3)


def test_crops_for_the_page(tmp_path: Path) -> None:
    backend: Any = SimpleNamespace(decoders=SimpleNamespace(squares=load_squares))
    path = zipped(tmp_path / "a.zip", in_folders("cat/", "dog/", ""))
    crops = crops_of(backend, [str(path)], 16, False, 2, 1)
    assert crops["shape"] == [32, 1, 16, 16]
    levels = np.frombuffer(base64.b64decode(crops["levels"]), np.uint8).reshape(crops["shape"])
    expected = gather([path], 16, 1, across=2)
    assert (levels == expected.images.numpy()).all()
    assert crops["labels"] == ["cat", "cat", "dog", "dog", "", ""] * 5 + ["cat", "cat"]
    assert crops["classes"] == ["cat", "dog"]
    with pytest.raises(ValueError, match="size among"):
        crops_of(backend, [str(path)], 17, False, 1, 1)


# --- Bad uploads ---


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("passwd.png")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def huge() -> bytes:
    file = io.BytesIO()
    Image.new("1", (9_000, 9_000)).save(file, "PNG")
    return file.getvalue()


CUT = picture(side=200)[:3000]
DAMAGED = "could not be opened (the file is damaged or cut short)"
BAD_ENTRIES: dict[str, tuple[list[Entry], dict[str, int]]] = {
    "text": ([("a.txt", b"hello")], {"held no picture": 1}),
    "text as a picture": ([("a.png", b"hello"), ("b.jpg", b"")], {"held no picture": 2}),
    "corrupt": ([("a.png", CUT), ("b.png", CUT)], {DAMAGED: 2}),
    "system files": (
        [(name, b"x") for name in ("__MACOSX/._a.png", ".DS_Store", "a/.b/c.png", "a\\.d\\e")],
        {},
    ),
    "folders": ([("a/", b""), ("a/b/", b"")], {}),
    "zip within a zip": ([("a.png", b"PK\3\4" + bytes(99))], {"was a zip within a zip": 1}),
    "link": ([(link(), b"/etc/passwd")], {"was only a link": 1}),
    "large": ([("a.png", bytes(11 * MEGABYTE))], {"had more than 10 MB": 1}),
}


@pytest.mark.parametrize("name", BAD_ENTRIES)
def test_bad_entries_among_good_ones(tmp_path: Path, name: str) -> None:
    extra, expected = BAD_ENTRIES[name]
    assert skipped(zipped(tmp_path / "a.zip", [*extra, *GOOD])) == expected


def test_the_first_of_several_problems_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", [("a.png", huge()), ("b.png", CUT), *GOOD])
    (reason,) = skipped(path)
    assert reason.startswith("could not be opened (the first: this picture has 9,000 × 9,000")


@pytest.mark.parametrize(
    "name", ["../../x{}.png", "/tmp/x{}.png", "C:\\x{}.png", "x.png", "{}" * 9_000, "é{}.gif", "{}"]
)
def test_names_do_not_matter(tmp_path: Path, name: str) -> None:
    """Nothing is written, wherever a name points, and a name twice is two files."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    entries = [(name.format(*[k] * 9_000), content) for k, (_, content) in enumerate(GOOD)]
    assert skipped(zipped(inner / "a.zip", entries)) == {}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [inner / "a.zip"]


def test_files_are_what_they_hold_not_what_they_are_called(tmp_path: Path) -> None:
    entries = [(f"{k}.txt", picture(k, format="WEBP")) for k in range(15)]
    path = zipped(tmp_path / "pictures.png", entries)
    other = tmp_path / "picture.zip"
    other.write_bytes(picture(format="JPEG"))
    assert gather([path, other], 16, 3).sentence == "16 pictures"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_unpack_at_once_are_not_used(tmp_path: Path, method: int) -> None:
    bad = zipped(tmp_path / "bad.zip", [("a.png", bytes(9 * MEGABYTE))], method)
    good = zipped(tmp_path / "good.zip", GOOD)
    assert gather([bad, good], 16, 3).skipped == {"was packed in an unusual way": 1}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"flags": 1}, "needed a password"),
        ({"method": 99}, "was packed in an unusual way"),
        ({"crc": 1}, "could not be unpacked"),
        ({"length": 5_000}, ""),  # nothing is missing
        ({"stream": b"\xff" * 99}, "could not be unpacked"),
        ({"names": [b"a.png", b"b.png"]}, "could not be unpacked"),  # not what the file itself says
        ({"count": 0}, ""),
        ({"listed": 20}, "was a damaged zip"),
        ({"listed": 99_999}, "was a damaged zip"),
        ({"listed": 2**32 - 1}, "was a damaged zip"),
        ({"names": [b"\xff\xfe"], "flags": 2048}, "was a damaged zip"),
    ],
)
def test_zips_made_by_hand(tmp_path: Path, options: dict[str, Any], reason: str) -> None:
    content = picture()
    packer = zlib.compressobj(wbits=-15)
    stream = packer.compress(content) + packer.flush()
    whole = {"stream": stream, "length": len(content), "crc": zlib.crc32(content)}
    path = raw_zip(tmp_path / "raw.zip", **{**whole, **options})
    good = zipped(tmp_path / "good.zip", GOOD)
    gathered = gather([path, good], 16, 3)
    assert list(gathered.skipped) == ([reason] if reason else [])
    assert len(gathered.images) >= 16


def test_bombs_that_say_so_and_bombs_that_lie(tmp_path: Path) -> None:
    start = picture()
    stream = gigabyte(start)
    said = raw_zip(tmp_path / "said.zip", stream, 2**30 + len(start))
    lied = raw_zip(tmp_path / "lied.zip", stream, 5_000)
    shown = raw_zip(tmp_path / "shown.zip", stream, len(start), zlib.crc32(start))
    gathered = gather([said, lied, shown, zipped(tmp_path / "good.zip", GOOD)], 16, 3)
    assert len(gathered.images) == 17  # the last bomb is a picture, as far as it is read
    assert gathered.skipped == {"had more than 10 MB": 1, "could not be unpacked": 1}


def test_what_is_unpacked_is_bounded_in_all(tmp_path: Path) -> None:
    """Many entries of 9 MB, each of which begins as a picture."""
    swollen = b"\x89PNG" + bytes(9 * MEGABYTE)
    path = zipped(tmp_path / "a.zip", [*GOOD, *[(f"{k}.png", swollen) for k in range(25)]])
    reason = "did not fit into the 200 MB that may be unpacked"
    refused = f"this file is no picture that can be read here; a {KINDS} file can"
    expected = {reason: 3, f"could not be opened ({refused})": 22}
    assert skipped(path) == expected


@pytest.mark.parametrize(("entries", "count"), [(100_000, None), (100_000, 3), (20_000, None)])
def test_endless_lists_of_contents(tmp_path: Path, entries: int, count: int | None) -> None:
    names = [b"%d.png" % k for k in range(entries)]
    path = raw_zip(tmp_path / "a.zip", b"", 0, names=names, count=count)
    assert "skipped: 1 that was a zip of more than 10,000 files" in refusal([path])


def test_long_lists_of_contents_within_bounds(tmp_path: Path) -> None:
    names = [b"%0180d.png" % k for k in range(10_000)]
    assert len(names) * (46 + len(names[0])) < UPLOADED.entries * ENTRY_BYTES
    path = raw_zip(tmp_path / "a.zip", b"", 0, names=names)
    assert "skipped: 1 that held no picture, 9,999 that" in refusal([path])


def test_zips_within_other_bytes(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "a.zip", GOOD).read_bytes()
    for name, before in (("junk", b"#!/bin/sh\n" * 999), ("none", b"")):
        (tmp_path / name).write_bytes(before + whole)
        assert skipped(tmp_path / name) == {}
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    assert "skipped: 1 that was a damaged zip" in refusal([tmp_path / "cut"])
    empty = zipped(tmp_path / "empty.zip", [])
    assert refusal([empty]) == ("it takes at least 16 pictures, and here are 0 that can be used")
    assert refusal([]) == refusal([empty])


def test_damage_anywhere_is_either_survived_or_said(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    whole = zipped(tmp_path / "a.zip", GOOD).read_bytes()
    for _ in range(60):
        content = bytearray(whole)
        for place in random.integers(0, len(content), 9):
            content[place] = random.integers(0, 256)
        for place in random.integers(len(content) - 1500, len(content), 3):  # in the list
            content[place] = random.integers(0, 256)
        (tmp_path / "b.zip").write_bytes(content)
        with contextlib.suppress(ValueError):
            gather([tmp_path / "b.zip"], 16, 3)


def test_limits(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", [*GOOD, ("more.png", picture()), ("more.txt", b"")])
    few = Limits(1, unpacked_megabytes=1, entries=18, pictures=16, seconds=60)
    assert skipped(path, limits=few) == {"came after the first 16 pictures": 2}
    hurried = Limits(1, unpacked_megabytes=1, entries=18, pictures=16, seconds=-1)
    assert "skipped: 18 that could not be read within" in refusal([path], hurried)
    short = Limits(1, unpacked_megabytes=1, entries=17, pictures=16, seconds=60)
    assert "zip of more than 17 files" in refusal([path], short)
    os.truncate(path, 41 * MEGABYTE)
    assert refusal([path]) == "the files have 41.0 MB; at most 40 MB"
    for said in ("16", "5,000", "10,000", "40 MB", "200 MB", "10 MB", "60 seconds", "megapixels"):
        assert said in LIMITS


@pytest.mark.parametrize(("size", "channels"), [(0, 1), (17, 3), (28, 2)])
def test_sizes_are_few(size: int, channels: int) -> None:
    with pytest.raises(ValueError, match="a size among"):
        gather([], size, channels)


MEASURE = """
import sys, time
from pathlib import Path
from diffviz.data.own.uploads import gather

def peak():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024

gather([Path(sys.argv[1])], 16, 3)  # with all that it imports
for path in sys.argv[2:]:
    open("/proc/self/clear_refs", "w").write("5")  # the peak starts again from here
    before, start = peak(), time.process_time()
    try:
        gather([Path(path)], 32, 3)
    except ValueError:
        pass
    print(f"{peak() - before:.1f} {time.process_time() - start:.2f} {Path(path).name}")
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_no_upload_costs_more_than_100_megabytes(tmp_path: Path) -> None:
    photograph = io.BytesIO()
    noise = Image.effect_noise((500, 375), 60).resize((4_000, 3_000)).convert("RGB")
    noise.save(photograph, "JPEG")
    jpeg, random = photograph.getvalue(), np.random.default_rng(0).bytes(9 * MEGABYTE)
    deep = io.BytesIO()
    Image.fromarray(np.full((5_600, 5_600), 999, np.uint16)).save(deep, "PNG")
    stored = zipfile.ZIP_STORED
    paths = [
        zipped(tmp_path / "photographs", [(f"{k}", jpeg) for k in range(16)], stored),
        zipped(tmp_path / "noise", [(f"{k}", b"\x89PNG" + random) for k in range(4)], stored),
        zipped(tmp_path / "deep", [(f"{k}", deep.getvalue()) for k in range(2)]),
        zipped(tmp_path / "swollen", [("0", b"\xff\xd8\xff" + bytes(9_999_999))]),
        raw_zip(tmp_path / "bomb", gigabyte(picture()), 10 * MEGABYTE),
        raw_zip(tmp_path / "entries", b"", 0, names=[b"%d" % k for k in range(100_000)]),
        raw_zip(tmp_path / "nameless", b"", 0, names=[b""] * 65_000),
        raw_zip(tmp_path / "named", b"", 0, names=[b"%0240d" % k for k in range(10_000)]),
    ]
    warm = zipped(tmp_path / "warm", [(f"{k}", picture(k, format="WEBP")) for k in range(16)])
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, str(warm), *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    )
    print(answer.stdout)
    assert answer.stderr == ""
    costs = [line.split() for line in answer.stdout.splitlines()]
    assert len(costs) == len(paths)
    assert max(float(memory) for memory, _, _ in costs) < 100
    assert max(float(seconds) for _, seconds, _ in costs) < 20


# --- The packed file and the data set ---


def test_packed_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "own.safetensors"
    gathered = pack([zipped(tmp_path / "a.zip", GOOD)], 28, 3, path)
    data = load_data_set(DataChoice("own", path=str(path)))
    assert isinstance(data, OwnPictures)
    assert torch.equal(data.images, gathered.images)
    assert not data.flips
    assert data.info.shape == (3, 28, 28)
    assert data.info.slots == ()
    mean_square = (gathered.images.double() / 127.5 - 1).square().mean().item()
    assert data.info.sigma_data == pytest.approx(mean_square**0.5, abs=1e-4)
    x0, condition = data.batch(40, Generator().manual_seed(0))
    assert torch.equal(x0, data.batch(40, Generator().manual_seed(0))[0])
    assert x0.shape == (40, 3, 28, 28)
    assert x0.dtype == torch.float32
    assert x0.abs().max() <= 1
    assert condition.shape == (40, 0)
    assert condition.dtype == torch.int64


def test_flips_mirror_about_half(tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    half = np.zeros((20, 20), np.uint8)
    half[:, :10] = 255
    Image.fromarray(half).save(tmp_path / "half.png")
    pack([tmp_path / "half.png"] * 16, 16, 1, path, flips=True)
    x0, _ = load_own(path).batch(400, Generator().manual_seed(0))
    assert 150 < (x0[:, 0, 8, 2] < 0).sum() < 250
    assert torch.equal(x0[:, 0, 8, 2], -x0[:, 0, 8, -3])


def test_sigma_data_is_never_nothing() -> None:
    data = OwnPictures(torch.full((16, 1, 16, 16), 127, dtype=torch.uint8))
    assert data.info.sigma_data == MIN_SIGMA_DATA


def test_damaged_packed_files_are_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    with pytest.raises(ValueError, match="no longer there"):
        load_own(path)
    for content in (b"", b"no tensors", b"\xff" * 99):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="cannot be read"):
            load_own(path)
    whole = torch.zeros(16, 3, 16, 16, dtype=torch.uint8)
    for images in (whole.float(), whole[:, :2], whole[..., 1:], whole[:15], whole[0], whole[:0]):
        save_file({"pictures": images.contiguous()}, path)
        with pytest.raises(ValueError, match="cannot be read: it holds"):
            load_own(path)
    for labels in (torch.ones(16).long(), -torch.ones(16).long(), torch.zeros(15).long()):
        save_file({"pictures": whole, "labels": labels}, path)
        with pytest.raises(ValueError, match="its labels are none of its classes"):
            load_own(path)
    save_file({"other": whole}, path)
    with pytest.raises(ValueError, match="cannot be read"):
        load_own(path)
    os.truncate(path, 200 * MEGABYTE)
    with pytest.raises(ValueError, match="too large"):
        load_own(path)


def test_a_choice_needs_a_file_and_no_classes() -> None:
    with pytest.raises(ValueError, match="choose your own pictures first"):
        load_data_set(DataChoice("own"))
    with pytest.raises(ValueError, match="leave the classes out"):
        load_data_set(DataChoice("own", ("cats",), "x"))
