from typing import cast

import pytest

from duchenne.datasets.splits.case import ROLES, Assignment, Case, Role
from duchenne.datasets.splits.check import check
from duchenne.errors import FoldsError
from tests.make import sets

CASES = [case for name in "abc" for case in sets.clips(name, 1, 1)]


def rotated() -> list[Assignment]:
    """Three subjects with two clips each take turns in the three roles."""
    turns = ("abc", "bca", "cab")
    return [
        Assignment(str(fold), case.clip, role)
        for fold, turn in enumerate(turns, start=1)
        for name, role in zip(turn, ROLES, strict=True)
        for case in CASES
        if case.subject == name
    ]


def without(*rows: Assignment) -> list[Assignment]:
    assert set(rows) <= set(rotated()), "a planted mistake must change something"
    return [row for row in rotated() if row not in rows]


def changed(fold: str, clips: str, old: str, new: str) -> list[Assignment]:
    """Clips that start so, in one fold, moved from one role to another."""
    moved = {row for row in rotated() if (row.fold, row.role) == (fold, old)}
    moved = {row for row in moved if row.clip.startswith(clips)}
    assert moved, "a planted mistake must change something"
    role = cast(Role, new)
    return [row._replace(role=role) if row in moved else row for row in rotated()]


def test_a_good_split_passes():
    check(rotated(), CASES)
    check(rotated()[::-1], CASES[::-1])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "nothing to split"),
        (
            [*rotated(), Assignment("1", "x-01", "train")],
            r"1 clip \(x-01\) in the folds but not in the",
        ),
        (
            [row for row in rotated() if row.clip != "b-02"],
            r"1 clip \(b-02\) in the list but in no fold",
        ),
        (changed("1", "a", "train", "dev"), r"1 unknown role \(dev\), where there are train, val"),
        ([*rotated(), rotated()[0]], r"1 clip \(a-01 in fold 1\) placed twice in one fold"),
        (
            [*rotated(), Assignment("1", "a-02", "test")],
            r"1 clip \(a-02 in fold 1\) placed twice in one fold",
        ),
        (
            without(Assignment("2", "b-01", "train")),
            r"1 clip \(b-01 in fold 2\) without a place in a fold",
        ),
        (
            changed("3", "c-01", "train", "val"),
            r"1 subject \(c in train and val of fold 3\) in two roles",
        ),
        (
            changed("3", "b-01", "test", "train"),
            r"1 subject \(b in train and test of fold 3\) in two roles",
        ),
        (
            changed("1", "b-02", "val", "test"),
            r"1 subject \(b in val and test of fold 1\) in two roles",
        ),
        (changed("3", "b", "test", "train"), r"2 clips \(b-01, b-02\) never tested"),
        (changed("1", "b", "val", "test"), r"2 clips \(b-01, b-02\) tested more than once"),
        (changed("2", "c", "val", "train"), r"1 empty part \(val of fold 2\)"),
        (changed("2", "b", "train", "val"), r"1 empty part \(train of fold 2\)"),
        (changed("2", "a", "test", "val"), r"1 empty part \(test of fold 2\)"),
    ],
)
def test_every_planted_mistake_is_found(rows, message):
    with pytest.raises(FoldsError, match=message):
        check(rows, CASES)


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        ([], "nothing to split"),
        ([*CASES, CASES[0]], r"1 clip \(a-01\) listed twice"),
        ([*CASES, Case("a-01", "b", 0)], r"1 clip \(a-01\) listed twice"),
        ([*CASES, Case("d-01", "d", 0)], r"1 clip \(d-01\) in the list but in no fold"),
        (
            [case._replace(label=1) if case.subject == "a" else case for case in CASES],
            r"1 training part \(fold 1\) with clips of one class only",
        ),
    ],
)
def test_the_list_is_held_against_the_rows(cases, message):
    with pytest.raises(FoldsError, match=message):
        check(rotated(), cases)


def test_one_class_may_validate_and_be_tested():
    """The report warns of it. Subject a, who has one class, never trains alone here."""
    cases = [case for case in CASES if case.clip != "a-01"]
    turns = {"1": ("c", "b", "a"), "2": ("c", "a", "b"), "3": ("b", "a", "c")}
    rows = [
        Assignment(fold, case.clip, ROLES[turn.index(case.subject)])
        for fold, turn in turns.items()
        for case in cases
    ]
    check(rows, cases)


def test_the_message_names_a_handful_and_counts_the_rest():
    rows = [row for row in rotated() if row.role != "test"]
    with pytest.raises(FoldsError) as caught:
        check(rows, CASES)
    assert "6 clips (a-01, a-02, b-01, b-02, c-01, …) never tested" in str(caught.value)
    assert "3 empty parts (test of fold 1, test of fold 2, test of fold 3)" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_broken_rule_is_named_at_once():
    with pytest.raises(FoldsError) as caught:
        check(changed("1", "b", "val", "test"), CASES)
    assert str(caught.value) == (
        "the folds cannot be trusted: 2 clips (b-01, b-02) tested more than once; "
        "1 empty part (val of fold 1)"
    )
