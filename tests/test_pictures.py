"""Pictures from files of every kind, good and bad; what they look like, and what they cost."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import pytest
import torch
from PIL import Image, PngImagePlugin

from diffviz.media.decoding import fitted, load_picture, load_squares
from diffviz.media.kinds import FORMATS
from diffviz.media.levels import grey_levels
from diffviz.media.raster import PictureError, decoder_advice

MEGABYTE = 2**20
EXACT = ("PNG", "BMP", "TIFF")
RED, WHITE = (220, 30, 40), (255, 255, 255)


def saved(tmp_path: Path, image: Image.Image, format: str = "PNG", **options: Any) -> Path:
    path = tmp_path / f"picture.{format.lower()}"
    image.save(path, format, **options)
    return path


def levels(picture: torch.Tensor) -> np.ndarray:
    return grey_levels(picture).numpy().astype(int)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("colour", [RED, (90, 90, 90)])
def test_all_formats(tmp_path: Path, format: str, colour: tuple[int, int, int]) -> None:
    picture = load_picture(saved(tmp_path, Image.new("RGB", (50, 20), colour), format))
    assert picture.dtype == torch.float32
    assert picture.shape == (1 if colour[0] == colour[1] else 3, 20, 50)
    expected = np.array(colour[: len(picture)])[:, None, None]
    assert np.abs(levels(picture) - expected).max() <= (0 if format in EXACT else 4)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((256, 256), (256, 256)),
        ((28, 28), (28, 28)),  # never enlarged
        ((1000, 500), (128, 256)),
        ((500, 1000), (256, 128)),
        ((3000, 8), (1, 256)),
        ((5000, 3001), (154, 256)),
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_the_longer_side_is_scaled_down(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int], format: str
) -> None:
    picture = load_picture(saved(tmp_path, Image.new("RGB", size, RED), format))
    assert picture.shape == (3, *expected)
    assert np.abs(levels(picture)[0] - RED[0]).max() <= 3


def test_scaling_keeps_things_in_their_places(tmp_path: Path) -> None:
    large = np.zeros((1800, 2400), np.uint8)
    large[450:900, 600:1800] = 200
    picture = levels(load_picture(saved(tmp_path, Image.fromarray(large))))[0]
    assert picture.shape == (192, 256)
    assert np.abs(picture[50:94, 66:190] - 200).max() <= 2
    assert picture[:45].max() <= 2
    assert picture[:, :60].max() <= 2


def test_pixels_of_small_pictures_are_kept_exactly(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8)
    assert (levels(load_picture(saved(tmp_path, Image.fromarray(pixels))))[0] == pixels).all()


def test_16_bits(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 256).astype(np.uint16)
    picture = load_picture(saved(tmp_path, Image.fromarray(np.tile(values, (16, 1)))))
    assert np.abs(levels(picture)[0] - np.arange(256)).max() <= 1


def test_16_bit_colour(tmp_path: Path) -> None:
    """Pillow cannot write it, so the file is made by hand."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data)
        return len(data).to_bytes(4, "big") + name + data + crc.to_bytes(4, "big")

    row = b"\0" + np.array([60000, 30000, 100], ">u2").tobytes() * 10
    header = (10).to_bytes(4, "big") * 2 + bytes([16, 2, 0, 0, 0])
    path = tmp_path / "deep.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * 10))
        + chunk(b"IEND", b"")
    )
    assert np.abs(levels(load_picture(path))[:, 0, 0] - [233, 117, 0]).max() <= 1


def test_large_photographs_with_a_thumbnail_inside(tmp_path: Path) -> None:
    """As cameras make them: the thumbnail's own scan must not count as a second one."""
    thumbnail = io.BytesIO()
    Image.new("RGB", (160, 120), RED).save(thumbnail, "JPEG")
    photograph = Image.new("RGB", (8_000, 6_000), RED)
    app1 = b"Exif\0\0" + thumbnail.getvalue()
    path = saved(tmp_path, photograph, "JPEG", exif=app1)
    assert load_picture(path).shape == (3, 192, 256)


def test_cmyk(tmp_path: Path) -> None:
    path = saved(tmp_path, Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "JPEG")
    assert np.abs(levels(load_picture(path))[:, 20, 20] - [255, 0, 0]).max() <= 6


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_become_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (30, 30), (*RED, 255))
    image.paste((0, 0, 0, 0), (0, 0, 15, 30))
    image = image.quantize() if mode == "P" else image.convert(mode)
    picture = levels(load_picture(saved(tmp_path, image)))
    assert (picture[:, 15, 4] == 255).all()
    assert picture[-1, 15, 25] < 120


def test_half_transparent(tmp_path: Path) -> None:
    picture = load_picture(saved(tmp_path, Image.new("RGBA", (30, 30), (0, 0, 0, 128))))
    assert np.abs(levels(picture) - 127).max() <= 1


def test_transparent_colour_of_a_grey_png(tmp_path: Path) -> None:
    image = Image.new("L", (20, 20), 10)
    image.paste(200, (0, 0, 10, 20))
    picture = levels(load_picture(saved(tmp_path, image, transparency=10)))
    assert picture[0, 5, 15] == 255
    assert picture[0, 5, 5] == 200


def test_one_bit(tmp_path: Path) -> None:
    image = Image.new("1", (20, 20), 0)
    image.paste(1, (0, 0, 10, 20))
    picture = levels(load_picture(saved(tmp_path, image)))
    assert picture[0, 0, 0] == 255
    assert picture[0, 0, 19] == 0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_orientation(tmp_path: Path, orientation: int, format: str) -> None:
    upright = np.zeros((60, 40), np.uint8)
    upright[:30, :20] = 255  # bright at the top left
    undo = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.T,
        6: lambda a: np.rot90(a, 1),  # the reader turns it clockwise
        7: lambda a: np.rot90(a, 2).T,
        8: lambda a: np.rot90(a, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(undo(upright)))
    picture = levels(load_picture(saved(tmp_path, stored, format, exif=exif)))
    assert picture.shape[1:] == (60, 40)
    assert picture[0, 5:25, 5:15].min() > 240
    assert picture[0, 35:, :].max() < 15


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_the_first_frame_of_an_animation(tmp_path: Path, format: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in (RED, (0, 255, 0), (0, 0, 255))]
    path = saved(tmp_path, frames[0], format, save_all=True, append_images=frames[1:])
    assert np.abs(levels(load_picture(path))[:, 9, 9] - RED).max() <= 4


def bad_files() -> dict[str, tuple[bytes, str]]:
    def content(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
        file = io.BytesIO()
        image.save(file, format, **options)
        return file.getvalue()

    noisy = Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8))
    wide = Image.new("RGB", (2_400, 2_400))
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "a" * (80 * MEGABYTE), zip=True)
    files = {
        "text": (b"hello, world", "no picture that can be read"),
        "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a HEIC picture, as phones make them"),
        "heic by mif1": (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "a HEIC picture, as phones"),
        "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that can be read"),
        "a fax": (content(Image.new("1", (99, 99)), "TIFF", compression="group4"), "packed in a"),
        "decimals": (content(Image.new("F", (99, 99)), "TIFF"), "no levels of a picture"),
        "empty": (b"", "empty"),
        "large": (b"\x89PNG" + bytes(11 * MEGABYTE), "at most 10 MB"),
        "1 × 1": (content(Image.new("RGB", (1, 1))), "1 × 1"),
        "thin": (content(Image.new("RGB", (500, 3))), "500 × 3"),
        "30,000 × 30,000": (content(Image.new("1", (30_000, 30_000))), "too many pixels"),
        "9,000 × 9,000": (content(Image.new("1", (9_000, 9_000))), "9,000 × 9,000"),
        "wide gif": (content(Image.new("P", (20_000, 5_000)), "GIF"), "too many"),
        "large webp": (content(Image.new("RGB", (4_000, 4_000)), "WEBP"), "up to 5 megapixels"),
        "large avif": (
            content(wide, "AVIF", speed=10),
            "up to 5 megapixels",
        ),
        "large tiff": (content(wide, "TIFF", compression="tiff_lzw"), "up to 5 megapixels"),
        "large progressive": (
            content(Image.new("RGB", (5_000, 5_000)), "JPEG", progressive=True, subsampling=0),
            "5,000 × 5,000",
        ),
        "swollen comment": (
            content(Image.new("L", (20, 20)), pnginfo=text),
            "damaged",
        ),
    }
    for format in FORMATS:
        whole = content(noisy, format)
        for share in (0.02, 0.5, 0.9):
            name = f"{format} cut at {share:.0%}"
            files[name] = (whole[: int(len(whole) * share)], "file")
    return files


BAD = bad_files()


@pytest.mark.parametrize("name", BAD)
def test_bad_files_give_a_sentence(tmp_path: Path, name: str) -> None:
    content, sentence = BAD[name]
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=sentence):
        load_picture(path)


def test_damage_anywhere_is_either_survived_or_said(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    noisy = Image.fromarray(random.integers(0, 256, (40, 40, 3), np.uint8))
    path = tmp_path / "damaged"
    for format in FORMATS:
        whole = saved(tmp_path, noisy, format).read_bytes()
        for _ in range(60):
            content = bytearray(whole)
            for place in random.integers(0, len(content), 4):
                content[place] = random.integers(0, 256)
            path.write_bytes(content)
            with contextlib.suppress(PictureError):
                assert torch.isfinite(load_picture(path)).all()


MEASURE = """
import sys
from diffviz.media.decoding import load_picture
from diffviz.media.raster import PictureError

def peak():
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024

load_picture(sys.argv[1])  # with all that it imports
most = 0
for path in sys.argv[2:]:
    open("/proc/self/clear_refs", "w").write("5")  # the peak starts again from here
    before = peak()
    try:
        load_picture(path)
    except PictureError:
        pass
    most = max(most, peak() - before)
print(most)
"""


def largest_of_each_kind(folder: Path) -> list[Path]:
    """Files just within bounds, whose decoding costs most."""
    turned = Image.Exif()
    turned[0x0112] = 6
    gif = [Image.new("P", (7_900, 7_900), k) for k in range(2)]
    webp = [Image.new("RGBA", (2_280, 2_280), (k, 0, 0, 99)) for k in range(3)]
    images: list[tuple[Image.Image, str, dict[str, Any]]] = [
        (Image.new("RGBA", (3_960, 3_960), (1, 2, 3, 4)), "PNG", {}),
        (Image.fromarray(np.full((5_600, 5_600), 999, np.uint16)), "PNG", {}),
        (Image.new("L", (7_900, 7_900)), "PNG", {}),
        (gif[0], "GIF", {"save_all": True, "append_images": gif[1:]}),
        (webp[0], "WEBP", {"save_all": True, "append_images": webp[1:]}),
        (Image.new("RGB", (2_280, 2_280)), "AVIF", {"speed": 10, "subsampling": "4:4:4"}),
        (Image.new("RGB", (2_280, 2_280)), "TIFF", {"compression": "tiff_lzw", "exif": turned}),
        (Image.new("RGB", (1_850, 1_850)), "BMP", {}),
        (Image.new("RGB", (5_300, 3_900)), "JPEG", {"progressive": True}),
        (Image.new("RGB", (8_000, 6_000)), "JPEG", {}),
        (Image.new("CMYK", (2_700, 2_700)), "JPEG", {"progressive": True}),
    ]
    paths = []
    for k, (image, format, options) in enumerate(images):
        paths.append(folder / f"large-{k}")
        image.save(paths[-1], format, **options)
    return paths


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_no_file_costs_more_than_100_megabytes(tmp_path: Path) -> None:
    paths = largest_of_each_kind(tmp_path)
    for name, (content, _) in BAD.items():
        paths.append(tmp_path / name.replace("/", " "))
        paths[-1].write_bytes(content)
    warm = saved(tmp_path, Image.new("RGB", (300, 300)), "WEBP")
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, str(warm), *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    )
    print(f"{float(answer.stdout):.0f} MB at most")
    assert answer.stderr == ""
    assert float(answer.stdout) < 100


@pytest.mark.parametrize("channels", [1, 3])
def test_fitted_takes_the_centre(channels: int) -> None:
    picture = torch.full((3, 50, 100), -1.0)
    picture[:, :, 25:75] = torch.tensor([1.0, 1.0, 1.0])[:, None, None]
    for large in (picture, picture[:1]):
        small = fitted(large, (channels, 28, 28))
        assert small.shape == (channels, 28, 28)
        assert (small == 1).all()


def test_fitted_keeps_colour_and_what_fits_already() -> None:
    picture = torch.tensor([1.0, -1.0, 0.2])[:, None, None].expand(3, 40, 60)
    small = fitted(picture, (3, 32, 32))
    assert torch.allclose(small, picture[:, :32, :32], atol=1 / 127)
    assert torch.equal(fitted(small, (3, 32, 32)), small)


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_load_squares_agrees_with_the_picture_cropped(tmp_path: Path, format: str) -> None:
    rows, columns = np.mgrid[:300, :500]
    smooth = np.stack([rows // 2, columns // 2, (rows + columns) // 4], -1).astype(np.uint8)
    path = saved(tmp_path, Image.fromarray(smooth), format)
    [square] = load_squares(path.read_bytes(), 28, 1)
    assert square.dtype == np.uint8
    assert square.shape == (1, 28, 28)
    other = levels(fitted(load_picture(path, 500), (1, 28, 28)))
    assert np.abs(square.astype(int) - other).max() <= 3
    assert load_squares(path.read_bytes(), 28, 3).shape == (1, 3, 28, 28)


def test_load_squares_says_what_is_wrong() -> None:
    for content, sentence in ((b"", "empty"), (b"hello", "no picture"), (bytes(11 << 20), "10 MB")):
        with pytest.raises(PictureError, match=sentence):
            load_squares(content, 28, 3)


def test_an_old_decoder_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decoder_advice() == ""
    monkeypatch.setattr(PIL, "__version__", "12.3.0")
    assert "Pillow 12.3.0" in decoder_advice()
