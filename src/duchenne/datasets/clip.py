"""A clip as an adapter finds it: its path, kind, name, subject and label."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
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

# Words for the labels in data sets. Label 1 is spontaneous everywhere.
LABELS = {
    "1": 1, "spontaneous": 1, "genuine": 1,
    "0": 0, "posed": 0, "deliberate": 0,
}  # fmt: skip
LABEL_NAMES = {1: "spontaneous", 0: "posed"}

Group = str | float | None


@dataclass(frozen=True)
class Found:
    """One clip of a data set; `place` is its path relative to the data set's folder.

    The place of a folder of numbered pictures ends in a slash: `posed/one/`. That of a clip inside
    a larger file has its first byte and its end: `all.csv#12-40`.
    """

    place: str
    subject: str
    label: int
    label_name: str
    groups: Mapping[str, Group] = field(default_factory=dict)
    fold: str | None = None
    role: str | None = None  # train, val or test in the one official split, which `fold` names
    called: str | None = None  # name in papers and published folds, if the file's name differs
    sha256: str | None = None  # of the content, if the adapter had to read it

    @property
    def ident(self) -> str:
        """The clip's name in papers and published folds."""
        return self.called or without_endings(PurePosixPath(self.place).name)

    @property
    def kind(self) -> str:
        return kind_of(self.place) or "video"


def kind_of(place: str) -> str | None:
    """The kind of clip at a place.

    A file's ending decides between video, landmarks, dmarkers and image. A folder is a sequence, a
    part of a file is pixels. None for any other file.
    """
    if place.endswith("/"):
        return "sequence"
    if excerpt_of(Path(place)):
        return "pixels"
    ending = PurePosixPath(place).suffix.lower()
    return next((kind for kind, endings in KINDS.items() if ending in endings), None)


def without_endings(place: str) -> str:
    """A path without its known endings; there may be several, as in `a.mp4.npy`.

    A folder has no ending. A part of a file is named after the file and its first byte.
    """
    if place.endswith("/"):
        return str(PurePosixPath(place))
    if part := excerpt_of(Path(place)):
        return f"{part.file.with_suffix('').as_posix()}_{part.first:09d}"
    while kind_of(place):
        place = str(PurePosixPath(place).with_suffix(""))
    return place


def names_of(found: Sequence[Found]) -> list[str]:
    """The clips' names: that in papers, or the file's without endings. Where two would be equal, or
    the name is not safe, it is made from the whole place."""
    count = Counter(clip.ident.casefold() for clip in found)
    alone = [is_safe(clip.ident) and count[clip.ident.casefold()] == 1 for clip in found]
    return [
        clip.ident if own else clip_name(clip.place) for clip, own in zip(found, alone, strict=True)
    ]


def is_safe(name: str) -> bool:
    """Whether a name is short, and of characters that are safe in any file system and shell."""
    return bool(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name)) and len(name) <= LONGEST_NAME


def clip_name(place: str) -> str:
    """A clip's name by its place, of safe characters.

    A name that had to be changed ends in a digest of the place, so that names stay unique.
    """
    plain = without_endings(place)
    if is_safe(plain):
        return plain
    name = re.sub(r"[^A-Za-z0-9._-]", "_", plain).lstrip(".-")
    mark = hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    end = name[-(LONGEST_NAME - 9) :].lstrip(".-")  # the end, since it has the file's own name
    return f"{end}-{mark}"


def files_in(folder: Path) -> list[str]:
    """Relative paths of all files of a known kind below a folder, sorted. No file is opened."""
    found = (path.relative_to(folder).as_posix() for path in regular.walk(folder))
    return sorted(place for place in found if kind_of(place))
