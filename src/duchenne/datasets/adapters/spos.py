"""SPOS: posed_nelly-1.avi is the first posed smile of the subject nelly.

As distributed, a clip is a folder of numbered pictures, `posed/happy/nelly-1/`. Folders of other
emotions are left out.
"""

import re
from pathlib import Path, PurePosixPath

from duchenne.config.datasets import SposDataset
from duchenne.datasets.adapters.base import Counts
from duchenne.datasets.clip import LABELS, Found, files_in
from duchenne.datasets.naming import ParsedName, aside, found, read_names
from duchenne.media.numbered import number_of

PUBLISHED = Counts({"spontaneous": 66, "posed": 14}, subjects=7)
_CLASSES = ("posed", "spontaneous")
# The subject is matched whole: "yi" and "ying" are two people.
_NAME = re.compile(r"(posed|spontaneous)_([^\W_]+)-[0-9]+")


def find(folder: Path, settings: SposDataset) -> list[Found]:
    """The clips of the set, each a file or a folder of pictures."""
    example = "posed_nelly-1.avi, or folders of pictures like posed/happy/nelly-1/"
    named = read_names(folder, read, example=example, also=_sequences(folder))
    return [found(place, parsed) for place, parsed in named]


def read(name: str) -> ParsedName | None:
    """Name, subject and label by a clip's name; None if it has another form."""
    match = _NAME.fullmatch(name.lower())
    return ParsedName(match[0], match[2], LABELS[match[1]]) if match else None


def _sequences(folder: Path) -> dict[str, str]:
    """Place and clip name of each folder of numbered pictures of a smile."""
    pictures = [place for place in files_in(folder) if number_of(place) is not None]
    folders = {PurePosixPath(place).parent for place in pictures if not aside(place)}
    names = {f"{inner}/": _name(inner) for inner in sorted(folders)}
    return {place: name for place, name in names.items() if name}


def _name(folder: PurePosixPath) -> str | None:
    *_, kind, emotion = ("", "", *(part.lower() for part in folder.parts[:-1]))
    return f"{kind}_{folder.name}" if kind in _CLASSES and emotion == "happy" else None
