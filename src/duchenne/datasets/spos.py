"""SPOS: posed_nelly-1.avi is the first posed smile of nelly."""

import re
from pathlib import Path

from duchenne.datasets import spreadsheet
from duchenne.datasets.adapter import Counts
from duchenne.datasets.clip import LABELS, Found
from duchenne.datasets.naming import Said, found, read_names
from duchenne.params import SmileDataset

PUBLISHED = Counts({"spontaneous": 66, "posed": 14}, subjects=7)
# The subject is the whole name: "yi" is somebody else than "ying".
_NAME = re.compile(r"(posed|spontaneous)_([^\W_]+)-\d+")


def find(folder: Path, settings: SmileDataset) -> list[Found]:
    """Every clip, with the groups that subjects.csv gives its subject."""
    named = read_names(folder, read, example="posed_nelly-1.avi")
    people = spreadsheet.subjects(folder / "subjects.csv")
    return [found(place, said, people.get(said.subject, {})) for place, said in named]


def read(name: str) -> Said | None:
    match = _NAME.fullmatch(name.lower())
    return Said(match[0], match[2], LABELS[match[1]]) if match else None
