import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duchenne.errors import EvaluationError
from duchenne.evaluation.audit import audit
from duchenne.subjects import unknown
from tests.make.scored_cases import predictions

# Subjects p, q, r with two clips each; every fold trains on one, validates on the next.
SUBJECTS = {"c0": "p", "c1": "p", "c2": "q", "c3": "q", "c4": "r", "c5": "r"}
TURNS = {"1": "pqr", "2": "qrp", "3": "rpq"}  # train, val, test
ROLES = ("train", "val", "test")
SPLIT = [
    (fold, clip, ROLES[turn.index(subject)])
    for fold, turn in TURNS.items()
    for clip, subject in SUBJECTS.items()
]
FITTED = {fold: {"mean": [turn[0]], "variance": [turn[0]]} for fold, turn in TURNS.items()}
TESTED = predictions(
    [0, 1] * 3, [0.1, 0.9] * 3, subjects=list("ppqqrr"), folds=["2", "2", "3", "3", "1", "1"]
)


def run(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "folds": SPLIT,
        "subject_of": SUBJECTS,
        "predictions": TESTED,
        "fitted": FITTED,
    }
    return audit(**(given | changes))


def moved(fold: str, clip: str, role: str) -> list[tuple[str, str, str]]:
    return [(f, c, role if (f, c) == (fold, clip) else r) for f, c, r in SPLIT]


def fitted(fold: str, statistic: str, *sources: str) -> dict[str, dict[str, list[str]]]:
    return {**FITTED, fold: {**FITTED[fold], statistic: list(sources)}}


def test_a_sound_split_is_written_down():
    report = run()
    assert (report["verdict"], report["clips"], report["subjects"]) == (True, 6, 3)
    assert report["training"] == ["train"]
    assert report["folds"] == {
        fold: {
            "clips": {"train": 2, "val": 2, "test": 2},
            "subjects": {"train": 1, "val": 1, "test": 1},
            "overlaps": {"train_val": [], "train_test": [], "val_test": []},
            "fitted": {"mean": 1, "variance": 1},
        }
        for fold in "123"
    }
    assert json.loads(json.dumps(report)) == report


def test_a_set_for_validation_may_be_empty_and_nothing_need_be_fitted():
    split = [(fold, clip, "train" if role == "val" else role) for fold, clip, role in SPLIT]
    report = run(folds=split, fitted={fold: {} for fold in TURNS})
    assert report["folds"]["2"]["clips"] == {"train": 4, "val": 0, "test": 2}
    assert report["folds"]["2"]["fitted"] == {}


def test_validation_subjects_count_as_training_only_where_the_model_had_them():
    both = {fold: {"mean": list(turn[:2])} for fold, turn in TURNS.items()}
    report = run(fitted=both, trained_on_val=True)
    assert report["training"] == ["train", "val"]
    assert report["folds"]["1"]["fitted"] == {"mean": 2}
    with pytest.raises(EvaluationError, match=r"fold 1: mean .* outside the training part: q;"):
        run(fitted=both)
    with pytest.raises(EvaluationError, match=r"fold 2: mean .* outside the training part: p;"):
        run(fitted=fitted("2", "mean", "q", "r", "p"), trained_on_val=True)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"folds": moved("1", "c3", "train")}, "fold 1: subjects in train and val at once: q;"),
        ({"folds": [*SPLIT, ("1", "c6", "train"), ("2", "c6", "test"), ("3", "c6", "val")],
          "subject_of": {**SUBJECTS, "c6": "r"}},
         "fold 1: subjects in train and test at once: r;"),
        ({"folds": [*SPLIT, ("1", "c6", "val"), ("2", "c6", "test"), ("3", "c6", "train")],
          "subject_of": {**SUBJECTS, "c6": "r"}},
         "fold 1: subjects in val and test at once: r;"),
        ({"folds": moved("1", "c4", "train")}, "folds: clips never tested: c4;"),
        ({"folds": moved("1", "c0", "test")}, "clips tested in more than one fold: c0;"),
        ({"folds": moved("1", "c0", "holdout")}, "fold 1: clip c0 has the role 'holdout'"),
        ({"folds": [*SPLIT, ("3", "c0", "train")]}, "fold 3: clip c0 is listed more than once"),
        ({"folds": [*SPLIT, ("4", "c0", "train")]}, "fold 4: no clips to test"),
        ({"folds": [*SPLIT, ("4", "c0", "val")]}, "fold 4: no clips to train and test"),
        ({"subject_of": {**SUBJECTS, "c2": ""}}, "fold 1: clips of unknown subjects: c2"),
        ({"predictions": TESTED.only(TESTED.clip != "c2")},
         r"no prediction from the fold that tests them: c2 \(fold 3\)"),
        ({"predictions": replace(TESTED, fold=np.array(list("223312")))},
         r"no prediction from the fold that tests them: c5 \(fold 1\)"),
        ({"predictions": replace(TESTED, clip=np.array(["c0", "c1", "c2", "c3", "c4", "c9"]))},
         r"no prediction from .*: c5 \(fold 1\)"),
        ({"predictions": predictions([0] * 7, [0.1] * 7, subjects=list("ppqqrrr"),
                                     folds=["2", "2", "3", "3", "1", "1", "1"])},
         r"predicted by a fold that does not test them: c6 \(fold 1\)"),
        ({"predictions": replace(TESTED, subject=np.array(list("ppqqrq")))},
         "clips under another subject: c5"),
        ({"fitted": fitted("3", "variance", "r", "q")},
         "fold 3: variance was fitted on subjects outside the training part: q;"),
        ({"fitted": fitted("3", "variance", "nobody")}, "fold 3: variance .*: nobody;"),
        ({"fitted": fitted("2", "mean")}, "fold 2: mean names no subject"),
        ({"fitted": {fold: FITTED[fold] for fold in "12"}}, "without a record .*: 3"),
        ({"fitted": {**FITTED, "4": {}}}, "folds that the split does not have.*: 4"),
    ],
    ids=str,
)  # fmt: skip
def test_each_violation_is_named(changes, text):
    with pytest.raises(EvaluationError, match=text):
        run(**changes)


@given(st.sampled_from(SPLIT), st.sampled_from(ROLES))
def test_no_single_change_of_a_role_goes_unnoticed(row, role):
    """Every subject has two clips, so that one of them alone is always in two parts."""
    fold, clip, before = row
    if role == before:
        assert run(folds=moved(fold, clip, role))["verdict"]
    else:
        with pytest.raises(EvaluationError, match=f"fold {fold}|{clip}"):
            run(folds=moved(fold, clip, role))


@given(st.sampled_from(list(TURNS)), st.sets(st.sampled_from("pqr"), min_size=1))
def test_a_statistic_passes_only_with_training_subjects(fold, sources):
    changed = fitted(fold, "mean", *sorted(sources))
    if sources <= {TURNS[fold][0]}:
        assert run(fitted=changed)["verdict"]
    else:
        with pytest.raises(EvaluationError, match=f"fold {fold}: mean"):
            run(fitted=changed)


def test_one_official_split_tests_its_test_part_alone():
    """There the others are never tested; with several folds they must be."""
    alone = {"2": FITTED["2"]}
    split = [row for row in SPLIT if row[0] == "2"]
    tested = predictions([0, 1], [0.1, 0.9], subjects=list("pp"), folds=["2", "2"])
    assert run(folds=split, predictions=tested, fitted=alone)["clips"] == 2
    with pytest.raises(EvaluationError, match="never tested"):
        run(folds=[row for row in SPLIT if row[0] != "1"])


def test_subjects_whom_nobody_knows_are_counted():
    """They prove nothing, and the audit must not look as if they did."""
    nobody = {name: unknown(clip) for clip, name in SUBJECTS.items() if name == "r"}
    subjects = {clip: nobody.get(name, name) for clip, name in SUBJECTS.items()}
    tested = replace(TESTED, subject=np.array([subjects[clip] for clip in TESTED.clip]))
    who = {f: {k: [nobody.get(name, name) for name in names] for k, names in stats.items()}
           for f, stats in FITTED.items()}  # fmt: skip
    assert (
        run(subject_of=subjects, predictions=tested, fitted=who)["clips_of_unknown_subjects"] == 2
    )
    assert "clips_of_unknown_subjects" not in run()
