"""Schemes without published folds: stratified folds, and leave one subject out."""

from collections.abc import Sequence

from duchenne.datasets.splits.case import Assignment, Case, people_of
from duchenne.datasets.splits.roles import rows_of
from duchenne.datasets.splits.spread import spread
from duchenne.errors import FoldsError


def leave_one_subject_out(cases: Sequence[Case], *, val: float, seed: int) -> list[Assignment]:
    """One fold for each subject, named after the subject that it tests."""
    if not cases:
        raise FoldsError("there is no clip, and so no subject to leave out")
    return rows_of(cases, {case.subject: {case.subject} for case in cases}, val=val, seed=seed)


def stratified(cases: Sequence[Case], *, folds: int, val: float, seed: int) -> list[Assignment]:
    """Stratified folds 1 to `folds`; names are padded with zeros, so that they sort."""
    people = people_of(cases)
    if not 2 <= folds <= len(people.names):
        raise FoldsError(
            f"{len(people.names)} subjects cannot make {folds} folds: it takes two folds at least, "
            "and a subject for each"
        )
    homes = spread(people, parts=folds, seed=seed)
    width = len(str(folds))
    tests: dict[str, set[str]] = {str(fold).zfill(width): set() for fold in range(1, folds + 1)}
    for name, home in zip(people.names, homes, strict=True):
        tests[str(home + 1).zfill(width)].add(name)
    return rows_of(cases, tests, val=val, seed=seed)
