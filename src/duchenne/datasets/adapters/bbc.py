"""BBC: "Genuine_smilecontent q01.mp4". Each video shows another person, so q01 is the subject."""

import re
from collections.abc import Sequence
from pathlib import Path

from duchenne.config.datasets import SmileDataset
from duchenne.datasets.adapters.base import Counts
from duchenne.datasets.clip import LABELS, Found
from duchenne.datasets.naming import ParsedName, found, read_names

PUBLISHED = Counts({"spontaneous": 10, "posed": 10}, subjects=20)
_NAME = re.compile(r"(genuine|posed)_smilecontent[ _]?q(\d{1,2})", re.ASCII)
_WRITTEN = {"genuine": "Genuine", "posed": "posed"}


def find(folder: Path, settings: SmileDataset) -> list[Found]:
    """The clips of the set, one file each."""
    named = read_names(folder, read, example="'Genuine_smilecontent q01.mp4'")
    return [found(place, parsed) for place, parsed in named]


def read(name: str) -> ParsedName | None:
    """Published name, subject and label by a file's name; None if it has another form."""
    match = _NAME.fullmatch(name.lower())
    if match is None:
        return None
    subject = f"q{int(match[2]):02d}"
    return ParsedName(f"{_WRITTEN[match[1]]}_smilecontent {subject}", subject, LABELS[match[1]])


def missing(clips: Sequence[Found]) -> list[str]:
    """The missing ones of q01 to q20; their class is not known."""
    seen = {clip.subject for clip in clips}
    subjects = (f"q{number:02d}" for number in range(1, 21))
    return [f"the clip of {subject}" for subject in subjects if subject not in seen]
