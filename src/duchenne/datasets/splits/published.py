"""Published splits: test folds, or one official split."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np

from duchenne.datasets.splits.case import Assignment, Case, Role, listed
from duchenne.datasets.splits.schemes import rows_of
from duchenne.errors import FoldsError

_ROLES: Mapping[str, Role] = {role: role for role in get_args(Role)}


def official(
    cases: Sequence[Case],
    parts: Mapping[str, str],
    roles: Mapping[str, str],
    *,
    val: float,
    seed: int,
) -> list[Assignment]:
    """One fold with the official roles.

    `parts` and `roles` map clips to the fold's name and to their roles. If no clip has the role
    val, a share `val` of the training subjects gets it.
    """
    ordered = sorted(cases)
    without = [case.clip for case in ordered if not (parts.get(case.clip) and roles.get(case.clip))]
    if without:
        raise FoldsError(f"no published fold and role is known for {listed(without, 'clip')}")
    folds = sorted({parts[case.clip] for case in ordered})
    if len(folds) > 1:
        raise FoldsError(
            f"published roles belong to one official split, and there are {listed(folds, 'fold')}"
        )
    strange = sorted({roles[case.clip] for case in ordered} - set(_ROLES))
    if strange:
        raise FoldsError(f"{listed(strange, 'unknown role')}, where there are {', '.join(_ROLES)}")
    rows = [Assignment(parts[case.clip], case.clip, _ROLES[roles[case.clip]]) for case in ordered]
    if "val" in roles.values():
        return rows
    drawn = _drawn([case for case in ordered if roles[case.clip] == "train"], val=val, seed=seed)
    return [row._replace(role="val") if row.clip in drawn else row for row in rows]


def _drawn(training: Sequence[Case], *, val: float, seed: int) -> set[str]:
    """The clips of a share `val` of the subjects, by systematic sampling.

    The subjects are shuffled, sorted by the classes that they show, and taken at equal distances,
    so that each class gets its share. This is fast for a hundred thousand subjects too.
    """
    shows: dict[str, set[int]] = {}
    for case in training:
        shows.setdefault(case.subject, set()).add(case.label)
    rng = np.random.Generator(np.random.PCG64(seed))
    shuffled = rng.permutation(sorted(shows)).tolist()
    along = sorted(shuffled, key=lambda subject: sorted(shows[subject]))
    count = max(round(val * len(along)), 1)
    subjects = {along[int((at + 0.5) * len(along) / count)] for at in range(count)}
    return {case.clip for case in training if case.subject in subjects}


def published(
    cases: Sequence[Case], parts: Mapping[str, str], *, val: float, seed: int
) -> list[Assignment]:
    """Folds with published test parts: `parts` maps clips, also unused ones, to their folds."""
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
    """New names of folds: numbers are padded with zeros, so that they sort as numbers."""
    unfit = sorted(fold for fold in folds if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", fold))
    if unfit:
        raise FoldsError(
            f"folders are named after folds, so {listed(unfit, 'fold')} cannot be: use letters, "
            "digits, dots, dashes and underscores"
        )
    width = max((len(fold) for fold in folds if fold.isdigit()), default=0)
    return {fold: fold.zfill(width) if fold.isdigit() else fold for fold in folds}
