"""The one official split of a set: exactly the roles that it came with, or a refusal by name."""

from collections import Counter
from typing import Any

import pytest

from duchenne.datasets.splits.case import Assignment, Case
from duchenne.datasets.splits.check import check
from duchenne.datasets.splits.published import official
from duchenne.errors import FoldsError
from tests.make import sets

CASES = [case for name in "abcdef" for case in sets.clips(name, 1, 1)]
HOW: Any = {"val": 0.2, "seed": 0}
FOLD = {case.clip: "official" for case in CASES}
ROLES = {
    case.clip: {"a": "val", "b": "test"}.get(case.subject, "train") for case in CASES
}  # fmt: skip


def test_the_roles_are_those_that_were_published():
    rows = official(CASES[::-1], FOLD, ROLES, **HOW)
    check(rows, CASES)
    assert {row.clip: row.role for row in rows} == ROLES
    assert {row.fold for row in rows} == {"official"}


def test_clips_that_are_no_longer_used_may_have_a_role():
    rows = official(CASES[1:], FOLD, ROLES, **HOW)
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
        official(CASES, {**FOLD, "a-01": fold}, {**ROLES, "a-01": role}, **HOW)


def test_a_subject_in_two_official_roles_is_refused():
    rows = official(CASES, FOLD, {**ROLES, "a-01": "test"}, **HOW)
    with pytest.raises(FoldsError, match=r"1 subject \(a in val and test of fold official\)"):
        check(rows, CASES)


MANY = [Case(f"{label}-{number:03d}", f"p{label}-{number:03d}", label)
        for label in range(7) for number in range(20 + 10 * label)]  # fmt: skip
UNDIVIDED = {case.clip: "test" if case.clip.endswith("5") else "train" for case in MANY}


def drawn(val: float, seed: int, cases: list[Case] = MANY) -> list[Assignment]:
    fold = {case.clip: "official" for case in cases}
    return official(cases, fold, UNDIVIDED, val=val, seed=seed)


def test_a_set_without_validation_gets_a_share_of_each_class_s_training_clips():
    rows = drawn(0.2, 0)
    check(rows, MANY)
    for label in range(7):
        roles = Counter(row.role for row in rows if row.clip.startswith(f"{label}-"))
        share = roles["val"] / (roles["val"] + roles["train"])
        assert share == pytest.approx(0.2, abs=1 / (roles["val"] + roles["train"]))
    assert {row.clip for row in rows if row.role == "test"} == {
        clip for clip, role in UNDIVIDED.items() if role == "test"
    }


def test_the_draw_follows_the_seed_alone():
    assert drawn(0.2, 0) == drawn(0.2, 0, MANY[::-1])
    assert drawn(0.2, 0) != drawn(0.2, 1)


def test_a_subject_is_drawn_with_all_its_clips():
    twins = [case._replace(subject=case.subject[:-1]) for case in MANY]
    cases = [case for case in twins if UNDIVIDED[case.clip] == "train"]
    tests = [case._replace(subject=f"t{case.clip}") for case in twins if case not in cases]
    check(drawn(0.3, 0, [*cases, *tests]), [*cases, *tests])
