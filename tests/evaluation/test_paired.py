"""Paired tests: agreement with scipy, hand counts, and their rates where the truth is known.

Models are linear discriminants on drawn people, cross-validated, so that their training parts
overlap as in a run.
"""

from math import erfc, sqrt
from typing import Any

import numpy as np
import pytest
from scipy import stats

from duchenne.evaluation.metrics import Array
from duchenne.evaluation.paired import (
    compare,
    descriptive,
    holm,
    mcnemar,
    swapped,
    swaps,
    t_test,
    values,
)
from duchenne.evaluation.scores import Predictions

FOLDS, FEATURES = 10, 5


def discriminant(x: Array, y: Any, new: Array) -> Array:
    """Probabilities of class 1 of a linear discriminant."""
    low, high = x[y == 0].mean(axis=0), x[y == 1].mean(axis=0)
    rest = np.concatenate([x[y == 0] - low, x[y == 1] - high])
    way = np.linalg.solve(rest.T @ rest / len(rest) + 1e-3 * np.eye(x.shape[1]), high - low)
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip((new - (low + high) / 2.0) @ way, -30, 30))))


def two_models(
    seed: int, *, effects: tuple[float, float] = (1.2, 1.2), people: int = 60, clips: int = 4
) -> list[Predictions]:
    """Two models, each of which sees half of the features; a class moves these by its effect."""
    rng = np.random.default_rng(seed)
    label, subject = np.tile(np.arange(clips) % 2, people), np.repeat(np.arange(people), clips)
    x = rng.normal(0.0, 1.0, (people * clips, 2 * FEATURES))
    x += 0.7 * rng.normal(0.0, 1.0, (people, 2 * FEATURES))[subject]
    x += rng.normal(0.0, 0.4, (people, 2 * FEATURES))[subject] * label[:, None]
    x += np.repeat(effects, FEATURES) / np.sqrt(FEATURES) * label[:, None]
    fold = (rng.permutation(people) % FOLDS)[subject]
    found = []
    for part in (slice(0, FEATURES), slice(FEATURES, None)):
        said = np.zeros(len(label))
        for number in range(FOLDS):
            new = fold == number
            said[new] = discriminant(x[~new, part], label[~new], x[new, part])
        found.append(predictions(label, said, subject=subject, fold=fold))
    return found


def predictions(label: Any, said: Any, *, subject: Any, fold: Any) -> Predictions:
    said = np.asarray(said, float)
    return Predictions(
        fold=np.asarray(fold).astype(str), clip=np.array([f"c{n:04d}" for n in range(len(label))]),
        subject=np.asarray(subject).astype(str), label=np.asarray(label),
        probabilities=np.column_stack([1.0 - said, said]),
    )  # fmt: skip


def nobody(run: Predictions) -> Array:
    return np.full(len(run), np.nan)


# ---- Rates ---------------------------------------------------------------------------------------
@pytest.mark.slow
def test_equal_models_are_rarely_called_different_and_intervals_hold_the_truth():
    """Standard errors of these rates over 300 draws are 0.013. Of 1,000 other draws each, docs."""
    alarms, held = [], []
    for seed in range(300):
        one, other = two_models(seed)
        test = compare([one], [other], nobody(one), seed=seed)["balanced_accuracy"]
        alarms.append(test.p <= 0.05)
        held.append(test.low <= 0.0 <= test.high)
    assert np.mean(alarms) <= 0.07
    assert 0.92 <= np.mean(held) <= 0.98


@pytest.mark.slow
def test_a_planted_difference_is_found_about_as_often_as_it_should():
    found = []
    for seed in range(60):
        one, other = two_models(1000 + seed, effects=(1.2, 2.2))
        found.append(compare([one], [other], nobody(one))["balanced_accuracy"])
    assert np.mean([test.difference < 0.0 for test in found]) > 0.95
    assert np.mean([test.p <= 0.05 for test in found]) > 0.7


def test_one_person_with_many_clips_fools_mcnemar_and_not_the_swaps():
    """Of 30 people one has 60 clips, and there one model is right by luck."""
    subject = np.concatenate([np.repeat(np.arange(29), 2), np.full(60, 29)])
    label = np.arange(len(subject)) % 2
    rng = np.random.default_rng(0)
    right = rng.random(len(subject)) < 0.7
    other = np.where(subject == 29, rng.random(len(subject)) < 0.2, right)
    fold = subject % 5
    runs = [
        predictions(label, np.where(good, label, 1 - label), subject=subject, fold=fold)
        for good in (np.where(subject == 29, True, right), other)
    ]
    test = compare(runs[:1], runs[1:], nobody(runs[0]))["balanced_accuracy"]
    assert descriptive(runs[:1], runs[1:], train=90.0)["mcnemar"] < 1e-6
    assert test.p > 0.3
    assert test.difference > 0.3


# ---- By hand, and against others -----------------------------------------------------------------
@pytest.mark.parametrize(("b", "c"), [(0, 0), (1, 0), (9, 2), (40, 61), (300, 220)])
def test_mcnemar_is_scipy_s_binomial_test(b, c):
    expected = stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert mcnemar(b, c) == pytest.approx(expected, abs=1e-10)


def test_the_t_tests_are_scipy_s():
    x = np.random.default_rng(0).normal(0.03, 0.05, 10)
    assert t_test(x) == pytest.approx(stats.ttest_1samp(x, 0.0).pvalue, abs=1e-10)
    wide = x.mean() / np.sqrt((1 / 10 + 1 / 9) * x.var(ddof=1))
    assert t_test(x, extra=1 / 9) == pytest.approx(2 * stats.t.sf(abs(wide), 9), abs=1e-10)
    assert t_test(np.zeros(5)) == 1.0


def test_delong_s_error_is_a_bootstrap_s_within_a_twentieth():
    """Of one fold, where clips of a subject are drawn together."""
    one, other = two_models(5, people=200)
    same = ["1"] * len(one)
    runs = [
        predictions(run.label, run.probabilities[:, 1], subject=run.subject, fold=same)
        for run in (one, other)
    ]
    test = compare(runs[:1], runs[1:], nobody(one))["auc"]
    boot = (test.high - test.low) / (2 * 1.96)
    p = descriptive(runs[:1], runs[1:], train=1.0)["delong"]
    z = stats.norm.isf(p / 2)
    assert abs(test.difference) / z == pytest.approx(boot, rel=0.05)
    assert erfc(z / sqrt(2)) == pytest.approx(p, abs=1e-6)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, float("nan")])[:3] == pytest.approx([0.03, 0.06, 0.06])
    assert np.isnan(holm([float("nan"), 0.5])[0])
    assert holm([]) == []


def test_few_subjects_are_swapped_in_every_way():
    assert len(swaps(3)) == 8
    assert swapped(np.array([1.0, 1.0, 1.0]), 3.0, swaps(3)) == 2 / 8
    assert swapped(np.array([2.0, 1.0, 0.0]), 3.0, swaps(3)) == 4 / 8
    assert swapped(np.zeros(3), 0.0, swaps(3)) == 1.0
    assert swaps(20).shape == (10_000, 20)


def test_a_model_does_not_differ_from_itself_and_seeds_are_averaged():
    one, other = two_models(3)
    same = compare([one], [one], nobody(one))
    assert {test.p for test in same.values()} == {1.0}
    assert {test.difference for test in same.values()} == {0.0}
    mean = values([one, other], nobody(one))
    each = [values([run], nobody(one)) for run in (one, other)]
    for name, value in mean.items():
        assert value == pytest.approx((each[0][name] + each[1][name]) / 2)
    assert "pairs_auc" not in mean
    seconds = np.random.default_rng(0).uniform(1.0, 1.1, len(one))
    assert set(compare([one], [other], seconds)) == {"balanced_accuracy", "auc", "pairs_auc"}


def test_seven_classes_have_the_tests_that_make_sense():
    rng = np.random.default_rng(0)
    runs = []
    for _ in range(2):
        odds = rng.random((70, 7))
        runs.append(
            Predictions(
                fold=np.array(["1", "2"] * 35), clip=np.array([f"c{n}" for n in range(70)]),
                subject=np.array([f"s{n // 2}" for n in range(70)]), label=np.arange(70) % 7,
                probabilities=odds / odds.sum(axis=1, keepdims=True),
            )
        )  # fmt: skip
    assert set(compare(runs[:1], runs[1:], nobody(runs[0]))) == {"balanced_accuracy"}
    assert set(descriptive(runs[:1], runs[1:], train=35.0)) == {"mcnemar", "resampled_t", "naive_t"}
