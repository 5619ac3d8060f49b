"""Probabilities from the decision values of machines that had not seen the clips.

Platt 1999, who softens the labels so that separable values need no infinite slope; for more classes
with one slope for all and an offset for each, as in temperature scaling (Guo et al. 2017; both from
memory). The slope is never negative: values that rank worse than chance, as unseen noise does, say
nothing, and do not turn a machine round.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from duchenne.nets.fitted.base import width
from duchenne.training.fitting.base import Array, Numbers
from duchenne.training.fitting.classes import wide


class Calibration(NamedTuple):
    slope: float
    offset: Array  # (S,) for decision values (C, S): S is 1 for two classes

    def scores(self, decisions: Array) -> Array:
        return np.asarray(self.slope * decisions + self.offset)

    def shown(self) -> dict[str, Any]:
        return {"slope": self.slope, "offset": self.offset.tolist()}


def none(present: int) -> Calibration:
    """For so many classes, where nobody can be held out: decision values are logits, which makes
    the margin 73 % sure."""
    return Calibration(1.0, np.zeros(width(present)))


def fit(decisions: Array, codes: Numbers, weight: Array) -> Calibration:
    """To decision values (C, S) of clips with class `codes` and `weight` (C,)."""
    soft = _soft(codes) * (weight / weight.sum())[:, None]

    def loss(given: Array) -> tuple[float, Array]:
        log_p = log_softmax(wide(given[0] * decisions + given[1:]), axis=1)
        pull = (np.exp(log_p) * soft.sum(axis=1, keepdims=True) - soft)[:, -decisions.shape[1] :]
        return -float((soft * log_p).sum()), np.append((pull * decisions).sum(), pull.sum(axis=0))

    start = np.zeros(1 + decisions.shape[1])
    bounds = [(0.0, None), *[(None, None)] * decisions.shape[1]]
    options = {"ftol": 1e-14, "gtol": 1e-9}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return Calibration(float(found[0]), found[1:])


def _soft(codes: Numbers) -> Array:
    """(C, K): what each label would be worth if one more clip of every class had come by."""
    counts = np.bincount(codes)
    total = (counts + len(counts))[codes, None]
    return np.asarray((np.eye(len(counts))[codes] * counts + 1.0) / total)
