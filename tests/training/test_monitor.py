"""What is watched after each epoch, against scikit-learn and by hand."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics

from duchenne.training.monitor import monitored, scores


@st.composite
def answers(draw: st.DrawFn, classes: int):
    """Probabilities with many ties, and labels of which each class occurs."""
    parts = st.lists(st.integers(1, 6), min_size=classes, max_size=classes)
    rows = draw(st.lists(st.tuples(st.integers(0, classes - 1), parts), min_size=2, max_size=30))
    labels = np.array([label for label, _ in rows])
    assume(len(set(labels.tolist())) == classes)
    weights = np.array([weights for _, weights in rows], float)
    return weights / weights.sum(axis=1, keepdims=True), labels


@settings(max_examples=30)
@given(answers(2))
def test_two_classes_against_scikit_learn(given_answers):
    probabilities, labels = given_answers
    found = scores(probabilities, labels)
    predicted = probabilities.argmax(axis=1)
    assert found == pytest.approx(
        {
            "loss": metrics.log_loss(labels, probabilities, labels=[0, 1]),
            "accuracy": metrics.accuracy_score(labels, predicted),
            "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted),
            "auc": metrics.roc_auc_score(labels, probabilities[:, 1]),
        }
    )


@settings(max_examples=30)
@given(answers(4))
def test_four_classes_against_scikit_learn(given_answers):
    probabilities, labels = given_answers
    found = scores(probabilities, labels)
    one_against_rest = metrics.roc_auc_score(labels, probabilities, multi_class="ovr")
    recalls = metrics.recall_score(labels, probabilities.argmax(axis=1), average="macro")
    assert (found["auc"], found["balanced_accuracy"]) == pytest.approx((one_against_rest, recalls))
    assert found["loss"] == pytest.approx(metrics.log_loss(labels, probabilities))


def test_a_wrong_certainty_is_dear_and_finite():
    found = scores(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([1, 1]))
    assert found["loss"] == pytest.approx(-math.log(1e-12) / 2.0)


ONE_CLASS = scores(np.array([[0.8, 0.2], [0.4, 0.6]]), np.array([1, 1]))
BOTH = scores(np.array([[0.8, 0.2], [0.4, 0.6], [0.9, 0.1]]), np.array([0, 0, 1]))


def test_with_one_class_there_is_nothing_to_balance_or_to_rank():
    assert math.isnan(ONE_CLASS["balanced_accuracy"])
    assert math.isnan(ONE_CLASS["auc"])
    assert ONE_CLASS["accuracy"] == 0.5


@pytest.mark.parametrize(
    ("found", "monitor", "value"),
    [
        (BOTH, "loss", -(-math.log(0.8) - math.log(0.4) - math.log(0.1)) / 3.0),
        (BOTH, "accuracy", 1 / 3),
        (BOTH, "balanced_accuracy", 0.25),
        (BOTH, "auc", 0.0),
        (ONE_CLASS, "auc", (math.log(0.2) + math.log(0.6)) / 2.0),
        (ONE_CLASS, "balanced_accuracy", (math.log(0.2) + math.log(0.6)) / 2.0),
    ],
)
def test_what_is_monitored_grows_as_it_gets_better(found, monitor, value):
    assert monitored(found, monitor) == pytest.approx(value)
