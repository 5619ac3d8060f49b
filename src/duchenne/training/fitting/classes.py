"""The classes that training clips show, what each clip weighs, and how good probabilities are.

A class that no clip shows has no say in a fit.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax

from duchenne.training.fitting.base import Array, Numbers

_SMALLEST = 1e-12  # a probability of 0 would make one clip's loss infinite


class Shown(NamedTuple):
    present: Numbers  # (K,) labels, increasing
    codes: Numbers  # (C,) the place of each clip's label among them


class Scored(NamedTuple):
    log_loss: float
    balanced_accuracy: float


def shown(labels: Numbers) -> Shown:
    present, codes = np.unique(labels, return_inverse=True)
    return Shown(present.astype(np.int64), codes.astype(np.int64))


def weights(codes: Numbers, *, balance: bool) -> Array:
    """(C,) of mean 1: the same for every clip, or such that all classes weigh the same."""
    if not balance:
        return np.ones(len(codes))
    counts = np.bincount(codes)
    return np.asarray(len(codes) / (len(counts) * counts[codes]))


def wide(scores: Array) -> Array:
    """(C, S) → (C, K): of two classes the second alone has a score, and the first has 0."""
    return np.pad(scores, ((0, 0), (1, 0))) if scores.shape[1] == 1 else scores


def probabilities(scores: Array) -> Array:
    """(C, S) → (C, K)."""
    return np.asarray(np.exp(log_softmax(wide(scores), axis=1)))


def score(probabilities: Array, codes: Numbers, *, balance: bool) -> Scored:
    """Of (C, K); `balance` as in the fit, which makes its loss small."""
    own = np.maximum(probabilities[np.arange(len(codes)), codes], _SMALLEST)
    right = probabilities.argmax(axis=1) == codes
    return Scored(
        float(np.average(-np.log(own), weights=weights(codes, balance=balance))),
        float(np.average(right, weights=weights(codes, balance=True))),
    )
