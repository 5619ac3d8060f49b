"""The one official split of a set: exactly the roles that it came with, or a refusal by name."""

import pytest

from duchenne.errors import FoldsError
from duchenne.splits.check import check
from duchenne.splits.official import official
from tests.splits import sets

CASES = [case for name in "abcdef" for case in sets.clips(name, 1, 1)]
FOLD = {case.clip: "official" for case in CASES}
ROLES = {
    case.clip: {"a": "val", "b": "test"}.get(case.subject, "train") for case in CASES
}  # fmt: skip


def test_the_roles_are_those_that_were_published():
    rows = official(CASES[::-1], FOLD, ROLES)
    check(rows, CASES)
    assert {row.clip: row.role for row in rows} == ROLES
    assert {row.fold for row in rows} == {"official"}


def test_clips_that_are_no_longer_used_may_have_a_role():
    rows = official(CASES[1:], FOLD, ROLES)
    check(rows, CASES[1:])
    assert "a-01" not in {row.clip for row in rows}


@pytest.mark.parametrize(
    ("fold", "role", "says"),
    [
        ("", "train", r"no published fold and role is known for 1 clip \(a-01\)"),
        ("official", "", r"no published fold and role is known for 1 clip \(a-01\)"),
        ("another", "train", r"one official split, and there are 2 folds \(another, official\)"),
        ("official", "dev", r"1 unknown role \(dev\), where there are train, val, test"),
    ],
)
def test_what_is_no_official_split_is_refused(fold: str, role: str, says: str):
    with pytest.raises(FoldsError, match=says):
        official(CASES, {**FOLD, "a-01": fold}, {**ROLES, "a-01": role})


def test_a_subject_in_two_official_roles_is_refused():
    rows = official(CASES, FOLD, {**ROLES, "a-01": "test"})
    with pytest.raises(FoldsError, match=r"1 subject \(a in val and test of fold official\)"):
        check(rows, CASES)
