"""Is one model better than another? Tests of paired differences, with subjects as the unit.

Clips of one subject are alike, and folds share training clips, so neither clips nor folds are
independent; subjects are. Each score is a sum over subjects of what each adds to it, and under the
null hypothesis the two models could change places for any subject: signs of the differences are
swapped subject by subject. McNemar's test and t-tests over folds are given for comparison.
"""

from collections.abc import Callable, Sequence
from math import comb
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import stats

from duchenne.evaluation import metrics
from duchenne.evaluation.intervals import Score, draw, interval, of_confusion
from duchenne.evaluation.length import WITHIN, near_pairs, share_in_order
from duchenne.evaluation.metrics import Array
from duchenne.evaluation.scores import Names, Predictions, rounded

MEASURES = ("balanced_accuracy", "auc", "pairs_auc")
SWAPS = 10_000  # random ones, if there are more subjects than for all 2^S
_ALL = 13  # subjects
_ROUNDING = 1e-12
Signs = npt.NDArray[np.float64]


class Test(NamedTuple):
    """A difference of scores, ours less the reference's, with its 95 % interval (bootstrap over
    subjects) and p (swaps of subjects); NaN where it is not defined."""

    difference: float
    low: float
    high: float
    p: float


Runs = Sequence[Predictions]  # of one configuration, by seed: the same clips in the same order


def compare(ours: Runs, reference: Runs, seconds: Array, *, seed: int = 0) -> dict[str, Test]:
    """Tests by name of MEASURES, with more than two classes of the first alone. All runs have the
    same clips in the same order; `seconds` (n,) are the lengths of the clips, NaN where not known.
    Scores are means over the runs of a configuration."""
    subject = reference[0].subject
    draws, signs = draw(subject, seed=seed), swaps(len(np.unique(subject)), seed=seed)
    found = {}
    for name in MEASURES if reference[0].classes == 2 else MEASURES[:1]:
        one, other = (_score(name, runs, seconds) for runs in (ours, reference))
        if one is None or other is None:
            continue
        [value] = (one(_ones(subject)) - other(_ones(subject))).tolist()
        ends = interval(draws.of(_less(one, other))) or (np.nan, np.nan)
        parts = _influence(name, ours, seconds) - _influence(name, reference, seconds)
        found[name] = Test(value, *ends, swapped(_by_subject(parts, subject), value, signs))
    return found


def values(runs: Runs, seconds: Array) -> dict[str, float]:
    """The scores of a configuration, by name of MEASURES; those that are defined."""
    names = MEASURES if runs[0].classes == 2 else MEASURES[:1]
    scores = {name: _score(name, runs, seconds) for name in names}
    found = {name: float(s(_ones(runs[0].subject))[0]) for name, s in scores.items() if s}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _less(one: Score, other: Score) -> Score:
    def less(weights: Array) -> Array:
        difference: Array = one(weights) - other(weights)
        return difference

    return less


def swaps(subjects: int, *, seed: int = 0) -> Signs:
    """(R, S) signs: all 2^S if there are few subjects, else random ones."""
    if subjects <= _ALL:
        bits = np.arange(2**subjects)[:, None] >> np.arange(subjects) & 1
        return np.asarray(1.0 - 2.0 * bits, np.float64)
    return np.random.default_rng(seed).choice([-1.0, 1.0], (SWAPS, subjects))


def swapped(parts: Array, difference: float, signs: Signs) -> float:
    """How often a swap of subjects gives a difference at least as large, either way; `parts` (S,)
    are what each subject adds to it."""
    far = np.abs(signs @ parts) >= abs(difference) - _ROUNDING
    if len(signs) == 2 ** len(parts):  # all there are: as it is, and all subjects swapped
        return float(max(far.mean(), 2.0 / len(signs)))
    return float((far.sum() + 1) / (len(signs) + 1))


def holm(values: Sequence[float]) -> list[float]:
    """p-values of several comparisons with one reference, adjusted (Holm 1979); NaN stays."""
    p = np.asarray(values, float)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    out = np.full(len(p), np.nan)
    out[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return [float(value) for value in out]


# ---- Scores, and what each clip adds to them -----------------------------------------------------
def _score(name: str, runs: Runs, seconds: Array) -> Score | None:
    """The mean score of a configuration, of weighted clips."""
    each = [_of_run(name, run, seconds) for run in runs]
    known = [score for score in each if score is not None]
    if not known:
        return None
    return lambda weights: np.asarray(np.mean([score(weights) for score in known], axis=0))


def _of_run(name: str, run: Predictions, seconds: Array) -> Score | None:
    if name == "balanced_accuracy":
        return of_confusion(run, metrics.balanced_accuracy)
    if name == "auc":
        return auc_within_folds(run)
    near = near_pairs(run, seconds, within=WITHIN[""])
    return share_in_order(run, near) if near.any() else None


def auc_within_folds(run: Predictions) -> Score:
    """The mean AUC over folds with both classes: probabilities of two networks are not compared."""
    folds = [run.fold == fold for fold in np.unique(run.fold)]
    said = run.probabilities[:, 1]

    def score(weights: Array) -> Array:
        each = [metrics.areas(run.label[rows] == 1, said[rows], weights[:, rows]) for rows in folds]
        known = np.isfinite(each)
        whole = np.where(known, each, 0.0).sum(axis=0)
        return np.asarray(metrics.ratio(whole, known.sum(axis=0) + 0.0))

    return score


def _influence(name: str, runs: Runs, seconds: Array) -> Array:
    """(n,): by how much a score moves if a clip weighs more, per weight of all (for AUC DeLong's
    structural components), less the score itself. The sum over the clips of a subject is what the
    subject adds."""
    return np.asarray(np.mean([_influence_of(name, run, seconds) for run in runs], axis=0))


def _influence_of(name: str, run: Predictions, seconds: Array) -> Array:
    if name == "balanced_accuracy":
        right = (run.predicted == run.label).astype(float)
        counts = np.bincount(run.label, minlength=2)
        return np.asarray(right / (np.count_nonzero(counts) * counts[run.label]))
    if name == "auc":
        parts, folds = np.zeros(len(run)), 0
        for fold in np.unique(run.fold):
            rows = np.flatnonzero(run.fold == fold)
            pairs = np.ones(tuple(np.bincount(run.label[rows], minlength=2)[::-1]), bool)
            if pairs.size:
                parts[rows] = _placements(run.only(rows), pairs)
                folds += 1
        return parts / max(folds, 1)
    return _placements(run, near_pairs(run, seconds, within=WITHIN[""]))


def _placements(run: Predictions, pairs: npt.NDArray[np.bool_]) -> Array:
    """(n,): what each clip adds to the share of `pairs` (S, P), a spontaneous clip with a posed
    one, in which the spontaneous one has the higher probability; each side less the mean."""
    spontaneous, said = run.label == 1, run.probabilities[:, 1]
    ours, theirs = said[spontaneous][:, None], said[~spontaneous]
    won = (ours > theirs) + 0.5 * (ours == theirs)
    share = (won * pairs).sum() / pairs.sum()
    over = np.where(pairs, won - share, 0.0) / pairs.sum()
    parts = np.zeros(len(run))
    for rows, axis in ((spontaneous, 1), (~spontaneous, 0)):
        count = len(np.unique(run.subject[rows]))
        # A variance has n − 1, for one degree of freedom is the mean's; a fold has few subjects.
        parts[rows] = over.sum(axis=axis) * np.sqrt(count / max(count - 1, 1))
    return parts


def _by_subject(parts: Array, subject: Names) -> Array:
    _, number = np.unique(subject, return_inverse=True)
    return np.asarray(np.bincount(number, weights=parts), np.float64)


def _ones(subject: Names) -> Array:
    return np.ones((1, len(subject)))


# ---- What papers report --------------------------------------------------------------------------
def descriptive(ours: Runs, reference: Runs, *, train: float) -> dict[str, float]:
    """p-values of usual tests, none of which knows that clips of a subject are alike but DeLong's
    as it is here: `mcnemar` (exact, pooled clips), `resampled_t` (Nadeau & Bengio 2003, folds),
    `delong` (within folds, variance over subjects), `naive_t` (paired, over folds, as published).
    `train` is the mean number of clips that a fold learns from."""
    label, fold = reference[0].label, reference[0].fold
    right, wrong = (_right(runs) for runs in (ours, reference))
    found = {"mcnemar": mcnemar(int((right & ~wrong).sum()), int((wrong & ~right).sum()))}
    names = np.unique(fold)
    differences = np.array(
        [_fold_score(ours, fold == name) - _fold_score(reference, fold == name) for name in names]
    )
    test = len(label) / len(names)
    if len(names) > 1 and np.isfinite(differences).all():
        found["resampled_t"] = t_test(differences, extra=test / train)
        found["naive_t"] = t_test(differences)
    if reference[0].classes > 2:
        return {name: rounded(p) for name, p in found.items()}
    nobody = np.full(len(label), np.nan)
    parts = _influence("auc", ours, nobody) - _influence("auc", reference, nobody)
    spread = np.sqrt(np.square(_by_subject(parts, reference[0].subject)).sum())
    gap = _difference("auc", ours, reference)
    found["delong"] = float(2.0 * stats.norm.sf(abs(gap) / spread)) if spread else 1.0
    return {name: rounded(p) for name, p in found.items()}


def _right(runs: Runs) -> npt.NDArray[np.bool_]:
    """(n,): whether the mean probabilities of a configuration give the right class."""
    said = np.mean([run.probabilities for run in runs], axis=0)
    told = said[:, 1] > 0.5 if said.shape[1] == 2 else said.argmax(axis=1)
    return np.asarray(told == runs[0].label)


def _difference(name: str, ours: Runs, reference: Runs) -> float:
    nobody = np.full(len(reference[0]), np.nan)
    ones = _ones(reference[0].subject)
    scores: list[Callable[[Array], Array] | None] = [
        _score(name, runs, nobody) for runs in (ours, reference)
    ]
    return float(np.subtract(*(score(ones)[0] for score in scores if score)))


def _fold_score(runs: Runs, rows: npt.NDArray[np.bool_]) -> float:
    """The mean balanced accuracy of a configuration in one fold."""
    parts = [run.only(rows) for run in runs]
    each = [of_confusion(part, metrics.balanced_accuracy)(_ones(part.subject)) for part in parts]
    return float(np.mean(each))


def mcnemar(only_one: int, only_other: int) -> float:
    """Exact, two-sided: of clips that one alone gets right, how unlikely so uneven a share is."""
    n, least = only_one + only_other, min(only_one, only_other)
    return min(1.0, 2.0 * float(sum(comb(n, k) for k in range(least + 1)) / 2**n))


def t_test(differences: Array, *, extra: float = 0.0) -> float:
    """Two-sided p of the mean of K differences with variance (1 / K + extra) s², K − 1 degrees of
    freedom; `extra` is test clips / training clips in the corrected resampled test."""
    count = len(differences)
    spread = np.sqrt((1.0 / count + extra) * differences.var(ddof=1))
    if spread == 0.0:
        return 1.0 if differences.mean() == 0.0 else 0.0
    return float(2.0 * stats.t.sf(abs(differences.mean()) / spread, count - 1))
