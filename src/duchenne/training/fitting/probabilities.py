"""Class labels, weights of clips, and probabilities: calibrated, and how good they are.

A class that no training clip shows has no part in a fit.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from duchenne.nets.fitted import width
from duchenne.training.fitting.base import Array, Numbers

_SMALLEST = 1e-12  # a probability of 0 would make one clip's loss infinite


class Shown(NamedTuple):
    """The classes that clips show."""

    present: Numbers  # (K,) labels, increasing
    codes: Numbers  # (C,) the place of each clip's label among them


class Scored(NamedTuple):
    log_loss: float
    balanced_accuracy: float


def classes_shown(labels: Numbers) -> Shown:
    present, codes = np.unique(labels, return_inverse=True)
    return Shown(present.astype(np.int64), codes.astype(np.int64))


def clip_weights(codes: Numbers, *, balance: bool) -> Array:
    """(C,) of mean 1: the same for every clip, or such that all classes weigh the same."""
    if not balance:
        return np.ones(len(codes))
    counts = np.bincount(codes)
    return np.asarray(len(codes) / (len(counts) * counts[codes]))


def all_scores(scores: Array) -> Array:
    """(C, S) → (C, K): for two classes S is 1, the score of the second; that of the first is 0."""
    return np.pad(scores, ((0, 0), (1, 0))) if scores.shape[1] == 1 else scores


def softmax(scores: Array) -> Array:
    """Scores (C, S) → probabilities (C, K)."""
    return np.asarray(np.exp(log_softmax(all_scores(scores), axis=1)))


def score(probabilities: Array, codes: Numbers, *, balance: bool) -> Scored:
    """Log loss and balanced accuracy of (C, K); the loss weighs clips as the fit does."""
    own = np.maximum(probabilities[np.arange(len(codes)), codes], _SMALLEST)
    right = probabilities.argmax(axis=1) == codes
    return Scored(
        float(np.average(-np.log(own), weights=clip_weights(codes, balance=balance))),
        float(np.average(right, weights=clip_weights(codes, balance=True))),
    )


class Calibration(NamedTuple):
    """Decision values → scores, whose softmax are probabilities."""

    slope: float
    offset: Array  # (S,) for decision values (C, S): S is 1 for two classes

    def scores(self, decisions: Array) -> Array:
        return np.asarray(self.slope * decisions + self.offset)

    def shown(self) -> dict[str, Any]:
        return {"slope": self.slope, "offset": self.offset.tolist()}


def uncalibrated(present: int) -> Calibration:
    """Where nobody can be held out: decision values are taken as logits, so that a clip on the
    margin has a probability of 73 %."""
    return Calibration(1.0, np.zeros(width(present)))


def calibrate(decisions: Array, codes: Numbers, weight: Array) -> Calibration:
    """Fit to decision values (C, S) of machines that had not seen these clips.

    Platt scaling (Platt 1999), which softens the labels so that separable values need no infinite
    slope; for more classes one slope for all and an offset for each, as in temperature scaling (Guo
    et al. 2017; both from memory). The slope is never negative: values that rank worse than
    chance, as unseen noise does, say nothing, and do not turn a machine round. `weight` is (C,).
    """
    soft = _soft(codes) * (weight / weight.sum())[:, None]

    def loss(given: Array) -> tuple[float, Array]:
        log_p = log_softmax(all_scores(given[0] * decisions + given[1:]), axis=1)
        pull = (np.exp(log_p) * soft.sum(axis=1, keepdims=True) - soft)[:, -decisions.shape[1] :]
        return -float((soft * log_p).sum()), np.append((pull * decisions).sum(), pull.sum(axis=0))

    start = np.zeros(1 + decisions.shape[1])
    bounds = [(0.0, None), *[(None, None)] * decisions.shape[1]]
    options = {"ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return Calibration(float(found[0]), found[1:])


def _soft(codes: Numbers) -> Array:
    """(C, K): Platt's soft labels, as if one more clip of every class had been seen."""
    counts = np.bincount(codes)
    total = (counts + len(counts))[codes, None]
    return np.asarray((np.eye(len(counts))[codes] * counts + 1.0) / total)
