"""FER2013: photographs of faces from the web, 48 × 48 px, seven classes, one official split.

Nobody knows who is on them, so each picture is a subject of its own: that no person is in two
parts cannot be promised, and the report says so. The set comes as one table of pixels, or as
pictures in folders named by part and class.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from duchenne.config.datasets import Fer2013Dataset
from duchenne.datasets.adapters import fer2013_folders, fer2013_table
from duchenne.datasets.clip import Found
from duchenne.errors import DatasetError
from duchenne.media.regular import walk

# Clips of each part, as published.
PARTS = {"train": 28_709, "val": 3_589, "test": 3_589}

_UNKNOWN = (
    "nobody knows who is on the pictures: each counts as a subject of its own, and that no person "
    "is in two parts cannot be checked"
)


def find(folder: Path, settings: Fer2013Dataset) -> list[Found]:
    """The rows of the table, or the pictures in the folders of a set without one."""
    tables = [path for path in sorted(walk(folder)) if fer2013_table.is_table(path)]
    if len(tables) > 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in tables)
        raise DatasetError(f"{folder}: one table is needed, and there are several: {names}")
    if tables:
        return fer2013_table.find(folder, tables[0])
    found = fer2013_folders.find(folder)
    if not found:
        raise DatasetError(
            f"{folder}: no FER2013 is there; expected fer2013.csv (emotion,pixels,Usage), or "
            "pictures in train/<class>/, test/<class>/ and perhaps validation/<class>/"
        )
    return found


def notes(folder: Path, found: Sequence[Found]) -> Mapping[str, Any]:
    """How large the parts are, and what to bear in mind of the set."""
    parts = Counter(clip.role for clip in found)
    remarks = [
        f"{part}: {parts[part]} pictures, and {published} are published"
        for part, published in PARTS.items()
        if parts[part] != published
    ]
    return {"parts": {part: parts[part] for part in PARTS}, "remarks": [_UNKNOWN, *remarks]}
