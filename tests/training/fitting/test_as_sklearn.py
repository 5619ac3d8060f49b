"""Classifiers give the probabilities that scikit-learn would have given."""

import numpy as np
import pytest
import torch
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from duchenne.nets.fitted import KernelMachine, TreeSum
from duchenne.training.fitting import Trees, logistic, trees
from duchenne.training.fitting.base import Array
from duchenne.training.fitting.probabilities import softmax
from tests.make.feature_cases import CONSTANT, EMPTY, Clips, clips, fit, probabilities

USABLE = [column for column in range(10) if column not in (CONSTANT, EMPTY)]
CLASSES = pytest.mark.parametrize("classes", [2, 3])
BALANCE = pytest.mark.parametrize("balance", [True, False])


def new(classes: int) -> Array:
    """Unseen clips; one of them says nothing."""
    values = clips(classes=classes, seed=1, missing=0.3).values
    values[0] = np.nan
    return values


def uneven(classes: int) -> Clips:
    """Of class 0 so few that weights by class matter."""
    given = clips(72, classes=classes)
    return given.take(np.flatnonzero((given.labels > 0) | (np.arange(72) % 5 == 0)))


def plain(model, given: Clips, columns: list[int], target) -> Pipeline:
    whole = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), model)
    return whole.fit(given.values[:, columns], target)


@CLASSES
@BALANCE
def test_logistic_regression(classes, balance, monkeypatch):
    monkeypatch.setattr(logistic, "_PRECISION", 1e-10)
    given = uneven(classes)
    found = fit("logistic", given, classes=classes, c=0.3, balance=balance).classifier
    weight = "balanced" if balance else None
    model = LogisticRegression(C=0.3, class_weight=weight, tol=1e-12, solver="newton-cg")
    wanted = plain(model, given, USABLE, given.labels).predict_proba(new(classes)[:, USABLE])
    np.testing.assert_allclose(probabilities(found, new(classes)), wanted, atol=1e-9)


@CLASSES
@BALANCE
def test_logistic_regression_of_fewer_clips_than_columns(classes, balance, monkeypatch):
    monkeypatch.setattr(logistic, "_PRECISION", 1e-10)
    rng = np.random.default_rng(0)
    values, codes = rng.normal(size=(24, 60)), np.arange(24) % 5 % classes
    [found] = logistic.regress(values, codes, strengths=[0.3], balance=balance)
    weight = "balanced" if balance else None
    model = LogisticRegression(C=0.3, class_weight=weight, tol=1e-10, max_iter=10_000)
    unseen = rng.normal(size=(30, 60))
    wanted = model.fit(values, codes).predict_proba(unseen)
    np.testing.assert_allclose(softmax(found.scores(unseen)), wanted, atol=1e-6)


@CLASSES
def test_each_strength_is_fitted_as_if_alone(classes, monkeypatch):
    monkeypatch.setattr(logistic, "_PRECISION", 1e-10)
    rng = np.random.default_rng(0)
    values, codes = rng.normal(size=(40, 6)), np.arange(40) % classes
    path = logistic.regress(values, codes, strengths=[1e-3, 0.1, 1.0], balance=True)
    for c, found in zip([1e-3, 0.1, 1.0], path, strict=True):
        [alone] = logistic.regress(values, codes, strengths=[c], balance=True)
        np.testing.assert_allclose(found.scores(values), alone.scores(values), atol=1e-7)
    assert not np.allclose(path[0].weight, path[-1].weight)


@pytest.mark.parametrize("seed", range(20))
def test_logistic_regression_of_clips_that_can_be_separated(seed):
    """Any warning is an error here, such as that of a line search which finds nothing."""
    rng = np.random.default_rng(seed)
    codes, values = np.arange(28) % 7, rng.normal(size=(28, 5))
    values[:, 0] += 10 * codes
    *_, found = logistic.regress(values, codes, strengths=logistic._STRENGTHS, balance=False)
    assert (softmax(found.scores(values)).argmax(axis=1) == codes).all()


@CLASSES
@BALANCE
@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_support_vector_machines(classes, balance, kernel):
    given = uneven(classes)
    found = fit("svm", given, classes=classes, kernel=kernel, features=4, balance=balance)
    chosen, columns = found.chosen, found.chosen["columns"]
    c = chosen["c"] / 4 if kernel == "linear" else chosen["c"]
    machines = [
        plain(
            SVC(kernel=kernel, C=c, gamma=chosen["gamma"] / 4,
                class_weight="balanced" if balance else None),
            given, columns, given.labels == target,
        )
        for target in ([1] if classes == 2 else range(3))
    ]  # fmt: skip
    values = new(classes)
    decided = np.stack([each.decision_function(values[:, columns]) for each in machines], axis=1)
    assert isinstance(found.classifier, KernelMachine)
    ours = found.classifier.decisions(torch.from_numpy(values)).numpy()
    np.testing.assert_allclose(ours, decided, atol=1e-9)
    calibrated = chosen["calibrated"]
    wanted = softmax(calibrated["slope"] * decided + calibrated["offset"])
    np.testing.assert_allclose(probabilities(found.classifier, values), wanted, atol=1e-9)


def grown(given: Clips, how: Trees):
    """A model with the columns that it took, and its classifier."""
    ready = trees.ready_for_trees(given.values)
    model = trees.boost(ready.of(given.values), given.labels, how=how, iterations=8, seed=0)
    found = fit("trees", given, classes=len(set(given.labels)), iterations=8, leaves=how.leaves,
                balance=how.balance, rate=how.rate)  # fmt: skip
    return ready, model, found


@CLASSES
@BALANCE
def test_trees(classes, balance, monkeypatch):
    """With values missing that never were in training, and the other way round."""
    given = uneven(classes)
    given.values[:, 1] = np.where(np.isnan(given.values[:, 1]), 5.0, given.values[:, 1])
    monkeypatch.setattr(trees, "best", lambda scored: 7)
    ready, model, found = grown(given, Trees(leaves=5, rate=0.3, balance=balance))
    assert found.chosen["iterations"] == 8
    values = new(classes)
    assert np.isnan(values[1:, :3]).any(axis=0).all()
    wanted = model.predict_proba(ready.of(values))
    np.testing.assert_allclose(probabilities(found.classifier, values), wanted, atol=1e-9)


def test_a_value_beside_a_threshold_falls_as_in_single_precision():
    given = clips(missing=0.0)
    ready, model, found = grown(given, Trees(leaves=3))
    classifier = found.classifier
    assert isinstance(classifier, TreeSum)
    row = given.values[:1].repeat(2, axis=0)
    column, threshold = int(classifier.feature[0, 0]), float(classifier.threshold[0, 0])
    just_above = np.nextafter(np.float32(threshold), np.float32(np.inf))
    row[0, column], row[1, column] = threshold + 1e-12 * abs(threshold), just_above
    wanted = model.predict_proba(ready.of(row))
    np.testing.assert_allclose(probabilities(classifier, row), wanted, atol=1e-9)


def test_trees_that_found_nothing_to_ask_are_a_single_leaf():
    """Four clips, and a leaf needs five."""
    given = Clips(np.arange(4.0)[:, None], np.array([0, 1, 1, 1]), ("a", "b", "c", "d"))
    found = fit("trees", given, balance=False)
    assert found.arguments["depth"] == 0
    np.testing.assert_allclose(probabilities(found.classifier, given.values)[:, 1], 0.75, atol=1e-9)


def test_that_a_value_is_missing_can_tell_the_class():
    """The known values say nothing."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    values = rng.normal(size=(60, 1))
    values[labels == 1] = np.where(rng.random((30, 1)) < 0.9, np.nan, values[labels == 1])
    given = Clips(values, labels, tuple(f"s{n // 3}" for n in range(60)))
    classifier = fit("trees", given).classifier
    missing, known = probabilities(classifier, np.array([[np.nan], [0.0]]))[:, 1]
    assert missing > 0.8
    assert known < 0.3
