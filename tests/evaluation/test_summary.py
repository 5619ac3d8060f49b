import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from duchenne.errors import EvaluationError
from duchenne.evaluation.intervals import draw, interval, weighted
from duchenne.evaluation.summary import as_report, fold_rows, headline, probe_scores, report
from tests.make.scored_cases import TWO, many, predictions

# Fold 1: all four right. Fold 2: the spontaneous right, one of the two posed wrong.
FOLDS = predictions(
    [1, 1, 0, 0, 1, 0, 0],
    [0.9, 0.8, 0.2, 0.1, 0.7, 0.6, 0.3],
    subjects=list("aabbccd"),
    folds=list("1111222"),
)


def test_a_small_set_by_hand():
    figures = report(FOLDS, {}, expected_folds=["1", "2"])
    assert (figures["clips"], figures["subjects"]) == (7, 4)
    assert figures["majority"] == pytest.approx(4 / 7, abs=1e-6)
    pooled, folds = figures["pooled"], figures["folds"]
    assert pooled["accuracy"] == pytest.approx(6 / 7, abs=1e-6)
    assert pooled["balanced_accuracy"] == pytest.approx((1 + 3 / 4) / 2)
    assert pooled["auc"] == 1.0
    assert folds["accuracy_mean"] == pytest.approx((1 + 2 / 3) / 2, abs=1e-6)
    assert folds["accuracy_sd"] == pytest.approx((1 - 2 / 3) / 2**0.5, abs=1e-6)
    assert folds["balanced_accuracy_mean"] == pytest.approx((1 + 3 / 4) / 2)
    assert not {name for name in folds if name.startswith("ece")}
    assert "groups" not in figures


def test_the_interval_is_the_bootstrap_over_subjects():
    rows = many()
    pooled = report(rows, {}, expected_folds=[str(i) for i in range(1, 11)])["pooled"]
    draws = draw(rows.subject)
    for name, score in weighted(rows).items():
        ends = (pooled[f"{name}_low"], pooled[f"{name}_high"])
        assert ends == pytest.approx(interval(draws.of(score)), abs=1e-6)
    assert list(pooled) == [
        *("accuracy", "accuracy_low", "accuracy_high"),
        *("balanced_accuracy", "balanced_accuracy_low", "balanced_accuracy_high"),
        *("auc", "auc_low", "auc_high", "f1", "mcc", "brier", "ece"),
    ]


def leaves(value: Any) -> list[Any]:
    if not isinstance(value, dict):
        return [value]
    return [leaf for each in value.values() for leaf in leaves(each)]


def test_only_numbers_of_six_digits_and_small_enough_to_read():
    rows = many()
    groups = {"gender": ["female" if name < "200" else "male" for name in rows.subject]}
    figures = report(rows, groups, expected_folds=[str(i) for i in range(1, 11)])
    lines = json.dumps(figures, allow_nan=False, indent=0).splitlines()
    assert len(lines) < 60

    assert all(type(leaf) in (int, float) and leaf == round(leaf, 6) for leaf in leaves(figures))


def test_rows_in_another_order_give_the_same_text():
    rows = many(clips=200, subjects=40)
    order = np.random.default_rng(3).permutation(len(rows))
    gender = np.array(["f" if int(name) % 2 else "m" for name in rows.subject])
    folds = [str(i) for i in range(1, 11)]
    one = report(rows, {"gender": gender.tolist()}, expected_folds=folds)
    other = report(rows.only(order), {"gender": gender[order].tolist()}, expected_folds=folds[::-1])
    assert json.dumps(one) == json.dumps(other)


# ---- The headline -------------------------------------------------------------------------------
def whole(**more: Any) -> dict[str, Any]:
    """A report that has every figure there is, as the stage `aggregate` makes it."""
    rows = many()
    groups = {"gender": ["female" if name < "200" else "male" for name in rows.subject]}
    figures = report(rows, groups, expected_folds=[str(i) for i in range(1, 11)])
    run = {"dataset": "mine", "model": "mesh", "fusion": "none", "protocol": "published"}
    probes = {name: probe_scores(rows) for name in ("duration", "first_frame")}
    length = {
        "clips": 9,
        "auc": 0.8,
        "auc_low": 0.7,
        "gain_auc": 0.1,
        "pairs_auc": 0.75,
        "pairs": 3,
    }
    found = {"optimistic": 1, "run": run, "parameters": 1234, **figures, "probes": probes}
    return {**found, "length": length, **more}


def test_the_headline_is_a_selection_of_the_report():
    scores = whole()
    found = headline(scores)
    pooled, folds, probes = scores["pooled"], scores["folds"], scores["probes"]
    assert found == {
        "optimistic": 1,
        "run": scores["run"],
        "balanced_accuracy": pooled["balanced_accuracy"],
        "ci_low": pooled["balanced_accuracy_low"],
        "ci_high": pooled["balanced_accuracy_high"],
        **{name: pooled[name] for name in ("auc", "accuracy", "mcc", "brier", "ece")},
        "fold_mean": folds["balanced_accuracy_mean"],
        "fold_sd": folds["balanced_accuracy_sd"],
        "probe_duration": probes["duration"]["balanced_accuracy"],
        "probe_first_frame": probes["first_frame"]["balanced_accuracy"],
        "length": {"auc": 0.8, "gain_auc": 0.1, "pairs_auc": 0.75},
        **{name: scores[name] for name in ("majority", "clips", "subjects", "parameters")},
    }


def test_the_headline_is_twenty_numbers():
    assert sum(type(leaf) in (int, float) for leaf in leaves(headline(whole()))) == 20


def test_the_headline_says_why_there_is_no_length():
    length = {"not_probed": "no length"}
    assert headline(whole(length=length))["length"] == length


@pytest.mark.parametrize(
    ("lacks", "missing"),
    [
        ({"probes": {}}, {"probe_duration", "probe_first_frame"}),
        ({"folds": {}}, {"fold_mean", "fold_sd"}),
        ({"length": {}}, {"length"}),
        ({"pooled": {"accuracy": 0.0}}, {"balanced_accuracy", "ci_low", "ci_high", "auc", "mcc",
                                         "brier", "ece"}),
    ],
)  # fmt: skip
def test_what_is_undefined_is_not_in_the_headline(lacks: dict[str, Any], missing: set[str]):
    assert headline(whole()).keys() - headline(whole(**lacks)).keys() == missing


def test_a_headline_says_where_its_figures_stand_in_the_report():
    found = headline(whole())
    part = as_report(found)
    assert headline(part) == found
    assert part["probes"]["duration"].keys() == {"balanced_accuracy"}
    assert part["length"] == found["length"]
    assert "groups" not in part


# ---- Folds and groups ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (["1", "2", "3"], "folds without predictions: 3;"),
        (["1"], "folds that nobody asked for: 2;"),
        (["1", "3", "4"], "without predictions: 3, 4; folds that nobody asked for: 2;"),
        ([], "nobody asked for: 1, 2;"),
    ],
)
def test_missing_and_surplus_folds_are_errors(expected, text):
    with pytest.raises(EvaluationError, match=text):
        report(FOLDS, {}, expected_folds=expected)


def test_a_mean_over_folds_needs_the_score_in_every_fold():
    """Fold 3 has one class, as four of BBC's ten: its accuracy counts, the rest cannot."""
    rows = predictions(
        [1, 0, 1, 0, 1, 1],
        [0.9, 0.1, 0.8, 0.6, 0.7, 0.2],
        folds=["1", "1", "2", "2", "3", "3"],
    )
    folds = report(rows, {}, expected_folds=["1", "2", "3"])["folds"]
    assert set(folds) == {"accuracy_mean", "accuracy_sd", "brier_mean", "brier_sd"}
    assert folds["accuracy_mean"] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3, abs=1e-6)


def test_one_fold_has_no_spread():
    folds = report(TWO, {}, expected_folds=["1"])["folds"]
    assert folds["accuracy_mean"] == 0.6
    assert not {name for name in folds if name.endswith("_sd")}


def test_groups_where_known():
    groups: dict[str, list[str | None]] = {
        "gender": ["f", "f", "m", "m", "f", "f", None],
        "age_group": [None] * 7,
        "beard": ["", "yes", "", "", "", "", ""],
    }
    assert report(FOLDS, groups, expected_folds=["1", "2"])["groups"] == {
        "beard": {"yes": {"clips": 1, "subjects": 1, "accuracy": 1.0}},
        "gender": {
            "f": {
                "clips": 4,
                "subjects": 2,
                "accuracy": 0.75,
                "balanced_accuracy": 0.5,
                "auc": 1.0,
            },
            "m": {"clips": 2, "subjects": 1, "accuracy": 1.0},
        },
    }


@pytest.mark.parametrize(
    ("values", "text"),
    [(["f"] * 6, "gender: 6 values for 7 clips"), ([*["f"] * 6, 3.0], "gender: 3.0 is not a word")],
)
def test_groups_that_do_not_fit_are_refused(values, text):
    with pytest.raises(EvaluationError, match=text):
        report(FOLDS, {"gender": values}, expected_folds=["1", "2"])


def test_fold_rows():
    first, second = fold_rows(FOLDS)
    assert first == {
        **{"fold": "1", "clips": 4, "subjects": 2},
        **{"accuracy": 1.0, "balanced_accuracy": 1.0, "auc": 1.0, "f1": 1.0, "mcc": 1.0},
        **{"brier": 0.025, "ece": 0.15},
    }
    assert (second["fold"], second["clips"], second["accuracy"]) == ("2", 3, 0.666667)


@pytest.mark.parametrize(
    "names",
    [
        ["1", "2", "9", "10", "11"],
        ["fold_2", "fold_10"],
        ["1", "nelly", "tomas"],
        ["2a", "2b", "10"],
    ],
    ids=str,
)
def test_folds_are_in_the_order_in_which_people_count(names):
    number = len(names)
    rows = replace(
        predictions([0, 1] * number, [0.1, 0.9] * number), fold=np.array(sorted(names * 2))
    )
    assert [row["fold"] for row in fold_rows(rows)] == names
