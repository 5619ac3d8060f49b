"""A photograph that is written down as numbers: 48 × 48 greys from 0 to 255, row by row."""

import re
from pathlib import Path

import numpy as np

from duchenne.errors import Unusable
from duchenne.media.excerpt import read_excerpt
from duchenne.media.facts import Facts
from duchenne.media.jpeg import Picture, Pixels
from duchenne.media.still import still_of

SIDE = 48  # px
LONGEST = 100_000  # bytes; 2,304 numbers of three digits take 9,215

_NUMBERS = re.compile(rb"\s*[0-9]{1,9}(\s+[0-9]{1,9})*\s*")


def read_pixels(
    path: Path, *, max_side: int = 640, quality: int = 90, sha256: str | None = None
) -> tuple[Picture, Facts]:
    """The photograph that a part of a file holds, as a JPEG."""
    grey = parse(read_excerpt(path, most=LONGEST, sha256=sha256))
    return still_of(np.repeat(grey[:, :, None], 3, axis=2), max_side=max_side, quality=quality)


def parse(text: bytes) -> Pixels:
    """`(48, 48)` greys; whatever else stands there is Unusable."""
    if not _NUMBERS.fullmatch(text):
        raise Unusable("not_pixels", "something else than whole numbers stands among the pixels")
    numbers = np.array(text.split(), np.int64)
    if len(numbers) != SIDE * SIDE:
        wanted = f"{SIDE} × {SIDE} = {SIDE * SIDE}"
        raise Unusable("not_pixels", f"{len(numbers)} numbers, where {wanted} are needed")
    if numbers.max() > 255:
        raise Unusable("not_pixels", f"{numbers.max()} is no grey from 0 to 255")
    return numbers.astype(np.uint8).reshape(SIDE, SIDE)
