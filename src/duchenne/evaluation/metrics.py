"""Scores of confusion matrices, and the ROC curve.

A confusion matrix (…, C, C) has actual classes as rows and predicted ones as columns; scores have
the leading dimensions (…). Scores are means over the classes that occur, and NaN if undefined.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Classes = npt.NDArray[np.integer[Any]]
Array = npt.NDArray[np.float64]


def cells(label: Classes, predicted: Classes, *, classes: int) -> Array:
    """The confusion matrix of each clip alone, (n, C, C), to be summed over clips."""
    flat = np.eye(classes**2)[label * classes + predicted]
    return np.asarray(flat.reshape(-1, classes, classes))


def accuracy(confusion: Array) -> Array:
    """The share of clips that were classified correctly."""
    return ratio(_right(confusion).sum(-1), confusion.sum((-2, -1)))


def balanced_accuracy(confusion: Array) -> Array:
    """The mean recall over classes."""
    return _mean(ratio(_right(confusion), confusion.sum(-1)), confusion)


def f1(confusion: Array) -> Array:
    """F1 of class 1 with two classes, else the mean over classes (macro F1)."""
    each = ratio(2.0 * _right(confusion), confusion.sum(-1) + confusion.sum(-2))
    if confusion.shape[-1] == 2:
        both = _occurs(confusion).all(-1)
        return np.where(both, each[..., 1], np.nan)
    return _mean(each, confusion)


def mcc(confusion: Array) -> Array:
    """Matthews' correlation coefficient; for more than two classes that of Gorodkin (2004).

    It is undefined too if all clips were predicted to be of one class.
    """
    actual, predicted = confusion.sum(-1), confusion.sum(-2)
    clips = actual.sum(-1)
    agreement = _right(confusion).sum(-1) * clips - (actual * predicted).sum(-1)
    spread = (clips**2 - (actual**2).sum(-1)) * (clips**2 - (predicted**2).sum(-1))
    return ratio(agreement, np.sqrt(spread))


def _right(confusion: Array) -> Array:
    """The number of correct clips of each class, (…, C)."""
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _occurs(confusion: Array) -> npt.NDArray[np.bool_]:
    """Whether each class has any clips, (…, C)."""
    return np.asarray(confusion.sum(-1) > 0)


def _mean(each: Array, confusion: Array) -> Array:
    """The mean of `each` (…, C) over the classes that occur; NaN if these are fewer than two."""
    occurs = _occurs(confusion)
    number = occurs.sum(-1)
    total = np.where(occurs, each, 0.0).sum(-1)
    return np.where(number < 2, np.nan, total / np.maximum(number, 1))


def ratio(part: Array, whole: Array) -> Array:
    """part / whole, NaN where `whole` is 0."""
    undefined = np.full(np.shape(whole), np.nan)
    return np.asarray(np.divide(part, whole, out=undefined, where=whole > 0))


class Curve(NamedTuple):
    """A ROC curve: rates (p,) at falling thresholds (p,), from (0, 0) at infinity to (1, 1)."""

    false_positive: Array
    true_positive: Array
    threshold: Array


def curve(positive: npt.NDArray[np.bool_], scores: Array) -> Curve:
    """The ROC curve of `scores` (n,); `positive` (n,) has both values.

    A clip is predicted as positive if its score is at least the threshold. Equal scores give one
    point. Points in the middle of a straight line are left out.
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    last = np.flatnonzero(np.append(np.diff(falling) != 0, True))  # of those with equal scores
    true = np.cumsum(positive[order])[last]
    false = last + 1 - true
    turns = (np.diff(false, 2) != 0) | (np.diff(true, 2) != 0)
    kept = np.concatenate(([True], turns, [True]))[: len(last)]
    x, y = (np.append(0.0, counts[kept] / counts[-1]) for counts in (false, true))
    return Curve(x, y, np.append(np.inf, falling[last][kept]))


def areas(positive: npt.NDArray[np.bool_], scores: Array, weights: Array) -> Array:
    """(R,): the area under the ROC curve of clips with weights (R, n), NaN without both classes.

    It is the share of pairs of a positive and another clip in which the positive one has the higher
    `score` (n,); equal scores count one half. A pair weighs as much as the product of its clips.
    """
    order = np.argsort(scores, kind="stable")
    rising, own = scores[order], weights[:, order]
    first = np.flatnonzero(np.append(True, np.diff(rising) != 0))  # of those with equal scores
    true, false = (
        np.add.reduceat(own * kind[order], first, axis=1) for kind in (positive, ~positive)
    )
    lower = np.cumsum(false, axis=1) - false / 2.0
    return ratio((true * lower).sum(axis=1), true.sum(axis=1) * false.sum(axis=1))
