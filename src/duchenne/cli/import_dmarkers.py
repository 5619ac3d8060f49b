"""Import D-Markers as a data set: `duchenne import-dmarkers FILE.csv --name NAME`.

The table has a row for each clip with the columns clip, subject, label, any of the 225 features of
docs/data.md, `seconds` (how long the clip is), and any group columns of words. A part of the
features is enough, such as one region or phase. data/raw/NAME gets clips.csv and one small file for
each clip.
"""

import csv
import json
import math
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from duchenne.datasets import spreadsheet
from duchenne.datasets.clip import LABEL_NAMES, LABELS, clip_name
from duchenne.datasets.spelling import hidden
from duchenne.datasets.spreadsheet import Line
from duchenne.dmarkers import impossible
from duchenne.dmarkers.names import COLUMNS, REGIONS
from duchenne.errors import DatasetError, listed, suggest
from duchenne.tables.files import write_bytes

_NEEDED = ("clip", "subject", "label")
_SECONDS = "seconds"
_NUMERIC = ("age",)  # group columns that may be numbers


class Imported(NamedTuple):
    """What has become of a table."""

    clips: int
    features: int  # of the 225
    others: list[str]  # names of further features, which were asked to be kept
    groups: list[str]
    classes: dict[str, int]  # clips by class


class _Columns(NamedTuple):
    """The names of a table's columns by their kind."""

    features: list[str]
    others: list[str]
    groups: list[str]


def import_dmarkers(
    file: Path, folder: Path, *, positive: str | None = None, keep_features: bool = False
) -> Imported:
    """Write the data set. `positive` is the class that the label 1 stands for; columns of numbers
    with unknown names are features where `keep_features` says so, and refused otherwise."""
    if not file.is_file():
        raise DatasetError(f"{file} is missing; name a CSV file")
    if folder.exists():
        raise DatasetError(f"{folder} exists already; choose another --name, or remove it first")
    rows = spreadsheet.read(file, needs=_NEEDED)
    columns = _by_kind(file, rows, keep_features=keep_features)
    names = [clip_name(f"{row['clip']}.dmarkers") for row in rows]
    _check(file, rows, names)
    labels = [_label(file, row, positive) for row in rows]
    values = [_values(file, row, columns) for row in rows]
    _check_values(file, [row["clip"] for row in rows], values)
    for name, given in zip(names, values, strict=True):
        text = json.dumps(given, indent=1)
        write_bytes(folder / f"{name}.dmarkers", f"{text}\n".encode())
    listing = _listing(rows, names, labels=labels, groups=columns.groups)
    write_bytes(folder / "clips.csv", listing.encode())
    classes = {name: labels.count(name) for name in LABEL_NAMES.values()}
    return Imported(len(rows), len(columns.features), columns.others, columns.groups, classes)


def _by_kind(file: Path, rows: list[Line], *, keep_features: bool) -> _Columns:
    """The columns by kind; a misspelt feature, and one of another name, are refused."""
    if not rows:
        raise DatasetError(f"{file} has no rows")
    free = [name for name in rows[0] if name not in (*_NEEDED, _SECONDS, *_NUMERIC)]
    features = [name for name in free if name in COLUMNS]
    others = [name for name in free if name not in COLUMNS and _is_of_numbers(rows, name)]
    groups = [name for name in rows[0] if name in _NUMERIC]
    groups += [name for name in free if name not in (*features, *others)]
    strange = [*(name for name in groups if name.startswith(_PREFIXES)), *others]
    if strange and not keep_features:
        close = suggest(strange[0], COLUMNS).split(" Allowed")[0]
        raise DatasetError(
            f"{file}: not names of features: {listed(strange)}; "
            f"{close if 'mean' in close else ''} docs/data.md lists all 225 under dmarkers; "
            "--keep-features keeps such columns of numbers for model: svm and trees"
        )
    if not features and not others:
        raise DatasetError(
            f"{file} has no feature column such as {COLUMNS[0]}; docs/data.md lists all 225"
        )
    return _Columns(features, others if keep_features else [], groups)


_PREFIXES = tuple(f"{region}_" for region in REGIONS)


def _is_of_numbers(rows: list[Line], name: str) -> bool:
    """Whether all cells of a column that are not empty are numbers, and there are any."""
    cells = [row[name] for row in rows if row[name]]
    try:
        return bool([float(cell) for cell in cells])
    except ValueError:
        return False


def _check(file: Path, rows: list[Line], names: list[str]) -> None:
    """Refuse a table with problems, and list all of them."""
    problems = {
        "named twice": [row["clip"] for row, name in zip(rows, names, strict=True)
                        if names.count(name) > 1],
        "without a name": [f"row {i}" for i, row in enumerate(rows, 2) if not row["clip"]],
        "without a subject": [row["clip"] for row in rows if not row["subject"]],
        "with invisible characters in the subject": [
            f"{row['clip']} ({sign})" for row in rows if (sign := hidden(row["subject"]))
        ],
        "without a label that we know (spontaneous or posed)": [
            f"{row['clip']} ({row['label']!r})"
            for row in rows
            if row["label"].lower() not in LABELS
        ],
    }  # fmt: skip
    found = [f"{what}: {', '.join(which)}" for what, which in problems.items() if which]
    if found:
        raise DatasetError(f"{file}: " + "; ".join(found))


def _label(file: Path, row: Line, positive: str | None) -> str:
    """The name of a clip's class. What 1 and 0 mean differs between tables, so it must be said."""
    word = row["label"].lower()
    if word not in ("0", "1"):
        return LABEL_NAMES[LABELS[word]]
    if positive is None:
        raise DatasetError(
            f"{file}: labels are 0 and 1, which mean either in tables of others; write posed and "
            "spontaneous, or say what 1 means: --positive posed, or --positive spontaneous"
        )
    [other] = {*LABEL_NAMES.values()} - {positive}
    return positive if word == "1" else other


def _values(file: Path, row: Line, columns: _Columns) -> dict[str, Any]:
    """The features of a clip by name, those of other names under `others`. An empty cell or `nan`
    is a missing value: left out, or null where the name is one of theirs."""
    numbers = {name: _number(file, row, name) for name in columns.features}
    if _SECONDS in row:
        numbers[_SECONDS] = _number(file, row, _SECONDS)
    values: dict[str, Any] = {n: value for n, value in numbers.items() if value is not None}
    if columns.others:
        values["others"] = {name: _number(file, row, name) for name in columns.others}
    return values


def _number(file: Path, row: Line, column: str) -> float | None:
    try:
        value = float(row[column] or "nan")
    except ValueError:
        value = math.inf
    if math.isinf(value):
        raise DatasetError(f"{file}: {row['clip']}: {column}: '{row[column]}' is not a number")
    return None if math.isnan(value) else value


def _check_values(file: Path, clips: list[str], values: list[dict[str, Any]]) -> None:
    """Refuse lengths and features that no clip can have, by column and number of clips."""
    names = [_SECONDS, *COLUMNS]
    columns = {
        name: np.array([given.get(name, math.nan) for given in values], np.float64)
        for name in names
        if any(name in given for given in values)
    }
    found = impossible.problems(columns)
    if found:
        told = [f"{what} in {where.sum()} clips ({listed(np.array(clips)[where].tolist())})"
                for what, where in found]  # fmt: skip
        more = f"; and {len(told) - _MOST} more such columns" if len(told) > _MOST else ""
        raise DatasetError(f"{file}: values that cannot be: {'; '.join(told[:_MOST])}{more}")


_MOST = 5  # columns in a message


def _listing(rows: list[Line], names: list[str], *, labels: list[str], groups: list[str]) -> str:
    """The text of clips.csv, with the group columns unchanged."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "subject", "label", *groups])
    for row, name, label in zip(rows, names, labels, strict=True):
        writer.writerow([f"{name}.dmarkers", row["subject"], label, *(row[g] for g in groups)])
    return text.getvalue()
