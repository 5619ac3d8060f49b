"""The one split that a data set was published with: who trains, who validates, who is tested."""

from collections.abc import Mapping, Sequence
from typing import get_args

from duchenne.errors import FoldsError
from duchenne.splits.case import Case, Role, Row, listed

_ROLES: Mapping[str, Role] = {role: role for role in get_args(Role)}


def official(
    cases: Sequence[Case], parts: Mapping[str, str], roles: Mapping[str, str]
) -> list[Row]:
    """One fold, called as `parts` calls it, in which every clip has the role that it came with."""
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
    return [Row(parts[case.clip], case.clip, _ROLES[roles[case.clip]]) for case in ordered]
