"""The CSV files that users write: clips.csv and subjects.csv, with or without Excel's habits."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from duchenne.datasets.clip import Group
from duchenne.errors import DatasetError

Line = dict[str, str]


def read(path: Path, *, needs: Iterable[str]) -> list[Line]:
    """The rows of a CSV file as text; names and values stripped, lines without any value left out.

    Commas or semicolons, with or without a byte order mark.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DatasetError(f"{path}: is not UTF-8; save it as 'CSV UTF-8'") from None
    first = text.partition("\n")[0]
    reader = csv.DictReader(
        text.splitlines(), delimiter=";" if ";" in first else ",", restkey="", restval=""
    )
    header = [name.strip() for name in reader.fieldnames or ()]
    missing = [name for name in needs if name not in header]
    if missing:
        raise DatasetError(f"{path}: needs the columns {', '.join(missing)}; it has {header}")
    rows = [dict(zip(header, (str(v).strip() for v in row.values()), strict=False))
            for row in reader]  # fmt: skip
    return [row for row in rows if any(row.values())]


def groups(rows: Iterable[Line], *, leave: Iterable[str]) -> list[dict[str, Group]]:
    """The columns other than `leave`: numbers where the whole column is numeric, else text."""
    lines, left = list(rows), set(leave)
    names = [name for name in (lines[0] if lines else {}) if name and name not in left]
    columns = {name: _column([line.get(name, "") for line in lines]) for name in names}
    return [{name: columns[name][i] for name in names} for i in range(len(lines))]


def subjects(path: Path) -> Mapping[str, dict[str, Group]]:
    """subjects.csv: the group columns of each subject; empty where there is no such file."""
    if not path.exists():
        return {}
    rows = read(path, needs=["subject"])
    names = [row["subject"] for row in rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DatasetError(f"{path}: these subjects stand there twice: {', '.join(twice)}")
    return dict(zip(names, groups(rows, leave=["subject"]), strict=True))


def _column(values: list[str]) -> list[Group]:
    try:
        return [float(value) if value else None for value in values]
    except ValueError:
        return [value or None for value in values]
