from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from sklearn.metrics import roc_curve

from duchenne.evaluation import plots
from duchenne.evaluation.metrics import Array
from duchenne.evaluation.scores import scores
from tests.make.scored_cases import THREE, TWO, any_predictions, many, predictions


def points(rows: list[dict[str, Any]]) -> Array:
    return np.array([[row["false_positive_rate"], row["true_positive_rate"]] for row in rows])


def test_roc_by_hand():
    """By falling probability: + at 0.9, − at 0.7, + at 0.6, + at 0.4, − at 0.1; 0.6 lies on a line
    between its neighbours and is not needed."""
    assert [tuple(row.values()) for row in plots.roc(TWO)] == [
        (0.0, 0.0, None),
        (0.0, 0.333333, 0.9),
        (0.5, 0.333333, 0.7),
        (0.5, 1.0, 0.4),
        (1.0, 1.0, 0.1),
    ]


@settings(deadline=None)
@given(any_predictions(classes=2))
def test_the_area_under_the_curve_is_the_auc(rows):
    assume(len(set(rows.label.tolist())) == 2)
    x, y = points(plots.roc(rows)).T
    assert (np.diff(x) >= 0).all()
    assert (np.diff(y) >= 0).all()
    assert np.trapz(y, x) == pytest.approx(scores(rows)["auc"], abs=1e-5)


def test_one_of_three_classes_against_the_rest():
    areas = []
    for positive in range(3):
        x, y = points(plots.roc(THREE, positive=positive)).T
        areas.append(np.trapz(y, x))
    assert areas == pytest.approx([7 / 8, 1.0, 1.0])


def test_a_short_curve_keeps_every_corner():
    rows = many(clips=500)
    x, y, _ = roc_curve(rows.label == 1, rows.probabilities[:, 1])
    assert 100 < len(x) <= plots.POINTS
    assert points(plots.roc(rows)) == pytest.approx(np.column_stack([x, y]), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_curve_is_thinned_and_keeps_its_shape(seed):
    rows = many(clips=8000, seed=seed)
    kept = points(plots.roc(rows))
    x, y, _ = roc_curve(rows.label == 1, rows.probabilities[:, 1])
    assert len(x) > 1000
    assert len(kept) <= plots.POINTS
    assert kept[0].tolist() == [0.0, 0.0]
    assert kept[-1].tolist() == [1.0, 1.0]
    distance = np.abs(np.column_stack([x, y])[:, None] - kept).sum(axis=2).min(axis=1)
    assert distance.max() < 0.0102
    assert np.trapz(kept[:, 1], kept[:, 0]) == pytest.approx(scores(rows)["auc"], abs=5e-4)


def test_a_corner_before_a_long_way_stays_near():
    """All positives but a few come first: thinning must not cut the corner off."""
    generator = np.random.default_rng(0)
    label = np.repeat([1, 0], 3000)
    likely = np.where(label == 1, 0.9, 0.1) + generator.uniform(-0.05, 0.05, 6000)
    likely[::20] = generator.uniform(0.0, 1.0, 300)
    rows = predictions(label.tolist(), likely.tolist())
    kept = points(plots.roc(rows))
    assert len(kept) <= plots.POINTS
    assert np.trapz(kept[:, 1], kept[:, 0]) == pytest.approx(scores(rows)["auc"], abs=1e-3)


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_no_roc(label):
    assert plots.roc(predictions([label] * 3, [0.1, 0.5, 0.9])) == []


def test_confusion_rows_name_classes_in_their_order():
    rows = plots.confusion(TWO, names=["posed", "spontaneous"])
    assert Counter((row["actual"], row["predicted"]) for row in rows) == {
        ("posed", "posed"): 1,
        ("posed", "spontaneous"): 1,
        ("spontaneous", "posed"): 1,
        ("spontaneous", "spontaneous"): 2,
    }
    assert [row["actual"] for row in rows] == ["posed"] * 2 + ["spontaneous"] * 3


def test_calibration_by_hand():
    rows = predictions([0, 0, 1, 1], [0.12, 0.18, 0.16, 1.0])
    assert plots.calibration(rows) == [
        {"bin": 1, "probability": 0.153333, "share": 0.333333, "clips": 3},
        {"bin": 9, "probability": 1.0, "share": 1.0, "clips": 1},
    ]


def test_calibration_of_more_classes_asks_the_class_predicted():
    """0.5 was said twice and held once; 0.6 was wrong, 0.7 and 0.8 right."""
    shares = {row["bin"]: row["share"] for row in plots.calibration(THREE)}
    assert shares == {5: 0.5, 6: 0.0, 7: 1.0, 8: 1.0}
