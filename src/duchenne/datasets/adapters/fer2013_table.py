"""FER2013 as its owner gives it away: one table of 300 MB with a picture of pixels in each row.

It is read once, as a stream. A clip is the part of the file that holds its pixels, so no picture
is written anywhere, and equal pictures have equal digests whatever their row says of them. What
the pixels are worth is decode's to judge; a class or part that is none is a problem of the list.
"""

import hashlib
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, NamedTuple

from duchenne.datasets.adapters.fer2013_names import CLASSES, FOLD, role_of
from duchenne.datasets.clip import Found
from duchenne.errors import DatasetError, Unusable, listed
from duchenne.media.regular import opened
from duchenne.media.still import LONGEST
from duchenne.subjects import unknown

SHOWN = 50  # rows in a message

_COLUMNS = ("emotion", "pixels", "usage")
_NAMES = {"fer2013.csv", "icml_face_data.csv"}  # as its owner and as the contest called it


class Line(NamedTuple):
    number: int  # from 1, the header's
    first: int  # byte of the file
    text: bytes


def is_table(path: Path) -> bool:
    return path.name.casefold() in _NAMES


def find(folder: Path, table: Path) -> list[Found]:
    """A clip for each row; all rows with a class or a part that we do not know are named."""
    place = table.relative_to(folder).as_posix()
    try:
        with opened(table) as source:
            file = BufferedReader(source.file)
            found = list(_clips(_lines(file, table), place, table))
            file.detach()  # or it would close what is not its own
            return found
    except Unusable as verdict:
        raise DatasetError(f"{table}: {verdict.detail}") from None


def _clips(lines: Iterator[Line], place: str, table: Path) -> Iterator[Found]:
    columns = _header(next(lines, Line(1, 0, b"")), table)
    strange = []
    for line in lines:
        clip = _clip(line, columns, place)
        if clip is None:
            strange.append(f"{line.number:05d}")
        else:
            yield clip
    if strange:
        raise DatasetError(
            f"{table}: lines without an emotion from 0 to {len(CLASSES) - 1}, pixels, and a Usage "
            f"(Training, PublicTest or PrivateTest): {listed(strange, shown=SHOWN)}"
        )


def _clip(line: Line, columns: Mapping[str, int], place: str) -> Found | None:
    cells = line.text.split(b",")
    if len(cells) <= max(columns.values()):
        return None
    emotion, usage = (_word(cells[columns[name]]) for name in ("emotion", "usage"))
    role = role_of(usage)
    if role is None or emotion not in {str(number) for number in range(len(CLASSES))}:
        return None
    at = columns["pixels"]
    cell = cells[at]
    pixels = cell.strip(b' "')
    first = line.first + sum(len(c) + 1 for c in cells[:at]) + len(cell) - len(cell.lstrip(b' "'))
    part = f"{place}#{first}-{first + len(pixels)}"
    return Found(
        part,
        unknown(f"line-{line.number:05d}"),
        int(emotion),
        CLASSES[int(emotion)],
        fold=FOLD,
        role=role,
        sha256=hashlib.sha256(pixels).hexdigest(),
    )


def _header(line: Line, table: Path) -> dict[str, int]:
    names = [_word(cell).casefold() for cell in line.text.removeprefix(b"\xef\xbb\xbf").split(b",")]
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise DatasetError(f"{table}: needs the columns {', '.join(missing)} in its first line")
    return {name: names.index(name) for name in _COLUMNS}


def _lines(file: BinaryIO, table: Path) -> Iterator[Line]:
    """The lines that are not empty, without their ends."""
    first, number = 0, 0
    while text := file.readline(LONGEST):
        number += 1
        if len(text) == LONGEST:
            raise DatasetError(f"{table}: line {number} is too long for a picture of 48 × 48 px")
        if text.strip():
            yield Line(number, first, text.rstrip(b"\r\n"))
        first += len(text)


def _word(cell: bytes) -> str:
    return cell.decode("ascii", "replace").strip(' "')
