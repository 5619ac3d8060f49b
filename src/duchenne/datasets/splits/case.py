"""The values of a split: clips, subjects with counts of their clips, and roles."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

Role = Literal["train", "val", "test"]
ROLES: tuple[Role, ...] = get_args(Role)
Counts = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int64]


class Case(NamedTuple):
    """One clip to split; `groups` has a value for each group column, "" if not known."""

    clip: str
    subject: str
    label: int
    groups: tuple[str, ...] = ()


class Assignment(NamedTuple):
    """The role of one clip in one fold."""

    fold: str
    clip: str
    role: Role


def few(names: Sequence[str], *, most: int = 5) -> str:
    """The first `most` names: `a, b, c, d, e, …`."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def listed(names: Sequence[str], noun: str) -> str:
    """The number of names and the first few: `7 clips (a, b, c, d, e, …)`."""
    return f"{len(names)} {noun if len(names) == 1 else noun + 's'} ({few(names)})"


class People(NamedTuple):
    """Subjects, sorted by name, and their `counts` (subjects, columns).

    The columns are: clips of each class, all clips, clips of each value of each group, and for each
    class 1 if the subject shows it. The last ones balance people: by clips alone, one subject with
    thirty clips would count as much as ten subjects with three. `classes` is the number of classes.
    """

    names: tuple[str, ...]
    counts: Counts
    classes: int


def people_of(cases: Sequence[Case]) -> People:
    """The subjects of `cases`; the order of `cases` does not matter."""
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
    """The columns in which a clip counts. They sort as: classes, all clips, groups."""
    yield "class", case.label
    yield ("clips",)
    for number, value in enumerate(case.groups):
        if value:
            yield "group", number, value
