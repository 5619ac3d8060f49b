"""A fold for every subject."""

from collections.abc import Sequence

from duchenne.datasets.splits.case import Case, Row
from duchenne.datasets.splits.roles import rows_of
from duchenne.errors import FoldsError


def leave_one_subject_out(cases: Sequence[Case], *, val: float, seed: int) -> list[Row]:
    """Folds that are named after the subject they test."""
    if not cases:
        raise FoldsError("there is no clip, and so no subject to leave out")
    return rows_of(cases, {case.subject: {case.subject} for case in cases}, val=val, seed=seed)
