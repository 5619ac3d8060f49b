"""The files of a sequence, a folder of numbered pictures that are one clip: order and digest.

The last number in a name is the frame's: `img_9.png` comes before `img_10.png`, and a number that
is skipped is a missing frame. Nothing is decoded here, so that listing clips needs no OpenCV.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from duchenne.errors import Unusable
from duchenne.media.regular import sha256_of, unreachable

ENDINGS = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff"})

_EMPTY = hashlib.sha256(b"").hexdigest()


class Numbered(NamedTuple):
    """A picture of a sequence."""

    number: int
    path: Path
    sha256: str


def number_of(name: str) -> int | None:
    """The last number in a picture's file name; None if it has none or is no picture."""
    stem, ending = Path(name).stem, Path(name).suffix.lower()
    digits = re.findall(r"[0-9]+", stem)
    return int(digits[-1]) if digits and ending in ENDINGS else None


def pictures_in(folder: Path) -> list[Numbered]:
    """The pictures of a sequence in order; raises Unusable if numbers repeat or none is found."""
    found = sorted((number, path.name) for path in _files(folder)
                   if (number := number_of(path.name)) is not None)  # fmt: skip
    if not found:
        endings = ", ".join(sorted(ENDINGS))
        raise Unusable("no_pictures", f"no numbered picture ({endings}) lies in this folder")
    for (one, first), (other, second) in pairwise(found):
        if one == other:
            raise Unusable("numbers_repeat", f"{first} and {second} have the same number")
    return [Numbered(number, folder / name, _digest(folder / name)) for number, name in found]


def digest_of(pictures: Iterable[Numbered]) -> str:
    """The sha256 over names and contents of the pictures, in order."""
    whole = hashlib.sha256()
    for picture in pictures:
        whole.update(f"{picture.path.name}\0{picture.sha256}\n".encode(errors="surrogateescape"))
    return whole.hexdigest()


def size_of(pictures: Sequence[Numbered]) -> int:
    """Size of all pictures in bytes."""
    return sum(picture.path.stat().st_size for picture in pictures)


def _files(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except NotADirectoryError:
        raise Unusable(
            "not_a_folder", "a sequence is a folder of pictures", lasting=False
        ) from None
    except OSError as error:
        raise unreachable(folder, error) from error


def _digest(path: Path) -> str:
    """The sha256 of a file; an empty one is a damaged frame, which does not end the clip."""
    try:
        return sha256_of(path)
    except Unusable as verdict:
        if verdict.reason == "empty_file":
            return _EMPTY
        raise
