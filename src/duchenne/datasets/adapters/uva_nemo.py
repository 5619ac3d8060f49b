"""UvA-NEMO: 001_deliberate_smile_2.mp4 is a deliberate, that is posed, smile of subject 001."""

import re
from pathlib import Path

from duchenne.config.datasets import SmileDataset
from duchenne.datasets.adapters.base import Counts
from duchenne.datasets.clip import LABELS, Found
from duchenne.datasets.naming import ParsedName, found, read_names

PUBLISHED = Counts({"spontaneous": 597, "posed": 643}, subjects=400)
_NAME = re.compile(r"(\d{3})_(deliberate|spontaneous)_smile_(\d+)", re.ASCII)


def find(folder: Path, settings: SmileDataset) -> list[Found]:
    """The clips of the set, one file each."""
    named = read_names(folder, read, example="001_deliberate_smile_2.mp4")
    return [found(place, parsed) for place, parsed in named]


def read(name: str) -> ParsedName | None:
    """Name, subject and label by a clip's name; None if it has another form."""
    match = _NAME.fullmatch(name.lower())
    return ParsedName(match[0], match[1], LABELS[match[2]]) if match else None


def written(subject: str) -> str:
    """A subject with three digits: spreadsheets turn 001 into 1."""
    return subject.zfill(3)
