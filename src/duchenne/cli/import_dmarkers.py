"""Import D-Markers as a data set: `duchenne import-dmarkers FILE.csv --name NAME`.

The table has a row for each clip with the columns clip, subject, label, any of the 225 features of
docs/data.md, and any group columns. A part of the features is enough, such as one region or phase.
data/raw/NAME gets clips.csv and one small file for each clip.
"""

import csv
import json
import math
from io import StringIO
from pathlib import Path

from duchenne.datasets import spreadsheet
from duchenne.datasets.clip import LABELS, clip_name
from duchenne.datasets.spelling import hidden
from duchenne.datasets.spreadsheet import Line
from duchenne.dmarkers.names import COLUMNS, REGIONS
from duchenne.errors import DatasetError, suggest
from duchenne.tables.files import write_bytes

_NEEDED = ("clip", "subject", "label")


def import_dmarkers(file: Path, folder: Path) -> tuple[int, int]:
    """Write the data set; return its numbers of clips and of feature columns."""
    if not file.is_file():
        raise DatasetError(f"{file} is missing; name a CSV file")
    if folder.exists():
        raise DatasetError(f"{folder} exists already; choose another --name, or remove it first")
    rows = spreadsheet.read(file, needs=_NEEDED)
    columns = _features(file, rows)
    names = [clip_name(f"{row['clip']}.dmarkers") for row in rows]
    _check(file, rows, names)
    values = [_values(file, row, columns) for row in rows]
    for name, given in zip(names, values, strict=True):
        text = json.dumps(given, indent=1)
        write_bytes(folder / f"{name}.dmarkers", f"{text}\n".encode())
    write_bytes(folder / "clips.csv", _listing(rows, names).encode())
    return len(rows), len(columns)


def _features(file: Path, rows: list[Line]) -> list[str]:
    """Names of the feature columns; a misspelt one is refused."""
    if not rows:
        raise DatasetError(f"{file} has no rows")
    found = [name for name in rows[0] if name in COLUMNS]
    strange = [name for name in rows[0] if name not in COLUMNS and name.startswith(_PREFIXES)]
    if strange:
        close = suggest(strange[0], COLUMNS).split(" Allowed")[0]
        raise DatasetError(
            f"{file}: not names of features: {', '.join(strange[:5])}; "
            f"{close if 'mean' in close else ''} docs/data.md lists all 225 under dmarkers"
        )
    if not found:
        raise DatasetError(
            f"{file} has no feature column such as {COLUMNS[0]}; docs/data.md lists all 225"
        )
    return found


_PREFIXES = tuple(f"{region}_" for region in REGIONS)


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


def _values(file: Path, row: Line, columns: list[str]) -> dict[str, float]:
    """The features of a clip by name; an empty cell or `nan` is a missing value, left out."""
    values = {}
    for column in columns:
        try:
            value = float(row[column] or "nan")
        except ValueError:
            value = math.inf
        if math.isinf(value):
            raise DatasetError(f"{file}: {row['clip']}: {column}: '{row[column]}' is not a number")
        if not math.isnan(value):
            values[column] = value
    return values


def _listing(rows: list[Line], names: list[str]) -> str:
    """The text of clips.csv, with the group columns unchanged."""
    groups = [name for name in rows[0] if name not in COLUMNS and name not in _NEEDED]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "subject", "label", *groups])
    for row, name in zip(rows, names, strict=True):
        cells = [row[column] for column in ("subject", "label", *groups)]
        writer.writerow([f"{name}.dmarkers", *cells])
    return text.getvalue()
