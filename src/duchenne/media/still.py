"""A photograph as a clip of one picture: an image file, or 48 × 48 greys written as text."""

import re
import struct
import warnings
from io import FileIO
from pathlib import Path
from typing import cast

import cv2
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from duchenne.errors import Unusable
from duchenne.media.container import check_size
from duchenne.media.facts import Facts
from duchenne.media.jpeg import Picture, Pixels, encode
from duchenne.media.picture import within
from duchenne.media.regular import opened, read_excerpt

LONGEST = 100_000  # bytes of text; 2,304 numbers of three digits take 9,215

_TEXT_SIDE = 48  # px
_NUMBERS = re.compile(rb"\s*[0-9]{1,9}(\s+[0-9]{1,9})*\s*")
_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "GIF", "WEBP", "PPM")
# What Pillow raises for broken files: mostly the first, the others where its checks are incomplete.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error)


def read_still(
    path: Path, *, max_side: int = 640, quality: int = 90, sha256: str | None = None
) -> tuple[Picture, Facts]:
    """An image file as a JPEG: upright by its EXIF tag, no side longer than `max_side` px."""
    with opened(path, sha256=sha256) as source:
        return still_of(pixels_of(source.file), max_side=max_side, quality=quality)


def read_pixels(
    path: Path, *, max_side: int = 640, quality: int = 90, sha256: str | None = None
) -> tuple[Picture, Facts]:
    """The photograph whose greys an excerpt of a text file lists, as a JPEG."""
    grey = _greys_of(read_excerpt(path, most=LONGEST, sha256=sha256))
    return still_of(np.repeat(grey[:, :, None], 3, axis=2), max_side=max_side, quality=quality)


def still_of(pixels: Pixels, *, max_side: int, quality: int) -> tuple[Picture, Facts]:
    """The picture `(H, W, 3)` BGR as a clip of one frame."""
    height, width = pixels.shape[:2]
    small = shrink(pixels, max_side=max_side)
    facts = Facts(width=width, height=height, frames_container=1, still=True)
    return Picture(0, 0.0, encode(small, quality=quality)), facts


def shrink(pixels: Pixels, *, max_side: int) -> Pixels:
    """The picture scaled down so that no side exceeds `max_side` px; never scaled up."""
    height, width = pixels.shape[:2]
    size = within(width, height, max_side=max_side)
    return cast(Pixels, cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def pixels_of(file: FileIO) -> Pixels:
    """The picture in an open image file, `(H, W, 3)` BGR, upright."""
    try:
        with _opened(file) as image:
            check_size(*image.size)
            upright = ImageOps.exif_transpose(image)
            return np.ascontiguousarray(_eight_bits(upright)[:, :, ::-1])
    except UnidentifiedImageError as error:
        raise Unusable("not_an_image", "no image format fits these bytes") from error
    except Image.DecompressionBombError as error:
        raise Unusable("too_large", str(error)) from error
    except _BROKEN as error:
        raise Unusable("damaged_image", f"the image cannot be decoded ({error})") from error


def _opened(file: FileIO) -> Image.Image:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # check_size is stricter
        return Image.open(file, formats=_FORMATS)


def _eight_bits(image: Image.Image) -> Pixels:
    """`(H, W, 3)` RGB. 16-bit greys are scaled here, since Pillow would clip them."""
    if image.mode.startswith("I"):
        grey = (np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.asarray(image.convert("RGB"))


def _greys_of(text: bytes) -> Pixels:
    """`(48, 48)` greys from whole numbers 0 to 255, row by row; raises Unusable for other text."""
    if not _NUMBERS.fullmatch(text):
        raise Unusable("not_pixels", "something else than whole numbers stands among the pixels")
    numbers = np.array(text.split(), np.int64)
    if len(numbers) != _TEXT_SIDE**2:
        wanted = f"{_TEXT_SIDE} × {_TEXT_SIDE} = {_TEXT_SIDE**2}"
        raise Unusable("not_pixels", f"{len(numbers)} numbers, where {wanted} are needed")
    if numbers.max() > 255:
        raise Unusable("not_pixels", f"{numbers.max()} is no grey from 0 to 255")
    return numbers.astype(np.uint8).reshape(_TEXT_SIDE, _TEXT_SIDE)
