"""All folds together: which must be there, how optimism is marked, and what the audit refuses."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from duchenne.errors import EvaluationError
from duchenne.evaluation.plots import pictures
from duchenne.evaluation.summary import Run, headline
from duchenne.tables.models import files, read_models
from duchenne.tables.predictions import as_predictions, only_tested
from stages.aggregate import prove, score, unseen_of

RUN = Run("mine", "mesh", "none", "nested")

# Subjects p, q, r with two clips each; every fold trains on one, validates on the next.
SUBJECTS = {"c0": "p", "c1": "p", "c2": "q", "c3": "q", "c4": "r", "c5": "r"}
TURNS = {"1": "pqr", "2": "qrp", "3": "rpq"}  # train, val, test
ROLES = ("train", "val", "test")
CLIPS = pa.table({"clip": list(SUBJECTS), "subject": list(SUBJECTS.values())})
FOLDS = pa.Table.from_pylist(
    [
        {"fold": fold, "clip": clip, "role": ROLES[turn.index(subject)]}
        for fold, turn in TURNS.items()
        for clip, subject in SUBJECTS.items()
    ]
)


def predicted(**columns: Any) -> pa.Table:
    """What each fold says of its validation and test clips: of the latter, one in six is wrong."""
    rows = [
        {"fold": row["fold"], "clip": row["clip"], "subject": SUBJECTS[row["clip"]],
         "label": int(row["clip"][1]) % 2, "role": row["role"],
         "gender": "f" if SUBJECTS[row["clip"]] == "p" else "m"}
        for row in FOLDS.to_pylist() if row["role"] != "train"
    ]  # fmt: skip
    sure = [0.5 if row["role"] == "val" else 0.9 if row["label"] else 0.2 for row in rows]
    sure = [0.7 if (row["clip"], row["role"]) == ("c0", "test") else p
            for row, p in zip(rows, sure, strict=True)]  # fmt: skip
    table = pa.Table.from_pylist(rows)
    table = table.append_column("p_0", pa.array([1.0 - p for p in sure]))
    table = table.append_column("p_1", pa.array(sure))
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values))
    return table


def facts(*, optimistic: bool = False, **of_fold_1: Any) -> dict[str, dict[str, Any]]:
    """model.json of every fold, as far as it matters here."""
    found: dict[str, dict[str, Any]] = {
        fold: {
            "optimistic": optimistic,
            "padded": False,
            "temperature": 1.0,
            "not_calibrated": "too few",
            "learns": ["train", "val"] if optimistic else ["train"],
            "epoch_chosen_on": "test" if optimistic else "val",
            "parameters": 10 + int(fold),
            "fitted": {"weights": list(turn[: 1 + optimistic]), "dmarkers": [turn[0]]},
        }
        for fold, turn in TURNS.items()
    }
    found["1"] |= of_fold_1
    return found


def stored(folder: Path, given: Mapping[str, Mapping[str, Any]]) -> Path:
    for fold, about in given.items():
        (folder / fold).mkdir(parents=True)
        files(folder / fold).facts.write_text(json.dumps(about), encoding="utf-8")
    return folder


# ---- Every fold, and no other -------------------------------------------------------------------
def test_models_are_read_fold_by_fold(tmp_path: Path):
    assert read_models(stored(tmp_path / "folds", facts()), ["1", "2", "3"]) == facts()


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (["1", "2", "3", "4"], r"holds the folds 1, 2, 3, and the split has 1, 2, 3, 4; `dvc"),
        (["1", "2"], r"holds the folds 1, 2, 3, and the split has 1, 2; `dvc"),
        (["a"], r"holds the folds 1, 2, 3, and the split has a;"),
    ],
)
def test_folds_too_few_or_too_many_are_named(wanted, says, tmp_path: Path):
    with pytest.raises(EvaluationError, match=says):
        read_models(stored(tmp_path / "folds", facts()), wanted)


def test_no_folds_at_all_are_told(tmp_path: Path):
    with pytest.raises(EvaluationError, match=r"holds the folds none, and the split has 1;"):
        read_models(tmp_path, ["1"])


def test_a_fold_without_predictions_is_refused():
    rows = only_tested(predicted())
    two = rows.filter(pa.compute.not_equal(rows["fold"], "3"))
    with pytest.raises(EvaluationError, match="without predictions: 3"):
        score(two, facts(), run=RUN, groups=[])


# ---- Scores -------------------------------------------------------------------------------------
def test_test_clips_alone_are_scored():
    rows = only_tested(predicted())
    assert rows["clip"].to_pylist() == ["c4", "c5", "c0", "c1", "c2", "c3"]
    assert set(rows["role"].to_pylist()) == {"test"}


def test_the_scores_by_hand():
    """Of three posed smiles one is taken for spontaneous; all spontaneous ones are found."""
    found = score(only_tested(predicted()), facts(), run=RUN, groups=["gender"])
    assert found["run"] == {
        "dataset": "mine", "model": "mesh", "fusion": "none", "protocol": "nested"
    }  # fmt: skip
    assert (found["clips"], found["subjects"], found["majority"]) == (6, 3, 0.5)
    assert found["pooled"]["accuracy"] == pytest.approx(5 / 6, abs=1e-6)
    assert found["folds"]["accuracy_mean"] == pytest.approx((1.0 + 0.5 + 1.0) / 3, abs=1e-6)
    assert found["parameters"] == 13, "of the largest fold's model"
    assert found["groups"]["gender"]["f"]["accuracy"] == 0.5
    assert found["groups"]["gender"]["m"]["accuracy"] == 1.0
    assert found["length"] == {"not_probed": "no length"}
    assert "optimistic" not in found


def test_a_group_column_that_begins_like_a_probability_is_none():
    rows = only_tested(predicted(p_code=["x"] * 12, p_=["x"] * 12))
    assert as_predictions(rows).probabilities.shape == (6, 2)


def test_probabilities_stand_in_the_order_of_their_numbers():
    """As text p_10 would come before p_2."""
    more = {f"p_{k}": [0.0] * 12 for k in range(11, 1, -1)}
    found = as_predictions(only_tested(predicted(**more)))
    assert found.classes == 12
    assert found.probabilities[:, 1].tolist() == [0.2, 0.9, 0.7, 0.9, 0.2, 0.9]


# ---- Optimism -----------------------------------------------------------------------------------
@pytest.mark.parametrize("optimistic", [False, True])
def test_figures_chosen_on_the_test_clips_are_marked(optimistic):
    given = facts(optimistic=optimistic)
    found = score(only_tested(predicted()), given, run=RUN, groups=[])
    assert found.get("optimistic") == (1 if optimistic else None)
    assert next(iter(found)) == ("optimistic" if optimistic else "run"), "it stands first"
    proof = prove(only_tested(predicted()), FOLDS, CLIPS, given)
    assert proof["optimistic"] is optimistic
    assert proof["epoch_chosen_on"] == ("test" if optimistic else "val")


def test_figures_of_windows_that_end_in_zeros_are_marked():
    given = facts(optimistic=False)
    assert "padded" not in score(only_tested(predicted()), given, run=RUN, groups=[])
    given["2"]["padded"] = True
    found = score(only_tested(predicted()), given, run=RUN, groups=[])
    assert (found["padded"], headline(found)["padded"]) == (1, 1)


def test_one_optimistic_fold_marks_all():
    given = facts(optimistic=False)
    given["2"]["optimistic"] = True
    assert score(only_tested(predicted()), given, run=RUN, groups=[])["optimistic"] == 1


# ---- The audit ----------------------------------------------------------------------------------
def test_an_honest_run_is_proved_fold_by_fold(tmp_path: Path):
    proof = prove(
        only_tested(predicted()), FOLDS, CLIPS, read_models(stored(tmp_path, facts()), list("123"))
    )
    assert proof["verdict"] is True
    assert proof["folds"]["1"]["fitted"] == {"dmarkers": 1, "weights": 1}


@pytest.mark.parametrize(
    ("fitted", "says"),
    [
        ({"weights": ["p", "r"]}, "fold 1: weights was fitted on subjects outside .*: r;"),
        ({"weights": ["p", "q"]}, "fold 1: weights .*: q;"),
        ({"weights": ["p"], "dmarkers": ["p", "q", "r"]}, "fold 1: dmarkers .*: q, r;"),
        ({"weights": []}, "fold 1: weights names no subject"),
    ],
)
def test_a_leak_in_a_model_s_own_record_is_refused(fitted, says, tmp_path: Path):
    """Fold 1 learns from p, validates on q and tests r."""
    read = read_models(stored(tmp_path, facts(fitted=fitted)), list("123"))
    with pytest.raises(EvaluationError, match=says):
        prove(only_tested(predicted()), FOLDS, CLIPS, read)


def test_optimism_allows_validation_subjects_and_no_test_subjects():
    prove(only_tested(predicted()), FOLDS, CLIPS, facts(optimistic=True))
    leak = facts(optimistic=True, fitted={"weights": ["p", "q", "r"]})
    with pytest.raises(EvaluationError, match=r"fold 1: weights .*: r;"):
        prove(only_tested(predicted()), FOLDS, CLIPS, leak)


def test_what_is_fitted_may_learn_from_validation_subjects_without_being_optimistic():
    fitted = {fold: {**about, "learns": ["train", "val"], "epoch_chosen_on": None,
                     "fitted": {"weights": list(TURNS[fold][:2])}}
              for fold, about in facts().items()}  # fmt: skip
    proof = prove(only_tested(predicted()), FOLDS, CLIPS, fitted)
    assert (proof["optimistic"], proof["epoch_chosen_on"]) == (False, None)
    assert proof["training"] == ["train", "val"]
    fitted["1"]["fitted"]["weights"] = ["p", "q", "r"]
    with pytest.raises(EvaluationError, match=r"fold 1: weights .*: r;"):
        prove(only_tested(predicted()), FOLDS, CLIPS, fitted)


@pytest.mark.parametrize(("fold", "counts"), [("3", True), ("official", False)])
def test_only_of_the_split_that_is_scored_are_clips_missing(fold: str, counts: bool):
    """A set with an official split may be split otherwise, too."""
    rows = only_tested(predicted())
    clips = pa.table({"clip": [*SUBJECTS, "lost"], "subject": [*SUBJECTS.values(), "s"],
                      "label": [n % 2 for n in range(7)], "gender": ["m"] * 7,
                      "role": ["test"] * 7, "fold": [fold] * 7})  # fmt: skip
    quality = pa.table({"clip": clips["clip"], "used": [True] * 6 + [False]})
    found = unseen_of(rows, FOLDS, quality, clips)
    assert found.num_rows == int(counts)
    if counts:
        assert {name: found[name].to_pylist() for name in ("fold", "clip", "p_0")} == {
            "fold": ["3"], "clip": ["lost"], "p_0": [0.5]
        }  # fmt: skip


def test_predictions_of_validation_clips_cannot_slip_in():
    with pytest.raises(EvaluationError, match="predicted more than once"):
        prove(predicted(), FOLDS, CLIPS, facts())


def test_a_prediction_by_a_fold_that_does_not_test_the_clip_is_refused():
    rows = only_tested(predicted())
    turned = pa.array([{"1": "2", "2": "3", "3": "1"}[fold] for fold in rows["fold"].to_pylist()])
    with pytest.raises(EvaluationError, match=r"no prediction from the fold that tests them: c0"):
        prove(rows.set_column(0, "fold", turned), FOLDS, CLIPS, facts())


# ---- Pictures -----------------------------------------------------------------------------------
@pytest.mark.parametrize("part", ["val", "test"])
def test_the_course_of_training_has_a_row_for_each_loss(part):
    history = [
        {
            "fold": "1",
            "epoch": "1",
            "train_loss": "0.7",
            f"{part}_loss": "0.8",
            f"{part}_accuracy": "0.5",
        },
        {
            "fold": "1",
            "epoch": "2",
            "train_loss": "0.6",
            "train_accuracy": "0.9",
            "chosen": "1",
            f"{part}_loss": "",
            f"{part}_accuracy": "0.75",
        },
    ]
    found = pictures(
        as_predictions(only_tested(predicted())), history, names=["posed", "spontaneous"]
    )
    columns, rows = found.training
    assert columns == ("fold", "epoch", "part", "loss")
    assert [tuple(row.values()) for row in rows] == [
        ("1", "1", "train", "0.7"), ("1", "1", part, "0.8"), ("1", "2", "train", "0.6")
    ]  # fmt: skip
    columns, rows = found.accuracy
    assert columns == ("fold", "epoch", "part", "accuracy")
    assert [tuple(row.values()) for row in rows] == [
        ("1", "1", part, "0.5"),
        ("1", "2", "train", "0.9"),
        ("1", "2", part, "0.75"),
    ]
    of_training = [(row.get("train_loss"), row.get("train_accuracy")) for row in found.folds[1]]
    assert of_training == [("0.6", "0.9"), (None, None), (None, None)]
    for columns, rows in found:
        assert rows
        assert all(set(row) <= set(columns) for row in rows)
