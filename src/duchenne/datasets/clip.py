"""A clip as an adapter finds it, what kind of file it is, and the name it gets."""

import hashlib
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from duchenne.media import numbered, regular
from duchenne.media.regular import excerpt_of

KINDS: Mapping[str, Set[str]] = {
    "video": {".avi", ".gif", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm",
              ".wmv"},
    "landmarks": {".npy"},
    "dmarkers": {".dmarkers"},
    "image": numbered.ENDINGS,
}  # fmt: skip
LONGEST_NAME = 80

# The words that data sets use. Label 1 is spontaneous everywhere.
LABELS = {
    "1": 1, "spontaneous": 1, "genuine": 1,
    "0": 0, "posed": 0, "deliberate": 0,
}  # fmt: skip
LABEL_NAMES = {1: "spontaneous", 0: "posed"}

Group = str | float | None


@dataclass(frozen=True)
class Found:
    """One clip of a data set; `place` is its path inside the data set's folder.

    A clip that is itself a folder of numbered pictures ends in a slash: `posed/one/`; one that is a
    part of a file names its bytes: `all.csv#12-40`.
    """

    place: str
    subject: str
    label: int
    label_name: str
    groups: Mapping[str, Group] = field(default_factory=dict)
    fold: str | None = None
    role: str | None = None  # in the ONE official split named by `fold`: train, val or test
    called: str | None = None  # by papers and published folds, where the file's name is another
    sha256: str | None = None  # of its content, where finding it meant reading it

    @property
    def name(self) -> str:
        return clip_name(self.place)

    @property
    def ident(self) -> str:
        """What papers and published folds call the clip."""
        return self.called or without_endings(PurePosixPath(self.place).name)

    @property
    def kind(self) -> str:
        return kind_of(self.place) or "video"


def kind_of(place: str) -> str | None:
    """video, landmarks, dmarkers or image, by the ending, sequence for a folder, pixels for a
    part of a file; None for any other file."""
    if place.endswith("/"):
        return "sequence"
    if excerpt_of(Path(place)):
        return "pixels"
    ending = PurePosixPath(place).suffix.lower()
    return next((kind for kind, endings in KINDS.items() if ending in endings), None)


def without_endings(place: str) -> str:
    """A path without all the endings we know: landmarks of `a.mp4` are published as `a.mp4.npy`.
    A folder has none, and a part of a file is called after its first byte."""
    if place.endswith("/"):
        return str(PurePosixPath(place))
    if part := excerpt_of(Path(place)):
        return f"{part.file.with_suffix('').as_posix()}_{part.first:09d}"
    while kind_of(place):
        place = str(PurePosixPath(place).with_suffix(""))
    return place


def clip_name(place: str) -> str:
    """A name that every file system and shell can bear. One that had to be altered ends in a
    digest of the original, so that different files keep different names."""
    plain = without_endings(place)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", plain).lstrip(".-")
    if name == plain and len(name) <= LONGEST_NAME:
        return name
    mark = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    end = name[-(LONGEST_NAME - 9) :].lstrip(".-")  # the file's own name, below whatever folders
    return f"{end}-{mark}"


def files_in(folder: Path) -> list[str]:
    """Every file of a known kind below a folder, by its path inside it. Nothing is opened."""
    found = (path.relative_to(folder).as_posix() for path in regular.walk(folder))
    return sorted(place for place in found if kind_of(place))
