import sys
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as others

from duchenne.errors import EvaluationError
from duchenne.evaluation import metrics
from duchenne.evaluation.scores import Predictions, bins, majority, rounded, scores
from tests.make.scored_cases import THREE, TWO, any_predictions, predictions
from tests.rules.imports import ROOT, modules

ALWAYS = {"accuracy", "brier", "ece"}
EVERY = ALWAYS | {"balanced_accuracy", "auc", "f1", "mcc"}


def test_two_classes_by_hand():
    """2 of 3 and 1 of 2 recognised; 4 of 6 pairs in order; five bins of one clip each."""
    assert scores(TWO) == pytest.approx(
        {
            "accuracy": 3 / 5,
            "balanced_accuracy": (2 / 3 + 1 / 2) / 2,
            "auc": 4 / 6,
            "f1": 2 * 2 / (2 * 2 + 1 + 1),
            "mcc": (2 * 1 - 1 * 1) / sqrt(3 * 3 * 2 * 2),
            "brier": (0.01 + 0.16 + 0.36 + 0.49 + 0.01) / 5,
            "ece": (0.1 + 0.4 + 0.6 + 0.7 + 0.1) / 5,
        }
    )


def test_three_classes_by_hand():
    """Confusion 1 1 0 / 0 2 0 / 1 0 1; for the ECE the bins of 0.5, 0.6, 0.7 and 0.8."""
    assert scores(THREE) == pytest.approx(
        {
            "accuracy": 4 / 6,
            "balanced_accuracy": (1 / 2 + 2 / 2 + 1 / 2) / 3,
            "auc": (7 / 8 + 1 + 1) / 3,
            "f1": (2 / 4 + 4 / 5 + 2 / 3) / 3,
            "mcc": (4 * 6 - (2 * 2 + 2 * 3 + 2 * 1)) / sqrt((36 - 14) * (36 - 12)),
            "brier": (0.06 + 0.86 + 0.14 + 0.06 + 0.42 + 0.62) / 6,
            "ece": (2 * 0.2 + 0.6 + 0.3 + 2 * 0.0) / 6,
        }
    )


@pytest.mark.parametrize(
    ("labels", "probabilities", "defined"),
    [
        ([1], [0.8], ALWAYS),
        ([1, 1, 1], [0.9, 0.1, 0.6], ALWAYS),
        ([0, 0], [0.9, 0.1], ALWAYS),
        ([0, 1], [0.9, 0.8], EVERY - {"mcc"}),
        ([0, 1], [0.1, 0.8], EVERY),
        ([2, 2], [(0.1, 0.2, 0.7), (0.5, 0.2, 0.3)], ALWAYS),
        ([0, 2], [(0.1, 0.2, 0.7), (0.5, 0.2, 0.3)], EVERY),
    ],
)
def test_what_is_undefined_is_left_out(labels, probabilities, defined):
    assert set(scores(predictions(labels, probabilities))) == defined


def test_a_class_that_does_not_occur_takes_no_part_in_averages():
    """Class 1 has no clips: recalls 1 and 1/2, F1 1 and 2/3, and one pair of two in order."""
    found = scores(predictions([0, 2, 2], [(0.8, 0.1, 0.1), (0.1, 0.1, 0.8), (0.1, 0.9, 0.0)]))
    assert found["balanced_accuracy"] == pytest.approx(3 / 4)
    assert found["f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["auc"] == pytest.approx((2 / 2 + 1 / 2) / 2)


def test_the_auc_of_two_classes_is_that_of_the_stated_p_1():
    """The other column rounds both to 1 and would call it a tie."""
    assert scores(predictions([0, 1], [1e-18, 1e-17]))["auc"] == 1.0


@pytest.mark.parametrize(
    ("probabilities", "predicted"),
    [
        ([0.5, 0.5000001, 0.0, 1.0], [0, 1, 0, 1]),
        ([(0.4, 0.4, 0.2), (0.2, 0.4, 0.4)], [0, 1]),
    ],
)
def test_a_tie_goes_to_the_lower_class(probabilities, predicted):
    rows = predictions([0] * len(probabilities), probabilities)
    assert rows.predicted.tolist() == predicted


@pytest.mark.parametrize(
    ("ones", "zeros", "share"),
    [(597, 643, 0.519), (138, 46, 0.750), (66, 14, 0.825), (10, 10, 0.5)],
    ids=["UvA-NEMO", "MMI", "SPOS", "BBC"],
)
def test_the_majority_baseline_of_the_published_sets(ones, zeros, share):
    rows = predictions([1] * ones + [0] * zeros, [0.5] * (ones + zeros))
    assert majority(rows) == pytest.approx(share, abs=0.0005)


@settings(deadline=None)
@given(any_predictions())
def test_scikit_learn_agrees(rows):
    found = scores(rows)
    occurring = sorted(set(rows.label.tolist()))
    assume(len(occurring) > 1)
    average = {"labels": occurring, "average": "macro", "zero_division": 0.0}
    pair = (rows.label, rows.predicted)
    assert found["accuracy"] == pytest.approx(others.accuracy_score(*pair))
    assert found["balanced_accuracy"] == pytest.approx(others.recall_score(*pair, **average))
    assert found.get("mcc", 0.0) == pytest.approx(others.matthews_corrcoef(*pair))
    if rows.classes == 2:
        assert found["f1"] == pytest.approx(others.f1_score(*pair, zero_division=0.0))
        likely = rows.probabilities[:, 1]
        assert found["brier"] == pytest.approx(others.brier_score_loss(rows.label, likely))
    else:
        assert found["f1"] == pytest.approx(others.f1_score(*pair, **average))


@settings(deadline=None)
@given(any_predictions())
def test_plain_auc_and_calibration_error_agree(rows):
    found = scores(rows)
    assert found.get("auc") == pytest.approx(_plain_auc(rows))
    assert found["ece"] == pytest.approx(_plain_ece(rows))


def _plain_auc(rows: Predictions) -> float | None:
    """Over all pairs of a clip of a class and one of another: how often the first stands higher."""
    each = []
    for k in [1] if rows.classes == 2 else range(rows.classes):
        inside = rows.probabilities[rows.label == k, k].tolist()
        outside = rows.probabilities[rows.label != k, k].tolist()
        wins = [(a > b) + 0.5 * (a == b) for a in inside for b in outside]
        each += [sum(wins) / len(wins)] if wins else []
    return sum(each) / len(each) if each else None


def _plain_ece(rows: Predictions) -> float:
    bins: dict[int, list[tuple[float, bool]]] = {}
    clips = zip(rows.label.tolist(), rows.predicted.tolist(), rows.probabilities, strict=True)
    for label, predicted, p in clips:
        stated, true = (p[1], label == 1) if rows.classes == 2 else (max(p), label == predicted)
        bins.setdefault(min(int(stated * 10), 9), []).append((stated, true))
    off = [abs(sum(s - true for s, true in content)) for content in bins.values()]
    return float(sum(off) / len(rows))


@settings(deadline=None)
@given(any_predictions(), st.randoms(use_true_random=False))
def test_scores_keep_their_bounds_whatever_the_order_of_clips(rows, random):
    found = scores(rows)
    bounds = {"mcc": (-1.0, 1.0), "brier": (0.0, 1.0 if rows.classes == 2 else 2.0)}
    for name, value in found.items():
        low, high = bounds.get(name, (0.0, 1.0))
        assert low - 1e-12 <= value <= high + 1e-12, name
    order = list(range(len(rows)))
    random.shuffle(order)
    assert scores(rows.only(np.array(order))) == pytest.approx(found)


@settings(deadline=None)
@given(any_predictions(classes=2))
def test_calling_posed_positive_changes_nothing_but_f1(rows):
    assume(not (rows.probabilities == 0.5).any())  # ties go to class 0
    mirrored = replace(rows, label=1 - rows.label, probabilities=rows.probabilities[:, ::-1])
    kept = EVERY - {"f1", "ece"}  # bins of the ECE are open at one end only
    ours, other = scores(rows), scores(mirrored)
    assert {name: other[name] for name in other if name in kept} == pytest.approx(
        {name: ours[name] for name in ours if name in kept}
    )


@given(st.lists(st.lists(st.integers(0, 5), min_size=9, max_size=9), min_size=1, max_size=6))
@pytest.mark.parametrize("score", [metrics.accuracy, metrics.balanced_accuracy,
                                   metrics.f1, metrics.mcc])  # fmt: skip
def test_a_stack_is_scored_like_each_of_its_tables(score, tables):
    stack = np.array(tables, dtype=float).reshape(-1, 3, 3)
    assert score(stack) == pytest.approx([float(score(one)) for one in stack], nan_ok=True)
    two = stack[:, :2, :2]
    assert score(two) == pytest.approx([float(score(one)) for one in two], nan_ok=True)


def test_bins_are_closed_below_and_one_belongs_to_the_last():
    stated = np.array([0.0, 0.0999, 0.1, 0.3, 0.7, 0.9, 1.0])
    filled = bins(stated, stated > 0.5)
    assert [(one.number, one.clips) for one in filled] == [(0, 2), (1, 1), (3, 1), (7, 1), (9, 2)]
    assert (filled[-1].probability, filled[-1].share) == pytest.approx((0.95, 1.0))


def test_a_perfectly_calibrated_model_has_no_error():
    """One in four where 0.25 is said, three in four where 0.75 is."""
    rows = predictions([1, 0, 0, 0, 1, 1, 1, 0], [0.25] * 4 + [0.75] * 4)
    assert scores(rows)["ece"] == 0.0


def columns(**changes: Any) -> dict[str, Any]:
    good: dict[str, Any] = {
        "fold": ["1", "1", "2"],
        "clip": ["a", "b", "c"],
        "subject": ["x", "x", "y"],
        "label": [0, 1, 1],
        "probabilities": [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]],
    }
    return good | changes


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"probabilities": [[0.9, 0.1], [0.2, 0.8], [np.nan, 0.7]]}, "not a number: c"),
        ({"probabilities": [[0.9, 0.1], [0.2, np.inf], [0.3, 0.7]]}, "not a number: b"),
        ({"probabilities": [[0.9, 0.1], [0.2, 0.8], [0.3, 0.70001]]}, "do not sum to 1: c"),
        ({"probabilities": [[1.1, -0.1], [0.2, 0.8], [0.3, 0.7]]}, "outside 0 to 1: a"),
        ({"probabilities": [0.1, 0.8, 0.7]}, r"\(clips, classes\), not \(3,\)"),
        ({"probabilities": [[1.0], [1.0], [1.0]]}, r"\(clips, classes\), not \(3, 1\)"),
        ({"clip": ["a", "b", "a"]}, "more than once .*: a"),
        ({"clip": ["a", None, "c"]}, "no clip is given for row 1"),
        ({"label": [0, 2, 1]}, "not from 0 to 1: b"),
        ({"label": [0, 1, -1]}, "not from 0 to 1: c"),
        ({"label": [0.0, 1.0, np.nan]}, "class numbers, not float64"),
        ({"label": [0, 1]}, "different lengths.*'label': 2"),
        ({"subject": ["x", None, "y"]}, "no subject is given for b"),
        ({"subject": ["x", "x", float("nan")]}, "no subject is given for c"),
        ({"fold": ["1", "", ""]}, "no fold is given for b, c"),
        (
            {name: [] for name in columns()} | {"probabilities": np.empty((0, 2))},
            "there are none",
        ),
    ],
    ids=str,
)
def test_predictions_that_cannot_be_scored_are_refused_by_name(changes, text):
    with pytest.raises(EvaluationError, match=text):
        Predictions(**columns(**changes))


def test_predictions_may_come_as_lists_objects_and_float32():
    rows = Predictions(
        **columns(
            clip=np.array(["a", "b", "c"], dtype=object),
            label=np.array([0, 1, 1], dtype=np.int32),
            probabilities=np.array([[0.9, 0.1], [0.2, 0.8], [1 / 3, 2 / 3]], dtype=np.float32),
        )
    )
    assert rows.clip.dtype.kind == rows.subject.dtype.kind == "U"
    assert rows.probabilities.dtype == np.float64
    assert scores(rows)["accuracy"] == 1.0


def test_only_some_rows():
    kept = TWO.only(TWO.label == 0)
    assert (kept.clip.tolist(), len(kept)) == (["c3", "c4"], 2)
    with pytest.raises(EvaluationError, match="there are none"):
        TWO.only(TWO.label == 7)


@pytest.mark.parametrize(
    ("value", "text"), [(-1e-9, "0.0"), (2 / 3, "0.666667"), (-0.5, "-0.5"), (1.0, "1.0")]
)
def test_figures_have_six_digits_and_no_negative_zero(value, text):
    assert str(rounded(value)) == text


FILES = sorted((ROOT / "src/duchenne/evaluation").glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_evaluation_needs_no_more_than_numpy_scipy_and_scikit_learn(path):
    """It must import where there is neither torch nor mediapipe."""
    roots = {name.split(".")[0] for name in modules(path.relative_to(ROOT).as_posix())}
    assert roots - sys.stdlib_module_names <= {"duchenne", "numpy", "scipy", "sklearn"}
