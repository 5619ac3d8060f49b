"""A part of a file that is a clip of its own: `fer2013.csv#120-8410`, bytes 120 up to 8410.

So a table of many thousand pictures need not be taken apart into files, nor read as a whole for
one of them.
"""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from duchenne.errors import Unusable
from duchenne.media.regular import opened

_NAME = re.compile(r"(?P<file>.+\.csv)#(?P<first>[0-9]+)-(?P<end>[0-9]+)", re.DOTALL)


class Excerpt(NamedTuple):
    """Bytes `first` up to, and without, `end` of a file."""

    file: Path
    first: int
    end: int


def excerpt_of(path: Path) -> Excerpt | None:
    """What a path of this form names; None for any other path."""
    match = _NAME.fullmatch(str(path))
    return Excerpt(Path(match["file"]), int(match["first"]), int(match["end"])) if match else None


def read_excerpt(path: Path, *, most: int, sha256: str | None = None) -> bytes:
    """The bytes of a part of a file, no more than `most`; `changed` where they have another
    digest than the one that is known."""
    part = excerpt_of(path)
    if part is None:
        raise Unusable("not_an_excerpt", "this names no part of a file", lasting=False)
    if part.end - part.first > most:
        raise Unusable("too_large", f"{part.end - part.first} bytes; at most {most} are read")
    with opened(part.file) as source:
        source.file.seek(part.first)
        found = source.file.read(part.end - part.first)
    if sha256 is not None and hashlib.sha256(found).hexdigest() != sha256:
        detail = "these bytes of the file are not those whose digest was taken; run again"
        raise Unusable("changed", detail, lasting=False)
    return found
