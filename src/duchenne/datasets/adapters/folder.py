"""A user's own clips: a folder with clips.csv (path, subject, label, any group columns).

All problems of the list are reported at once. A clip without a label or file is an error: leaving
it out without a word would change the data set.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from duchenne.config.datasets import FolderDataset
from duchenne.datasets import spreadsheet
from duchenne.datasets.clip import LABEL_NAMES, LABELS, Found, Group, files_in, kind_of
from duchenne.errors import DatasetError

COLUMNS = ("path", "subject", "label")


def find(folder: Path, settings: FolderDataset) -> list[Found]:
    """The clips that clips.csv lists, with its group columns."""
    table = folder / "clips.csv"
    if not table.is_file():
        raise DatasetError(
            f"{table} is missing; make a table with the columns path, subject, label "
            "(label: spontaneous or posed)"
        )
    rows = spreadsheet.read(table, needs=COLUMNS)
    places = files_in(folder)
    on_disk = {_same(place): place for place in places}
    problems = [*_bad_rows(rows, on_disk), *_unlisted(rows, on_disk)]
    if twins := [place for place in places if on_disk[_same(place)] != place]:
        problems.append(f"the same name in two spellings of its accents: {', '.join(twins)}")
    if problems:
        raise DatasetError(f"{table}: " + "; ".join(problems))
    groups = spreadsheet.groups(rows, leave=COLUMNS)
    return [
        _found(row, on_disk[_same(row["path"])], own) for row, own in zip(rows, groups, strict=True)
    ]


def _found(row: Mapping[str, str], place: str, groups: Mapping[str, Group]) -> Found:
    label = LABELS[row["label"].lower()]
    return Found(place, row["subject"], label, LABEL_NAMES[label], groups)


def _bad_rows(rows: list[dict[str, str]], on_disk: Mapping[str, str]) -> list[str]:
    """Problems of single rows: for each kind, the rows that have it."""
    counts = Counter(_same(row["path"]) for row in rows)
    offenders = {
        "listed twice": [path for path, count in counts.items() if count > 1],
        "missing in the folder": [
            row["path"]
            for row in rows
            if _same(row["path"]) not in on_disk and kind_of(row["path"])
        ],
        "of a kind that cannot be read": [r["path"] for r in rows if not kind_of(r["path"])],
        "without a subject": [row["path"] for row in rows if not row["subject"]],
        "without a label that we know (spontaneous or posed)": [
            f"{row['path']} ({row['label']!r})"
            for row in rows
            if row["label"].lower() not in LABELS
        ],
    }
    return [f"{what}: {', '.join(paths)}" for what, paths in offenders.items() if paths]


def _unlisted(rows: list[dict[str, str]], on_disk: Mapping[str, str]) -> list[str]:
    """Problem: files in the folder that clips.csv does not list."""
    listed = {_same(row["path"]) for row in rows}
    places = [place for key, place in on_disk.items() if key not in listed]
    return [f"in the folder but not listed: {', '.join(places)}"] if places else []


def _same(place: str) -> str:
    """A path in NFC: some file systems store é as two characters."""
    return unicodedata.normalize("NFC", place.removeprefix("./"))
