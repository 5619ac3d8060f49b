"""A fold for every subject."""

from collections.abc import Sequence

from duchenne.errors import FoldsError
from duchenne.splits.case import Case, Row
from duchenne.splits.roles import rows_of


def leave_one_subject_out(cases: Sequence[Case], *, val: float, seed: int) -> list[Row]:
    """Folds that are named after the subject they test."""
    if not cases:
        raise FoldsError("there is no clip, and so no subject to leave out")
    return rows_of(cases, {case.subject: {case.subject} for case in cases}, val=val, seed=seed)
