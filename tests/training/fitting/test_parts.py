"""The parts of a fit by themselves: columns, their ranking, calibration, scores."""

import math

import numpy as np
import pytest
from scipy.stats import f_oneway
from sklearn.linear_model import LogisticRegression

from duchenne.training.fitting import columns, probabilities
from duchenne.training.fitting.base import Array, Numbers
from duchenne.training.fitting.probabilities import Calibration, calibrate, uncalibrated

NAN = math.nan


# ---- Columns ------------------------------------------------------------------------------------
# Missing ones become 2, the median of 1, 2 and 9; constant; never known; known once; rounding.
VALUES = np.array([[1.0, 7.0, NAN, 4.0, 1e9], [2.0, 7.0, NAN, NAN, 1e9 + 1e-7],
                   [9.0, 7.0, NAN, NAN, 1e9], [NAN, 7.0, NAN, NAN, 1e9]])  # fmt: skip


def test_columns_by_hand():
    found = columns.fit(VALUES)
    assert found.chosen.tolist() == [0]
    assert (found.fill.tolist(), found.mean.tolist()) == ([2.0], [3.5])
    spread = math.sqrt((2.5**2 + 1.5**2 + 5.5**2 + 1.5**2) / 4)
    wanted = [[x / spread] for x in (-2.5, -1.5, 5.5, -1.5)]
    np.testing.assert_allclose(found.of(VALUES), wanted, rtol=1e-14)


def test_no_columns_stay_none():
    assert columns.fit(np.zeros((4, 0))).of(np.zeros((2, 0))).shape == (2, 0)
    assert columns.fit(VALUES[:, 1:]).chosen.tolist() == []


# ---- Minimum redundancy, maximum relevance ------------------------------------------------------
def test_the_f_statistic_is_that_of_scipy():
    rng = np.random.default_rng(0)
    scaled, codes = rng.normal(size=(40, 3)), np.arange(40) % 3
    scaled[:, 1] += codes
    wanted = f_oneway(*(scaled[codes == code] for code in range(3))).statistic
    np.testing.assert_allclose(columns.f_statistic(scaled, codes), wanted, rtol=1e-10)


def test_a_copy_of_what_is_known_comes_late():
    """Columns: a sign of the class, nearly the same once more, a weaker one of its own, noise."""
    rng = np.random.default_rng(0)
    codes = np.arange(400) % 2
    sign = codes + rng.normal(0.0, 1.0, 400)
    copy, weaker = sign + rng.normal(0.0, 0.05, 400), codes + rng.normal(0.0, 1.5, 400)
    scaled = np.stack([sign, copy, weaker, rng.normal(size=400)], axis=1)
    ranked = columns.rank(scaled, codes, most=4).tolist()
    assert ranked.index(2) == 1
    assert set(ranked[:3]) == {0, 1, 2}
    assert columns.rank(scaled, codes, most=2).tolist() == ranked[:2]
    assert columns.f_statistic(scaled, codes)[2] < columns.f_statistic(scaled, codes)[:2].min()


def test_ranking_is_as_the_formula_says():
    rng = np.random.default_rng(1)
    scaled, codes = rng.normal(size=(50, 8)), np.arange(50) % 2
    scaled[:, 4:] += scaled[:, :4] + codes[:, None]
    relevance = f_oneway(scaled[codes == 0], scaled[codes == 1]).statistic
    taken = [int(relevance.argmax())]
    while len(taken) < 8:
        worth = {
            new: relevance[new]
            / max(np.mean([abs(np.corrcoef(scaled[:, new], scaled[:, old])[0, 1])
                           for old in taken]), 50**-0.5)
            for new in range(8) if new not in taken
        }  # fmt: skip
        taken.append(max(worth, key=lambda new: worth[new]))
    assert columns.rank(scaled, codes, most=20).tolist() == taken


def test_a_single_column_and_one_that_tells_all_are_ranked():
    codes = np.array([0, 0, 1, 1])
    assert columns.rank(codes[:, None].astype(float), codes, most=5).tolist() == [0]
    both = np.stack([np.array([0.1, 0.0, 0.2, 0.3]), codes], axis=1)
    assert columns.rank(both, codes, most=5).tolist() == [1, 0]


# ---- Calibration --------------------------------------------------------------------------------
def drawn(slope: float, offset: float, count: int = 4000) -> tuple[Array, Numbers]:
    rng = np.random.default_rng(0)
    decisions = rng.normal(size=(count, 1))
    chance = 1.0 / (1.0 + np.exp(-(slope * decisions[:, 0] + offset)))
    return decisions, (rng.random(count) < chance).astype(np.int64)


def test_the_slope_and_offset_that_made_the_labels_are_found():
    decisions, codes = drawn(2.0, -0.7)
    found = calibrate(decisions, codes, np.ones(4000))
    assert found.slope == pytest.approx(2.0, abs=0.15)
    assert found.offset == pytest.approx([-0.7], abs=0.1)


def test_it_is_logistic_regression_on_softened_labels():
    """scikit-learn takes each clip twice, with a weight for each class that it may have."""
    decisions, codes = drawn(1.5, 0.3, count=50)
    weight = np.where(codes == 1, 2.0, 0.5)
    counts = np.bincount(codes)
    own = (counts[codes] + 1) / (counts[codes] + 2)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(
        np.vstack([decisions, decisions]),
        np.concatenate([codes, 1 - codes]),
        sample_weight=np.concatenate([weight * own, weight * (1 - own)]),
    )
    found = calibrate(decisions, codes, weight)
    assert found.slope == pytest.approx(model.coef_[0, 0], abs=1e-5)
    assert found.offset == pytest.approx(model.intercept_, abs=1e-5)


def test_values_that_separate_the_classes_stay_finite():
    decisions, codes = np.array([[-1.0], [-1.0], [1.0], [1.0]]), np.array([0, 0, 1, 1])
    found = calibrate(decisions, codes, np.ones(4))
    # Softened labels are 1/4 and 3/4, which the slope can meet: sigmoid(log 3) = 3/4.
    assert found.slope == pytest.approx(math.log(3.0), abs=1e-5)


def test_values_that_rank_worse_than_chance_leave_the_shares():
    codes = np.array([0, 0, 0, 1])
    found = calibrate(np.array([[1.0], [0.5], [2.0], [-1.0]]), codes, np.ones(4))
    assert found.slope == 0.0
    share = 0.25 * 2 / 3 + 0.75 * 1 / 5
    assert probabilities.softmax(found.scores(np.zeros((1, 1))))[0, 1] == pytest.approx(
        share, abs=1e-5
    )


def test_of_three_classes_each_has_its_offset():
    rng = np.random.default_rng(0)
    decisions = rng.normal(size=(6000, 3))
    scores = 1.5 * decisions + [0.0, 1.0, -1.0]
    codes = (scores + rng.gumbel(size=(6000, 3))).argmax(axis=1)
    found = calibrate(decisions, codes, np.ones(6000))
    assert found.slope == pytest.approx(1.5, abs=0.15)
    assert found.offset - found.offset[0] == pytest.approx([0.0, 1.0, -1.0], abs=0.15)


def test_uncalibrated_values_are_logits():
    assert uncalibrated(2) == Calibration(1.0, np.zeros(1))
    assert uncalibrated(4).offset.tolist() == [0.0] * 4


# ---- Scores -------------------------------------------------------------------------------------
def test_scores_by_hand():
    found = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    codes = np.array([0, 1, 1, 1])
    plain, even = (probabilities.score(found, codes, balance=balance) for balance in (False, True))
    rare, common = [-math.log(0.9)], [-math.log(p) for p in (0.8, 0.4, 0.3)]
    assert plain.log_loss == pytest.approx(np.mean(rare + common))
    assert even.log_loss == pytest.approx((np.mean(rare) + np.mean(common)) / 2)
    assert plain.balanced_accuracy == even.balanced_accuracy == pytest.approx((1.0 + 1 / 3) / 2)
    impossible = probabilities.score(np.array([[1.0, 0.0]]), np.array([1]), balance=False)
    assert impossible.log_loss == pytest.approx(math.log(1e12))
