"""Temperatures: they mend what is too sure, change no order, and see validation clips alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duchenne.evaluation.calibration import brier, calibrate, log_loss, scaled
from duchenne.evaluation.scores import Predictions, calibration_scores


def drawn(sureness: float, *, count: int = 600, classes: int = 2, seed: int = 0):
    """Labels that follow the probabilities of logits, and what a network says that multiplies its
    logits by `sureness`."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, 1.5, (count, classes))
    odds = np.exp(logits)
    true = odds / odds.sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(classes, p=row) for row in true])
    return scaled(true, 1.0 / sureness), labels, [f"s{number % 30}" for number in range(count)]


@pytest.mark.parametrize("classes", [2, 7])
@pytest.mark.parametrize("sureness", [0.5, 1.0, 3.0])
def test_the_temperature_is_how_much_too_sure_a_network_is(sureness, classes):
    said, labels, subjects = drawn(sureness, count=2000, classes=classes)
    found = calibrate(said, labels, subjects)
    assert found.temperature == pytest.approx(sureness, rel=0.12)
    assert found.why == ""


@pytest.mark.parametrize("seed", range(4))
def test_on_new_people_an_overconfident_network_loses_less(seed):
    said, labels, subjects = drawn(4.0, count=200, seed=seed)
    new, truth, _ = drawn(4.0, count=2000, seed=100 + seed)
    after = scaled(new, calibrate(said, labels, subjects).temperature)
    assert log_loss(after, truth) < 0.8 * log_loss(new, truth)
    assert brier(after, truth) < brier(new, truth)


@given(
    p=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=20),
    temperature=st.floats(0.05, 20.0),
)
def test_no_temperature_changes_a_label_or_the_order(p, temperature):
    said = np.array([[1.0 - x, x] for x in p])
    after = scaled(said, temperature)
    np.testing.assert_allclose(after.sum(axis=1), 1.0)
    assert (((said[:, 1] > 0.5) == (after[:, 1] > 0.5)) | (np.abs(said[:, 1] - 0.5) < 1e-9)).all()
    order = np.argsort(said[:, 1], kind="stable")
    assert (np.diff(after[order, 1]) >= -1e-12).all()
    np.testing.assert_allclose(scaled(said, 1.0), said, atol=1e-9)


@pytest.mark.parametrize(
    ("count", "people", "one_class", "says"),
    [
        (39, 30, False, "39 clips validate"),
        (200, 7, False, "7 subjects and 200 clips validate, at least 8"),
        (200, 30, True, "of one class"),
    ],
)
def test_too_few_calibrate_nothing(count, people, one_class, says):
    said, labels, _ = drawn(3.0, count=count)
    found = calibrate(
        said, labels * 0 if one_class else labels, [f"s{n % people}" for n in range(count)]
    )
    assert found.temperature == 1.0
    assert says in found.why


def test_scores_before_and_after_by_fold():
    said, labels, subjects = drawn(3.0, count=100)
    rows = Predictions(
        fold=np.array(["1", "2"] * 50), clip=np.array([f"c{n}" for n in range(100)]),
        subject=np.array(subjects), label=labels, probabilities=said,
    )  # fmt: skip
    found = calibration_scores(rows, {"1": (3.0, ""), "2": (1.0, "too few")})
    assert found["folds"] == 1
    assert found["log_loss"] == pytest.approx(log_loss(said, labels), abs=1e-6)
    half = np.where((rows.fold == "1")[:, None], scaled(said, 3.0), said)
    assert found["log_loss_calibrated"] == pytest.approx(log_loss(half, labels), abs=1e-6)
    assert found["brier_calibrated"] == pytest.approx(brier(half, labels), abs=1e-6)
    none = calibration_scores(rows, {"1": (1.0, "too few"), "2": (1.0, "too few")})
    assert none == {"not_calibrated": "too few"}
