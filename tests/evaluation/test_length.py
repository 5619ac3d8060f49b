"""Length alone, gain and pairs of equal length, on sets with a planted share of each."""

import time
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.stats import norm

from duchenne.errors import EvaluationError
from duchenne.evaluation.length import length_scores, matched
from duchenne.evaluation.metrics import Array
from duchenne.evaluation.scores import Predictions
from tests.make.scored_cases import many, predictions


class Planted(NamedTuple):
    """A set in which length and signal are normal in each class, `length` and `signal` standard
    deviations apart; a model that sees `sees` of them, and the probe, which sees length alone."""

    model: Predictions
    probe: Predictions
    seconds: Array


def planted(
    *, length: float, signal: float, clips: int = 1240, people: int = 400, seed: int = 0,
    alike: float = 0.3,
) -> Planted:  # fmt: skip
    """Both judges weigh what they see as they should. `alike` is the part of the variance of length
    and signal that is the subject's."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, clips)
    person = np.arange(clips) % people
    own = rng.normal(size=(2, people))[:, person] * sqrt(alike)
    at = own + rng.normal(size=(2, clips)) * sqrt(1.0 - alike)
    long, shown = at + np.array([[length], [signal]]) * (label - 0.5)
    names = [f"p{number:03d}" for number in person]

    def said(score: Array) -> Predictions:
        likely = 1.0 / (1.0 + np.exp(-score))
        return predictions(label.tolist(), likely.tolist(), subjects=names)

    seconds = 4.0 * np.exp(0.35 * long)
    return Planted(said(length * long + signal * shown), said(length * long), seconds)


def apart(distance: float) -> float:
    """AUC of two normal distributions so many standard deviations apart."""
    return float(norm.cdf(distance / sqrt(2.0)))


def matched_accuracy(made: Planted, *, length: float, signal: float) -> float:
    """What the model should reach on the matched clips, given their lengths: it goes by both."""
    if signal == 0.0:
        return 0.5
    chosen = matched(made.model.label, made.seconds, made.model.clip)
    towards = np.log(made.seconds[chosen] / 4.0) / 0.35 * (2 * made.model.label[chosen] - 1)
    return float(norm.cdf(signal / 2.0 + length * towards / signal).mean())


# Length apart by 1.2 gives an AUC of 0.80, as in UvA-NEMO.
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("length", "signal"), [(1.2, 0.0), (0.0, 1.2), (1.2, 0.8)], ids=["length", "signal", "both"]
)
def test_the_planted_share_comes_back(length, signal, seed):
    made = planted(length=length, signal=signal, clips=4000, people=1000, seed=seed)
    found = length_scores(*made, rounds=200)
    gain = apart(sqrt(length**2 + signal**2)) - apart(length)
    assert found["auc"] == pytest.approx(apart(length), abs=0.03)
    assert found["gain_auc"] == pytest.approx(gain, abs=0.03)
    assert found["pairs_auc"] == pytest.approx(apart(signal), abs=0.03)
    assert found["pairs_auc_5"] == pytest.approx(apart(signal), abs=0.03)
    expected = matched_accuracy(made, length=length, signal=signal)
    assert found["matched_accuracy"] == pytest.approx(expected, abs=0.03)
    if signal == 0.0:
        assert found["gain_auc_low"] <= 0.0 <= found["gain_auc_high"]
        assert found["gain_balanced_accuracy_low"] <= 0.0 <= found["gain_balanced_accuracy_high"]
    else:
        assert found["gain_auc_low"] > 0.0
        assert found["pairs_auc_low"] > 0.5


@pytest.mark.parametrize("seed", range(3))
def test_a_model_that_sees_length_badly_gains_nothing(seed):
    """A noisy copy of length is worth less than length: the gain is negative or near 0."""
    made = planted(length=1.2, signal=0.0, seed=seed)
    rng = np.random.default_rng(seed + 100)
    score = np.log(made.seconds / 4.0) / 0.35 + rng.normal(size=len(made.seconds))
    likely = 1.0 / (1.0 + np.exp(-score))
    noisy = predictions(made.model.label.tolist(), likely.tolist(),
                        subjects=made.model.subject.tolist())  # fmt: skip
    found = length_scores(noisy, made.probe, made.seconds, rounds=200)
    assert found["gain_auc"] < 0.0
    assert found["pairs_auc"] == pytest.approx(0.5, abs=0.05)
    assert found["pairs_auc_low"] < 0.5 < found["pairs_auc_high"]


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """Of a hundred sets of 60 people. Within two standard errors of 95 it would be 91 to 99; few
    people make an interval somewhat too narrow."""
    truth = {"auc": apart(1.2), "pairs_auc": apart(0.8), "pairs_auc_5": apart(0.8),
             "gain_auc": apart(sqrt(1.2**2 + 0.8**2)) - apart(1.2)}  # fmt: skip
    held = dict.fromkeys(truth, 0)
    for seed in range(100):
        made = planted(length=1.2, signal=0.8, clips=240, people=60, seed=seed)
        found = length_scores(*made, rounds=300)
        for name, value in truth.items():
            held[name] += found[f"{name}_low"] <= value <= found[f"{name}_high"]
    assert all(88 <= count <= 99 for count in held.values()), held


# ---- Against plain loops ------------------------------------------------------------------------
def plain_pairs(rows: Predictions, seconds: Array, within: float) -> tuple[int, float]:
    """Pairs of a spontaneous and a posed clip of equal length, and the share in order."""
    pairs, order = 0, 0.0
    for i in np.flatnonzero(rows.label == 1):
        for j in np.flatnonzero(rows.label == 0):
            longer, shorter = max(seconds[i], seconds[j]), min(seconds[i], seconds[j])
            if longer > shorter * (1.0 + within) * (1.0 + 1e-12):
                continue
            pairs += 1
            ours, theirs = rows.probabilities[i, 1], rows.probabilities[j, 1]
            order += 1.0 if ours > theirs else 0.5 if ours == theirs else 0.0
    return pairs, order / pairs if pairs else np.nan


SOME_SECONDS = st.sampled_from([0.0, 0.96, 0.98, 1.0, 1.01, 1.02, 1.03, 1.06, 2.0, 2.1])


@st.composite
def timed(draw: st.DrawFn) -> tuple[Predictions, Array]:
    """Clips of both classes with lengths, some at the very bounds, and equal probabilities."""
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 1), st.sampled_from([0.1, 0.4, 0.4, 0.7]), SOME_SECONDS),
            min_size=2, max_size=14,
        ).filter(lambda rows: {row[0] for row in rows} == {0, 1})
    )  # fmt: skip
    label, likely, seconds = zip(*rows, strict=True)
    return predictions(label, likely), np.array(seconds)


@given(timed())
def test_pairs_are_those_of_a_double_loop(given_rows):
    rows, seconds = given_rows
    found = length_scores(rows, rows, seconds, rounds=20)
    for end, within in (("", 0.02), ("_5", 0.05)):
        pairs, auc = plain_pairs(rows, seconds, within)
        assert found[f"pairs{end}"] == pairs
        assert found.get(f"pairs_auc{end}", np.nan) == pytest.approx(auc, abs=1e-6, nan_ok=True)


@given(timed(), st.randoms(use_true_random=False))
def test_a_matched_set_is_as_large_as_it_can_be(given_rows, random):
    rows, seconds = given_rows
    chosen = matched(rows.label, seconds, rows.clip)
    one, other = chosen[0::2], chosen[1::2]
    assert len(set(chosen.tolist())) == len(chosen)
    assert rows.label[one].tolist() == [0] * len(one)
    assert rows.label[other].tolist() == [1] * len(one)
    fits = np.array([[plain_pairs(rows.only(np.array([i, j])), seconds[[i, j]], 0.02)[0]
                      for j in np.flatnonzero(rows.label == 1)]
                     for i in np.flatnonzero(rows.label == 0)])  # fmt: skip
    assert fits[linear_sum_assignment(fits, maximize=True)].sum() == len(one)
    order = list(range(len(rows)))
    random.shuffle(order)
    again = matched(rows.label[order], seconds[order], rows.clip[order])
    assert rows.clip[order][again].tolist() == rows.clip[chosen].tolist()


# ---- Which clips, and what is undefined ---------------------------------------------------------
# Lengths 1 s and 2 s; the pairs of equal length are (c0, c1), in order, and (c2, c3), not so.
FOUR = predictions([1, 0, 1, 0], [0.9, 0.2, 0.6, 0.7], subjects=list("abab"))
ALONE = predictions([1, 0, 1, 0], [0.2, 0.2, 0.8, 0.8], subjects=list("abab"))
SECONDS = np.array([1.0, 1.0, 2.0, 2.0])


def test_a_small_set_by_hand():
    found = length_scores(FOUR, ALONE, SECONDS)
    assert {name: found[name] for name in found if not name.endswith(("_low", "_high"))} == {
        "clips": 4,
        "balanced_accuracy": 0.5, "gain_balanced_accuracy": 0.25,
        "auc": 0.5, "gain_auc": 0.25,
        "pairs_auc": 0.5, "pairs": 2, "pairs_auc_5": 0.5, "pairs_5": 2,
        "matched_accuracy": 0.75, "matched_clips": 4,
    }  # fmt: skip


def test_the_probe_s_rows_may_stand_in_another_order():
    turned = ALONE.only(np.array([3, 1, 0, 2]))
    assert length_scores(FOUR, turned, SECONDS) == length_scores(FOUR, ALONE, SECONDS)


def test_clips_without_a_length_are_left_out():
    more = predictions([1, 0, 1, 0, 1], [0.9, 0.2, 0.6, 0.7, 0.1], subjects=list("ababa"))
    probe = predictions([1, 0, 1, 0, 1], [0.2, 0.2, 0.8, 0.8, 0.9], subjects=list("ababa"))
    found = length_scores(more, probe, np.append(SECONDS, np.nan))
    assert found == length_scores(FOUR, ALONE, SECONDS)


@pytest.mark.parametrize(
    ("rows", "probe", "seconds", "why"),
    [
        (FOUR, None, SECONDS, "no length"),
        (FOUR, ALONE, [np.nan] * 4, "no length"),
        (FOUR, ALONE, [1.0, np.nan, 2.0, np.nan], "clips of one class alone have a length"),
        (predictions([1, 0], [(0.2, 0.5, 0.3)] * 2), None, [1.0, 2.0], "more than two classes"),
    ],
)
def test_what_cannot_be_probed_says_why(rows, probe, seconds, why):
    assert length_scores(rows, probe, np.array(seconds)) == {"not_probed": why}


def test_without_two_clips_of_equal_length_there_is_no_figure_of_them():
    found = length_scores(FOUR, ALONE, np.array([1.0, 1.1, 2.0, 3.0]))
    assert (found["pairs"], found["pairs_5"], found["matched_clips"]) == (0, 0, 0)
    assert not {"pairs_auc", "pairs_auc_low", "pairs_auc_5", "matched_accuracy"} & found.keys()


def test_a_clip_that_the_probe_has_not_seen_is_an_error():
    with pytest.raises(EvaluationError, match=r"probes\.parquet: no prediction .* of c3, which"):
        length_scores(FOUR, ALONE.only(np.arange(3)), SECONDS)


def test_figures_are_plain_numbers_of_six_digits():
    rows = many()
    seconds = np.random.default_rng(0).lognormal(1.0, 0.4, len(rows))
    found: dict[str, Any] = length_scores(rows, rows, seconds, rounds=20)
    assert all(type(value) in (int, float) and value == round(value, 6) for value in found.values())
    assert (found["gain_auc"], found["gain_auc_low"], found["gain_auc_high"]) == (0.0, 0.0, 0.0)


def test_a_set_of_uva_nemo_s_size_takes_seconds():
    rows = many()
    seconds = np.random.default_rng(0).lognormal(1.0, 0.4, len(rows))
    began = time.process_time()
    length_scores(rows, rows, seconds)
    assert time.process_time() - began < 10.0  # about two on one core
