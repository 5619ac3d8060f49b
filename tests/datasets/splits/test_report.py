import json

import pytest

from duchenne.datasets.splits.case import ROLES, Assignment, Case
from duchenne.datasets.splits.report import report
from duchenne.datasets.splits.schemes import leave_one_subject_out, stratified
from duchenne.subjects import unknown
from tests.make import sets

PEOPLE = {"a": (1, 2), "b": (2, 1), "c": (3, 0)}
AGES = {"a": ("young", "f"), "b": ("adult", ""), "c": ("young", "m")}
CASES = [case for name, held in PEOPLE.items() for case in sets.clips(name, *held, AGES[name])]


def rows(*parts: str) -> list[Assignment]:
    """One fold: who trains, who validates and who is tested, by the letters of their names."""
    return [
        Assignment("1", case.clip, role)
        for role, people in zip(ROLES, parts, strict=True)
        for case in CASES
        if case.subject in people
    ]


def test_the_facts_of_a_fold():
    """Counted by hand."""
    facts = report(rows("a", "b", "c"), CASES, groups=("age_group", "gender"))
    assert facts["all"] == {"clips": 9, "subjects": 3, "labels": {"0": 6, "1": 3}}
    assert facts["folds"] == {
        "1": {
            "train": {"clips": 3, "subjects": 1, "labels": {"0": 1, "1": 2}},
            "val": {"clips": 3, "subjects": 1, "labels": {"0": 2, "1": 1}},
            "test": {
                "clips": 3,
                "subjects": 1,
                "labels": {"0": 3},
                "groups": {"age_group": {"young": 3}, "gender": {"m": 3}},
            },
        }
    }
    assert json.loads(json.dumps(facts)) == facts


def test_groups_that_are_not_known_are_counted_and_columns_without_names_numbered():
    facts = report(rows("a", "c", "b"), CASES)
    assert facts["folds"]["1"]["test"]["groups"] == {"1": {"adult": 3}, "2": {"": 3}}


@pytest.mark.parametrize(
    ("parts", "warnings"),
    [
        (("c", "a", "b"), []),
        (("a", "b", "c"), ["one class only in the test part of 1 fold (1)"]),
        (("a", "c", "b"), ["one class only in the val part of 1 fold (1)"]),
    ],
)
def test_parts_that_are_judged_on_one_class(parts, warnings):
    found = [w for w in report(rows(*parts), CASES)["warnings"] if w.startswith("one class")]
    assert [warning.split(":")[0] for warning in found] == warnings


@pytest.mark.parametrize(
    ("cases", "told"),
    [(sets.spos(), False), (sets.mmi(), True), (sets.bbc(), True), (sets.uva(), False)],
    ids=["spos", "mmi", "bbc", "uva"],
)
def test_classes_that_no_subject_shares(cases, told):
    found = report(stratified(cases, folds=3, val=0.2, seed=0), cases)["warnings"]
    assert any("no subject shows both classes 0 and 1" in warning for warning in found) == told


def test_leave_one_out_without_both_classes_is_for_pooled_scores_alone():
    found = report(leave_one_subject_out(sets.mmi(), val=0.2, seed=0), sets.mmi())["warnings"]
    assert "the test part of 34 folds (00, 01, 02, 03, 04, …)" in found[0]
    assert "pooled" in found[0]


def test_a_class_that_is_never_trained():
    """Three expressions: only a shows the third, and a is tested."""
    cases = [*CASES, Case("a-04", "a", 2, AGES["a"])]
    facts = report([*rows("b", "c", "a"), Assignment("1", "a-04", "test")], cases)
    assert "missing from training, and so never predicted: class 2 in fold 1" in facts["warnings"]
    assert facts["folds"]["1"]["test"]["labels"] == {"0": 1, "1": 2, "2": 1}


def test_a_set_without_groups():
    facts = report(stratified(sets.bbc(), folds=5, val=0.2, seed=0), sets.bbc())
    assert all(fold["test"]["groups"] == {} for fold in facts["folds"].values())
    assert [fold["test"]["labels"] for fold in facts["folds"].values()] == [{"0": 2, "1": 2}] * 5


def test_clips_of_nobody_known_are_named_and_say_nothing_of_shared_classes():
    cases = [case._replace(subject=unknown(case.clip)) for case in CASES]
    parts = leave_one_subject_out(cases, val=0.2, seed=0)
    found = report(parts, cases)["warnings"]
    assert found[0].startswith("nobody knows who is on 9 clips (a-01, a-02")
    assert not any("no subject shows both" in warning for warning in found)
    assert not any(
        "nobody knows" in warning for warning in report(rows("c", "a", "b"), CASES)["warnings"]
    )
