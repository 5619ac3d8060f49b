from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duchenne.datasets.splits.case import Case
from duchenne.datasets.splits.schemes import leave_one_subject_out
from duchenne.errors import FoldsError
from tests.make import sets


@pytest.mark.parametrize(
    ("val", "size"),
    [(0.01, 1), (0.1, 2), (0.15, 3), (0.25, 5), (0.5, 10), (0.9, 17), (0.99, 18)],
)
def test_how_many_subjects_validate(val, size):
    """Of 19 that are not tested: the nearest number, but one at least, and never all."""
    rows = leave_one_subject_out(sets.bbc(), val=val, seed=0)
    sizes = {len(part) for part in sets.subjects(rows, sets.bbc(), "val").values()}
    assert sizes == {size}


@pytest.mark.parametrize("val", [0.1, 0.2])
def test_validation_is_a_small_likeness_of_the_whole(val):
    cases = [case for case in sets.uva() if case.subject < "060"]
    label = {case.clip: case.label for case in cases}
    age = {case.clip: case.groups[0] for case in cases}
    rows = leave_one_subject_out(cases, val=val, seed=0)
    for fold in {row.fold for row in rows}:
        held = [row.clip for row in rows if (row.fold, row.role) == (fold, "val")]
        rest = [row.clip for row in rows if row.fold == fold and row.role != "test"]
        for kind in (label, age):
            whole = Counter(kind[clip] for clip in rest)
            for value, count in Counter(kind[clip] for clip in held).items():
                assert abs(count - whole[value] * len(held) / len(rest)) <= 2


def classes(people: set[str], cases: list[Case]) -> set[int]:
    return {case.label for case in cases if case.subject in people}


@settings(max_examples=60, deadline=None)
@given(cases=sets.small(), val=st.floats(0.05, 0.95), seed=st.integers(0, 99))
def test_both_classes_train_and_then_validate_wherever_subjects_allow(cases, val, seed):
    """Every choice of as many subjects is tried: none may have more classes in training, nor as
    many there and more in validation."""
    rows = leave_one_subject_out(cases, val=val, seed=seed)
    train, validating = (sets.subjects(rows, cases, role) for role in ("train", "val"))
    for fold, chosen in validating.items():
        pool = train[fold] | chosen
        possible = max(
            (len(classes(pool - set(other), cases)), len(classes(set(other), cases)))
            for other in combinations(sorted(pool), len(chosen))
        )
        assert (len(classes(train[fold], cases)), len(classes(chosen, cases))) == possible


def test_everyone_trains_somewhere_else_than_where_they_are_tested():
    """In a small set one typical person would else validate in all folds and train in none."""
    rows = leave_one_subject_out(sets.spos(), val=0.15, seed=0)
    validating = Counter(
        subject for part in sets.subjects(rows, sets.spos(), "val").values() for subject in part
    )
    assert validating.total() == 7
    assert max(validating.values()) <= 3
    assert len(validating) >= 3


def test_leave_one_out_tests_each_subject_alone_under_its_name():
    rows = leave_one_subject_out(sets.spos(), val=0.2, seed=0)
    tests = sets.only_tested(rows, sets.spos())
    assert tests == {name: {name} for name in tests}
    assert list(tests) == ["nelly", "riku", "rui", "tomas", "xiaopeng", "yi", "ying"]
    assert sum(row.role == "test" for row in rows) == 80


def test_the_order_of_the_list_means_nothing_and_the_seed_does():
    cases = sets.bbc()
    rows = leave_one_subject_out(cases, val=0.2, seed=0)
    assert rows == leave_one_subject_out(cases[::-1], val=0.2, seed=0)
    assert rows != leave_one_subject_out(cases, val=0.2, seed=1)


@pytest.mark.parametrize(
    ("people", "message"),
    [(0, "there is no clip"), (1, "has 0 subject"), (2, "has 1 subject")],
)
def test_too_few_to_leave_one_out(people, message):
    with pytest.raises(FoldsError, match=message):
        leave_one_subject_out(sets.bbc()[:people], val=0.2, seed=0)
