"""Read CSV files that users write, such as clips.csv and subjects.csv, also as Excel saves them."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

from duchenne.datasets.clip import Group
from duchenne.errors import DatasetError

Line = dict[str, str]

SHOWN = 5  # lines in a message


def read(path: Path, *, needs: Iterable[str]) -> list[Line]:
    """The rows of a CSV file: stripped text by column, without empty rows and nameless columns.

    The delimiter is a comma or a semicolon; a byte order mark is allowed. Cells beyond the last
    named column must be empty. `needs` names columns that must be there.
    """
    numbered = list(_lines(path))
    wanted = list(needs)
    header = [_known(name, wanted) for name in (numbered[0][1] if numbered else [])]
    _check_header(path, header, wanted)
    _check_widths(path, _width(header), numbered[1:])
    rows = [dict(zip(header, cells, strict=False)) for _, cells in numbered[1:] if any(cells)]
    return [{name: row.get(name, "") for name in header if name} for row in rows]


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DatasetError(f"{path}: is not UTF-8; save it as 'CSV UTF-8'") from None
    before, nul, _ = text.partition("\0")
    if nul:
        line = before.count("\n") + 1
        raise DatasetError(f"{path}: line {line} holds a NUL; save it as 'CSV UTF-8'")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 1  # of the first line, where a quoted cell spans several
    try:
        for cells in reader:
            yield number, [cell.strip() for cell in cells]
            number = reader.line_num + 1
    except csv.Error as error:
        raise DatasetError(f"{path}: line {number}: {error}; look for a missing quote") from None


def _known(name: str, wanted: list[str]) -> str:
    """The name in lower case if that is one of `wanted`; else unchanged."""
    return name.lower() if name.lower() in wanted else name


def _check_header(path: Path, header: list[str], needs: Iterable[str]) -> None:
    missing = [name for name in needs if name not in header]
    if missing:
        has = ", ".join(name for name in header if name) or "none"
        raise DatasetError(f"{path}: needs the columns {', '.join(missing)}; it has {has}")
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise DatasetError(f"{path}: these columns stand there twice: {', '.join(twice)}")


def _width(header: list[str]) -> int:
    """The number of columns up to the last named one."""
    return max((number for number, name in enumerate(header, 1) if name), default=0)


def _check_widths(path: Path, width: int, numbered: Iterable[tuple[int, list[str]]]) -> None:
    wide = [str(number) for number, cells in numbered if any(cells[width:])]
    if wide:
        more = f" and {len(wide) - SHOWN} more" if len(wide) > SHOWN else ""
        raise DatasetError(
            f"{path}: cells beyond the header in lines {', '.join(wide[:SHOWN])}{more}; name their "
            "column, or put what holds a comma or semicolon between quotes"
        )


def groups(rows: Iterable[Line], *, leave: Iterable[str]) -> list[dict[str, Group]]:
    """Each row's columns other than `leave`; numbers if the whole column is numeric, else text."""
    lines, left = list(rows), set(leave)
    names = [name for name in (lines[0] if lines else {}) if name and name not in left]
    columns = {name: _column([line.get(name, "") for line in lines]) for name in names}
    return [{name: columns[name][i] for name in names} for i in range(len(lines))]


def _column(values: list[str]) -> list[Group]:
    try:
        return [float(value) if value else None for value in values]
    except ValueError:
        return [value or None for value in values]
