"""A folder of numbered pictures, as the clip that they are: which, in which order, and its digest.

The last number in a name counts frames: `img_9.png` comes before `img_10.png`, and what is skipped
between two of them is a frame that is missing. Nothing is decoded here.
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
    """One picture of a sequence."""

    number: int
    path: Path
    sha256: str


def number_of(name: str) -> int | None:
    """The last number in a picture's name; None where it has none or is no picture."""
    stem, ending = Path(name).stem, Path(name).suffix.lower()
    digits = re.findall(r"[0-9]+", stem)
    return int(digits[-1]) if digits and ending in ENDINGS else None


def pictures_in(folder: Path) -> list[Numbered]:
    """The pictures of a sequence in their order; Unusable where there is no order or no picture."""
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
    """The sha256 of a sequence: of the names and contents of its pictures, in their order."""
    whole = hashlib.sha256()
    for picture in pictures:
        whole.update(f"{picture.path.name}\0{picture.sha256}\n".encode(errors="surrogateescape"))
    return whole.hexdigest()


def size_of(pictures: Sequence[Numbered]) -> int:
    """Bytes of all pictures."""
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
    """An empty picture is a damaged frame, not the end of its clip."""
    try:
        return sha256_of(path)
    except Unusable as verdict:
        if verdict.reason == "empty_file":
            return _EMPTY
        raise
