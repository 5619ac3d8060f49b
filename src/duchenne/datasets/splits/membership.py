"""Who is where, read back from a split's rows."""

from collections.abc import Mapping, Sequence

from duchenne.datasets.splits.case import ROLES, Case, Row

Members = Mapping[str, Mapping[str, Sequence[Case]]]


def members(rows: Sequence[Row], cases: Sequence[Case]) -> Members:
    """Fold → role → its cases, all in the order of their names. Unknown clips are left out."""
    known = {case.clip: case for case in cases}
    found: dict[str, dict[str, list[Case]]] = {}
    for fold, clip, role in sorted(rows):
        part = found.setdefault(fold, {name: [] for name in ROLES}).setdefault(role, [])
        part += [known[clip]] if clip in known else []
    return found


def subjects_of(cases: Sequence[Case]) -> set[str]:
    return {case.subject for case in cases}


def classes_of(cases: Sequence[Case]) -> set[int]:
    return {case.label for case in cases}
