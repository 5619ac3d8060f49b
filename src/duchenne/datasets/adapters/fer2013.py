"""FER2013: photographs of faces from the web, 48 × 48 px, seven classes, one official split.

The people are unknown, so each picture counts as a subject of its own. A person may be in several
parts of the split; the report says so. The set is a table of pixels, or pictures in folders named
by part and class.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, NamedTuple

from duchenne.config.datasets import Fer2013Dataset
from duchenne.datasets.adapters.base import class_of
from duchenne.datasets.clip import Found, files_in, kind_of
from duchenne.errors import DatasetError, Unusable, listed
from duchenne.media.regular import opened, walk
from duchenne.media.still import LONGEST
from duchenne.subjects import unknown

FOLD = "official"
# In the order of their numbers in the table.
CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
_PARTS = {
    "train": {"train", "training"},
    "val": {"val", "valid", "validation", "publictest"},
    "test": {"test", "testing", "privatetest"},
}
SHOWN = 50  # most names in a message
_COLUMNS = ("emotion", "pixels", "usage")
_NAMES = {"fer2013.csv", "icml_face_data.csv"}  # of the data set and of the contest
# Published numbers of clips.
PARTS = {"train": 28_709, "val": 3_589, "test": 3_589}
_UNKNOWN = (
    "nobody knows who is on the pictures: each counts as a subject of its own, and that no person "
    "is in two parts cannot be checked"
)


def role_of(word: str) -> str | None:
    """The role that the name of a part means, whatever its case; None for other words."""
    return next((role for role, words in _PARTS.items() if word.casefold() in words), None)


def _role(path: PurePosixPath) -> str | None:
    """The role of <part>/<class>/<picture>. Some copies have both tests in one folder and tell them
    apart by the picture's name: PublicTest_77242684.jpg."""
    part = role_of(path.parent.parent.name)
    return (role_of(path.stem.partition("_")[0]) or part) if part == "test" else part


def _in_folders(folder: Path) -> list[Found]:
    """All pictures in <part>/<class>/; pictures elsewhere are an error that lists them."""
    found, strange = [], []
    for place in files_in(folder):
        path = PurePosixPath(place)
        if kind_of(place) != "image" or path.name.startswith("."):
            continue
        label, role = class_of(path.parent.name, CLASSES), _role(path)
        if label is None or role is None:
            strange.append(place)
        else:
            found.append(Found(place, unknown(place), label, CLASSES[label], fold=FOLD, role=role))
    if strange:
        raise DatasetError(
            f"{folder}: pictures that do not lie in <part>/<class>/ (train, validation or test; "
            f"{', '.join(CLASSES)}): {listed(strange, shown=SHOWN)}"
        )
    return found


class TableLine(NamedTuple):
    """One line of the table."""

    number: int  # from 1, which is the header
    first: int  # offset in the file, bytes
    text: bytes  # without the line end


def is_table(path: Path) -> bool:
    return path.name.casefold() in _NAMES


def _in_table(folder: Path, table: Path) -> list[Found]:
    """One clip for each row; rows with an unknown class or part are an error that lists them."""
    place = table.relative_to(folder).as_posix()
    try:
        with opened(table) as source:
            file = BufferedReader(source.file)
            found = list(_clips(_lines(file, table), place, table))
            file.detach()  # or it would close `source` too
            return found
    except Unusable as verdict:
        raise DatasetError(f"{table}: {verdict.detail}") from None


def _clips(lines: Iterator[TableLine], place: str, table: Path) -> Iterator[Found]:
    columns = _header(next(lines, TableLine(1, 0, b"")), table)
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


def _clip(line: TableLine, columns: Mapping[str, int], place: str) -> Found | None:
    """The clip in one line, whose place has the bytes of its pixels; None if it is invalid."""
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


def _header(line: TableLine, table: Path) -> dict[str, int]:
    names = [_word(cell).casefold() for cell in line.text.removeprefix(b"\xef\xbb\xbf").split(b",")]
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise DatasetError(f"{table}: needs the columns {', '.join(missing)} in its first line")
    return {name: names.index(name) for name in _COLUMNS}


def _lines(file: BinaryIO, table: Path) -> Iterator[TableLine]:
    """All lines that are not empty."""
    first, number = 0, 0
    while text := file.readline(LONGEST):
        number += 1
        if len(text) == LONGEST:
            raise DatasetError(f"{table}: line {number} is too long for a picture of 48 × 48 px")
        if text.strip():
            yield TableLine(number, first, text.rstrip(b"\r\n"))
        first += len(text)


def _word(cell: bytes) -> str:
    return cell.decode("ascii", "replace").strip(' "')


def find(folder: Path, settings: Fer2013Dataset) -> list[Found]:
    """The clips of the set: the rows of the table or, without one, the pictures in folders."""
    tables = [path for path in sorted(walk(folder)) if is_table(path)]
    if len(tables) > 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in tables)
        raise DatasetError(f"{folder}: one table is needed, and there are several: {names}")
    if tables:
        return _in_table(folder, tables[0])
    found = _in_folders(folder)
    if not found:
        raise DatasetError(
            f"{folder}: no FER2013 is there; expected fer2013.csv (emotion,pixels,Usage), or "
            "pictures in train/<class>/, test/<class>/ and perhaps validation/<class>/"
        )
    return found


def notes(folder: Path, found: Sequence[Found]) -> Mapping[str, Any]:
    """Sizes of the parts, differences from the published ones, and a caveat on subjects."""
    parts = Counter(clip.role for clip in found)
    remarks = [
        f"{part}: {parts[part]} pictures, and {published} are published"
        for part, published in PARTS.items()
        if parts[part] != published
    ]
    return {"parts": {part: parts[part] for part in PARTS}, "remarks": [_UNKNOWN, *remarks]}
