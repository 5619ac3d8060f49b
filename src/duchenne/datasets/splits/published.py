"""The folds that a data set was published with, to which we add validation parts."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from duchenne.datasets.splits.case import Case, Row, listed
from duchenne.datasets.splits.roles import rows_of
from duchenne.errors import FoldsError


def published(
    cases: Sequence[Case], parts: Mapping[str, str], *, val: float, seed: int
) -> list[Row]:
    """`parts` names the fold that tests each clip; it may know more clips than can be used."""
    without = sorted(case.clip for case in cases if not parts.get(case.clip))
    if without:
        raise FoldsError(f"no published fold is known for {listed(without, 'clip')}")
    names = _names({parts[case.clip] for case in cases})
    tests: dict[str, set[str]] = defaultdict(set)
    homes: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        tests[names[parts[case.clip]]].add(case.subject)
        homes[case.subject].add(names[parts[case.clip]])
    torn = sorted(subject for subject, folds in homes.items() if len(folds) > 1)
    if torn:
        raise FoldsError(f"published folds share {listed(torn, 'subject')}")
    if len(tests) < 2:
        raise FoldsError(f"published folds: two are needed at least, and there are {len(tests)}")
    return rows_of(cases, tests, val=val, seed=seed)


def _names(folds: set[str]) -> dict[str, str]:
    """Numbers padded with zeros: else 10 comes before 2, and a list by name is out of order."""
    unfit = sorted(fold for fold in folds if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", fold))
    if unfit:
        raise FoldsError(
            f"folders are named after folds, so {listed(unfit, 'fold')} cannot be: use letters, "
            "digits, dots, dashes and underscores"
        )
    width = max((len(fold) for fold in folds if fold.isdigit()), default=0)
    return {fold: fold.zfill(width) if fold.isdigit() else fold for fold in folds}
