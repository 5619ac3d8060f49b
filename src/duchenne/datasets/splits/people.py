"""What each subject brings into whatever part of a split it joins."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from duchenne.datasets.splits.case import Case

Counts = npt.NDArray[np.int64]
Indices = npt.NDArray[np.int64]


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
