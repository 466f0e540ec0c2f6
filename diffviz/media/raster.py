"""Picture files of the FORMATS decoded within bounds: grey levels out, or a sentence.

numpy and Pillow alone, so that the processes which open strangers' files start soon and are small.
"""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from diffviz.media.kinds import FORMATS, KINDS, is_heic

SIZE = 256  # of the longer side, at most
MIN_SIDE = 8
MAX_BYTES = 10 * 2**20
MOST_CELLS = 1024  # of a sheet
# What decoding may cost. The dimensions are looked at first: 20 KB of PNG can hold 800 MB.
MEMORY = 60 * 2**20
# As Pillow holds them; 4 in all other modes that a picture to look at has.
PIXEL_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2}
MODES = (*PIXEL_BYTES, "I", "LA", "PA", "La", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB")
ONE_SCAN_PIXEL_BYTES = 0.6  # of a JPEG, decoded at 1/4 or 1/8; 100 megapixels take long enough
# libwebp composes frames on canvases of its own; dav1d keeps frames for others to refer to.
WEBP_PIXEL_BYTES = AVIF_PIXEL_BYTES = 12
TIFF_COPIES = 3  # a strip may be all of it, and what is turned upright is another
# Of a TIFF; the rest are decoders of their own, for faxes and for pictures within pictures.
TIFF_COMPRESSIONS = ("raw", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate")
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each has a stack, for which the process has no room
ORIENTATION = 0x0112  # the tag of EXIF, and what undoes each of its values
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_one_at_a_time = threading.Lock()  # so that MEMORY bounds them all together
# A progressive JPEG by libjpeg has 10 scans, in CMYK 18. Each costs time for all pixels, and hardly
# any bytes.
MOST_SCANS, MOST_SEGMENTS = 32, 2000
MARKER = re.compile(rb"\xff([^\x00\xd0-\xd7\xff])")  # not the restarts within a scan
ALONE = (b"\xd8", b"\x01")  # without a length
SAFE_PILLOW = 13  # before, a file could write beyond a buffer (GHSA-5x8w-8jj5-q52h and others)


class PictureError(ValueError):
    """A file that gives no picture; its text tells a visitor why."""


def decoder_advice() -> str:
    """What is to be done about this machine's Pillow; "" where nothing is."""
    if int(PIL.__version__.split(".")[0]) >= SAFE_PILLOW:
        return ""
    return (
        f"Pillow {PIL.__version__} has known holes that a stranger's picture could use; "
        "install requirements-pillow.txt, with --no-deps"
    )


def shrunk(content: bytes, size: int) -> NDArray[np.uint8]:
    """The picture that a file's bytes hold: (H, W, 3), or (H, W) where it is grey, 0..255.

    Larger pictures are scaled down to `size` on the longer side. An animation gives its first
    frame, transparent parts become white, EXIF's orientation is obeyed. Raises PictureError.
    """
    return _decode(content, lambda image: np.asarray(_shrink(image, size)))


def squares(
    content: bytes, size: int, channels: int, across: int = 1, down: int = 1
) -> NDArray[np.uint8]:
    """The square centres of the cells, so many across and down, of the picture that a file's bytes
    hold, row by row: (across · down, size, size), or (…, 3).

    Made grey (ITU-R 601 weights) or colour as `channels`, 1 or 3, says; otherwise as above.
    """
    if not (across >= 1 <= down and across * down <= MOST_CELLS):
        raise PictureError(f"a sheet is cut into 1 to {MOST_CELLS:,} pictures")
    mode = "L" if channels == 1 else "RGB"
    return _decode(content, lambda image: _squares(image, size, mode, across, down))


def check_length(length: int) -> None:
    if length == 0:
        raise PictureError("the file is empty")
    if length > MAX_BYTES:
        raise PictureError(f"the file has {length / 2**20:.1f} MB; at most {MAX_BYTES >> 20} MB")


def _decode(content: bytes, make: Callable[[Image.Image], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """What `make` makes of the picture, once it is known to be bearable."""
    check_length(len(content))
    with _one_at_a_time, _open(BytesIO(content)) as image:
        try:
            _check_dimensions(image, _scans(content) if isinstance(image, JpegImageFile) else 1)
            return make(image)
        except PictureError:
            raise
        except MemoryError as error:
            raise PictureError("this picture takes too much memory to open") from error
        except Exception as error:  # Pillow's decoders raise a dozen types for damaged files
            raise PictureError("the file is damaged or cut short") from error


def _open(file: BytesIO) -> Image.Image:
    """The file's header, read; no pixel is decoded yet."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(file, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("this picture has far too many pixels to open here") from error
    except UnidentifiedImageError as error:
        heic = is_heic(file.getvalue())
        kind = (
            "a HEIC picture, as phones make them, which cannot" if heic else "no picture that can"
        )
        raise PictureError(f"this file is {kind} be read here; a {KINDS} file can") from error
    except Exception as error:  # as above
        raise PictureError("the file is damaged or cut short") from error
    if image.mode not in MODES:
        raise PictureError("the numbers in this file are no levels of a picture to look at")
    if image.format == "TIFF" and image.info.get("compression") not in TIFF_COMPRESSIONS:
        raise PictureError("this TIFF is packed in a way that is not read here; a PNG file can be")
    return image


def _check_dimensions(image: Image.Image, scans: int) -> None:
    width, height = image.size
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"this picture has {width} × {height} pixels; "
            f"it takes at least {MIN_SIDE} × {MIN_SIDE} to see anything"
        )
    limit = MEMORY / _bytes_per_pixel(image, scans)
    if width * height > limit:
        raise PictureError(
            f"this picture has {width:,} × {height:,} pixels, too many to open here; "
            f"up to {limit // 1e6:.0f} megapixels of its kind are fine"
        )


def _bytes_per_pixel(image: Image.Image, scans: int) -> float:
    """What decoding holds for each pixel."""
    if isinstance(image, JpegImageFile):
        # Pixels come out scaled down, but where they are told in several scans, as in progressive
        # files, all coefficients are held: 2 bytes each.
        areas = [across * down for _, across, down, _ in image.layer]
        return 2 * sum(areas) / max(areas) if scans > 1 else ONE_SCAN_PIXEL_BYTES
    if image.format in ("WEBP", "AVIF"):
        return WEBP_PIXEL_BYTES if image.format == "WEBP" else AVIF_PIXEL_BYTES
    return PIXEL_BYTES.get(image.mode, 4) * (TIFF_COPIES if image.format == "TIFF" else 1)


def _scans(content: bytes) -> int:
    """How many scans a JPEG has, each of which goes over all its pixels once; raises PictureError
    for more than MOST_SCANS.

    Segments tell their length, and may hold a thumbnail with scans of its own. Within a scan FF is
    never followed by a marker's byte.
    """
    place, scans = 0, 0
    for _ in range(MOST_SEGMENTS):
        found = MARKER.search(content, place)
        if found is None or found[1] == b"\xd9":  # the end of the image
            return scans
        place = found.end()
        if found[1] == b"\xda":
            scans += 1
            if scans > MOST_SCANS:
                break
        if found[1] not in ALONE:
            place += int.from_bytes(content[place : place + 2], "big")
    raise PictureError("this JPEG comes in more parts than any camera writes")


def _shrink(image: Image.Image, size: int) -> Image.Image:
    """Decode, scale down, and turn upright: an 8-bit picture, L or RGB."""
    image.draft(None, (4 * size, 4 * size))  # JPEG alone: decode at 1/2, 1/4 or 1/8
    image.load()
    longer = max(image.size)
    whole = (0, 0, *image.size)
    middle = _join(_reduced_strips(image, whole, max(1, longer // (4 * size))))
    if longer > size:
        scale = size / longer
        target = [max(1, round(side * scale)) for side in image.size]
        middle = middle.resize((target[0], target[1]), Image.Resampling.LANCZOS)
    return _upright(middle, image)


def _squares(image: Image.Image, size: int, mode: str, across: int, down: int) -> NDArray[np.uint8]:
    """Decode, turn upright, crop to the square centre of each cell, and scale those to `size`."""
    image.draft(mode, (4 * size * across, 4 * size * down))
    image.load()
    alone = across * down == 1  # then it is turned when it is small
    sheet = image if alone else _upright(image, image)
    width, height = sheet.width // across, sheet.height // down
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"cut {across} × {down} its pictures would have {width} × {height} pixels; "
            f"it takes at least {MIN_SIDE} × {MIN_SIDE} to see anything"
        )
    side = min(width, height)
    cells = []
    for place in range(across * down):
        left = (place % across) * sheet.width // across + (width - side) // 2
        top = (place // across) * sheet.height // down + (height - side) // 2
        box = (left, top, left + side, top + side)
        middle = _join(_reduced_strips(sheet, box, max(1, side // (4 * size)))).convert(mode)
        cell = middle.resize((size, size), Image.Resampling.LANCZOS)
        cells.append(np.asarray(_upright(cell, image) if alone else cell))
    return np.stack(cells)


def _upright(made: Image.Image, image: Image.Image) -> Image.Image:
    """What was made of the image, turned as its EXIF data say."""
    turn = UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
    return made if turn is None else made.transpose(turn)


def _reduced_strips(
    image: Image.Image, box: tuple[int, int, int, int], factor: int
) -> Iterator[Image.Image]:
    """A part of the picture in strips from the top, each averaged over factor × factor pixels; so
    that no second copy at full size is ever made, whatever must be converted."""
    left, top, right, bottom = box
    rows = factor * max(1, 64 // factor)
    for upper in range(top, bottom, rows):
        strip = image.crop((left, upper, right, min(upper + rows, bottom)))
        yield _opaque(strip).reduce(factor)


def _join(strips: Iterator[Image.Image]) -> Image.Image:
    return Image.fromarray(np.concatenate([np.asarray(strip) for strip in strips]))


def _opaque(image: Image.Image) -> Image.Image:
    """As 8-bit L or RGB, on white."""
    if image.mode.startswith("I"):  # 16 bits; Pillow's own conversion would clip at 255
        words = np.asarray(image).clip(0, 65535).astype(np.uint32)
        return Image.fromarray(((words * 255 + 32895) >> 16).astype(np.uint8))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")
