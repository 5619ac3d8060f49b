"""What a split knows of a clip, and people with all their clips."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

Role = Literal["train", "val", "test"]
ROLES: tuple[Role, ...] = get_args(Role)
Counts = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int64]


class Case(NamedTuple):
    """One clip that may be used; `groups` holds a value for each group column, "" = not known."""

    clip: str
    subject: str
    label: int
    groups: tuple[str, ...] = ()


class Row(NamedTuple):
    """What one clip is for in one fold."""

    fold: str
    clip: str
    role: Role


def few(names: Sequence[str], *, most: int = 5) -> str:
    """The first of what may be many names: `a, b, c, d, e, …`."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def listed(names: Sequence[str], noun: str) -> str:
    """How many, and the first of them: `7 clips (a, b, c, d, e, …)`."""
    return f"{len(names)} {noun if len(names) == 1 else noun + 's'} ({few(names)})"


class People(NamedTuple):
    """Subjects in the order of their names, and their `counts` (subjects, columns).

    The columns are the clips of each of the `classes`, all clips, the clips of each value of each
    group, and for each class whether the subject shows it: by clips alone, one person with thirty
    would do for ten persons with three.
    """

    names: tuple[str, ...]
    counts: Counts
    classes: int


def people_of(cases: Sequence[Case]) -> People:
    """The subjects of `cases`, whose order means nothing."""
    names = sorted({case.subject for case in cases})
    columns = sorted({column for case in cases for column in _columns(case)})
    row = {name: number for number, name in enumerate(names)}
    place = {column: number for number, column in enumerate(columns)}
    counts = np.zeros((len(names), len(columns)), np.int64)
    for case in cases:
        for column in _columns(case):
            counts[row[case.subject], place[column]] += 1
    classes = len({case.label for case in cases})
    shown = (counts[:, :classes] > 0).astype(np.int64)
    return People(tuple(names), np.hstack([counts, shown]), classes)


def _columns(case: Case) -> Iterator[tuple[Any, ...]]:
    """What a clip counts for; the names sort with the classes first and all clips after them."""
    yield "class", case.label
    yield ("clips",)
    for number, value in enumerate(case.groups):
        if value:
            yield "group", number, value
