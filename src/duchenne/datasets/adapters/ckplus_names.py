"""How CK+ names its subjects, sequences and classes."""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

# By their number in the owner's label files, less one.
CLASSES = ("anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
NEUTRAL = "neutral"  # an eighth class where it is asked for: the set itself has none

_FOLDERS = re.compile(r"(?:.*/)?(?P<subject>S[0-9]+)/(?P<sequence>[0-9]+)/[^./][^/]*")
_CROP = re.compile(r"(?P<subject>S[0-9]+)_(?P<sequence>[0-9]+)_[0-9]+")


class Place(NamedTuple):
    """One sequence of one subject."""

    subject: str
    sequence: str

    def __str__(self) -> str:
        return f"{self.subject}/{self.sequence}"


def sequence_of(place: str) -> Place | None:
    """The sequence of a file by the folders that it lies in, else by its name; None where neither
    says it."""
    match = _FOLDERS.fullmatch(place) or _CROP.fullmatch(PurePosixPath(place).stem)
    return Place(match["subject"], match["sequence"]) if match else None
