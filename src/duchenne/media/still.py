"""One photograph, as a clip of one picture."""

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
from duchenne.media.geometry import within
from duchenne.media.jpeg import Picture, Pixels, encode
from duchenne.media.regular import opened

_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "GIF", "WEBP", "PPM")
# What Pillow raises for broken files: mostly the first, and others where its own checks have gaps.
_BROKEN = (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error)


def read_still(
    path: Path, *, max_side: int = 640, quality: int = 90, sha256: str | None = None
) -> tuple[Picture, Facts]:
    """The photograph upright (EXIF), no side longer than `max_side` px, as a JPEG."""
    with opened(path, sha256=sha256) as source:
        return still_of(pixels_of(source.file), max_side=max_side, quality=quality)


def still_of(pixels: Pixels, *, max_side: int, quality: int) -> tuple[Picture, Facts]:
    """`(H, W, 3)` BGR as a clip of one picture."""
    height, width = pixels.shape[:2]
    small = shrink(pixels, max_side=max_side)
    facts = Facts(width=width, height=height, frames_container=1, still=True)
    return Picture(0, 0.0, encode(small, quality=quality)), facts


def shrink(pixels: Pixels, *, max_side: int) -> Pixels:
    """The same picture with no side longer than `max_side` px; never larger than it was."""
    height, width = pixels.shape[:2]
    size = within(width, height, max_side=max_side)
    return cast(Pixels, cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def pixels_of(file: FileIO) -> Pixels:
    """`(H, W, 3)` BGR, upright."""
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
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
        return Image.open(file, formats=_FORMATS)


def _eight_bits(image: Image.Image) -> Pixels:
    """`(H, W, 3)` RGB; Pillow itself would clip 16-bit greys instead of scaling them."""
    if image.mode.startswith("I"):
        grey = (np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.asarray(image.convert("RGB"))
